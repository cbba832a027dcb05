//! What the dialects' decisions have in common: texts, dates, and what became of each finding.

use super::members::{Members, shown};
use crate::domain::{Error, Fate, Instant, Outcome, Rejection, Uid};
use serde_json::{Value, json};

/// The longest remarks, in characters (CONTRACTS 4.4).
pub const REMARKS_CHARS: usize = 2000;

/// The most findings of a request that names them one by one (CONTRACTS 3.1 and 4.4).
pub const MOST_IDS: usize = 100;

const DAY_MS: i64 = 86_400_000;

/// A text of at most `most` characters that is not blank.
pub fn text<'a>(members: &Members<'a>, name: &str, most: usize) -> Result<Option<&'a str>, Error> {
    let text = members.text(name)?;
    match text.map(|text| text.chars().count()).filter(|count| *count > most) {
        Some(count) => {
            Err(Error::invalid(members.name(name), format!("has {count} characters, and may have {most} at most")))
        }
        None => Ok(text),
    }
}

/// A date `yyyy-mm-dd`, with the instant at which it is over in UTC: the first of the next day.
pub fn date(members: &Members<'_>, name: &str) -> Result<Option<(String, Instant)>, Error> {
    let Some(text) = members.any_text(name)? else { return Ok(None) };
    let wrong = || {
        let why = format!("is {}, and must be a date such as 2031-01-31", shown(text));
        Error::invalid(members.name(name), why)
    };
    let first = Instant::parse_loose(text).filter(|_| text.len() == 10).ok_or_else(wrong)?;
    let end = Some(first.plus(DAY_MS)).filter(|end| *end <= Instant::LAST).ok_or_else(wrong)?;
    Ok(Some((text.to_owned(), end)))
}

/// Refuses members that a request does not have: a date that is misspelt would make an acceptance that never ends.
pub fn check_members(members: &Members<'_>, known: &[&str]) -> Result<(), Error> {
    match members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => {
            let why = format!("is no member of this request; there are {}", known.join(", "));
            Err(Error::invalid(members.name(&shown(name)), why))
        }
    }
}

/// What became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The finding.
    pub uid: Uid,
    /// What became of it.
    pub fate: Fate,
}

impl Row {
    /// One of [`OUTCOMES`], and why it was left.
    pub fn word(&self) -> (&'static str, Option<&str>) {
        match &self.fate {
            Fate::Known(Outcome::Created | Outcome::Changed) => ("changed", None),
            Fate::Known(Outcome::Unchanged) => ("unchanged", None),
            Fate::Known(Outcome::Rejected(Rejection { message, .. })) => ("left", Some(message)),
            Fate::Unknown => ("unknown", None),
            Fate::NotDone => ("not_done", None),
        }
    }
}

/// Every word of [`Row::word`].
pub const OUTCOMES: [&str; 5] = ["changed", "unchanged", "left", "unknown", "not_done"];

/// How many rows there are, and how many of each outcome.
pub fn counts(rows: &[Row]) -> Value {
    let count = |word: &str| rows.iter().filter(|row| row.word().0 == word).count();
    let mut counts = json!({"total": rows.len()});
    if let Value::Object(counts) = &mut counts {
        counts.extend(OUTCOMES.iter().map(|word| ((*word).to_owned(), json!(count(word)))));
    }
    counts
}

/// The error of a decision that was stopped in the middle: the same request again does what is left, and tells what became
/// of those of which it is not known.
pub fn stopped(stopped: &Error, rows: &[Row]) -> Error {
    let count = |fate: &Fate| rows.iter().filter(|row| row.fate == *fate).count();
    let (left, unknown) = (count(&Fate::NotDone), count(&Fate::Unknown));
    let (why, retry_after) = match stopped {
        Error::Throttled { message, retry_after } => (message.clone(), *retry_after),
        Error::Internal(_) => ("internal error".to_owned(), 1),
        other => (other.to_string(), 1),
    };
    let message = format!(
        "of {} findings {left} were not come to, and of {unknown} it is not known whether they were ({why}); send the same \
         request again, with the same Idempotency-Key, to complete it",
        rows.len()
    );
    Error::Throttled { message, retry_after }
}

#[cfg(test)]
mod tests {
    use super::super::members::Members;
    use super::date;
    use crate::domain::json::Object;
    use serde_json::json;

    /// DESIGN §2: a date becomes 00:00:00Z of the next day.
    #[test]
    fn a_date_ends_with_its_day() {
        let read = |value: serde_json::Value| {
            let body = Object::from_iter([("review_date".to_owned(), value)]);
            date(&Members::root(&body), "review_date").map(|date| date.map(|(_, end)| end.to_string()))
        };
        assert_eq!(read(json!("2024-09-30")), Ok(Some("2024-10-01T00:00:00.000Z".to_owned())));
        assert_eq!(read(json!("2024-02-29")), Ok(Some("2024-03-01T00:00:00.000Z".to_owned())));
        assert_eq!(read(json!(null)), Ok(None));
        for wrong in [
            json!("2023-02-29"),
            json!("2024-9-30"),
            json!("2024-09-30T00:00:00Z"),
            json!(""),
            json!(20240930),
            json!("9999-12-31"),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
