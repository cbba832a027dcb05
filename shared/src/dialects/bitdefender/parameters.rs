//! Query parameters: what a request has, read once into one spelling, and written back into links.
//!
//! The spelling is the vendor's own (CONTRACTS 4.2): dates naive and to the second, lists as sets, encoded as a form.
//! Values of an enumeration come in its order, others in that of their letters.

use super::super::members::{known_only, shown};
use crate::domain::{AsOf, Error, Instant, Uid};
use chrono::DateTime;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A parameter of a request.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words.
    Words(&'static [&'static str]),
    /// UUIDs.
    Uids,
    /// Texts that hold no comma.
    Texts,
    /// Types of resources. They hold blanks and no plus signs, so that it does not matter who decodes one of those.
    Types,
    /// An instant in ISO 8601; without a zone it is UTC, and a date is its first instant.
    Instant,
    /// A state of the ledger.
    State,
    /// Rows of a page.
    Limit,
    /// A cursor.
    Cursor,
}

/// A parameter.
pub const fn parameter(name: &'static str, takes: Takes) -> Parameter {
    Parameter { name, takes }
}

/// The state of the ledger that is asked for; on every request.
pub const AS_OF: Parameter = parameter("as_of", Takes::State);
/// Rows of a page.
pub const PAGE_LIMIT: Parameter = parameter("page_limit", Takes::Limit);
/// The page.
pub const PAGE_CURSOR: Parameter = parameter("page_cursor", Takes::Cursor);

/// Results that can be asked for.
pub const RESULTS: &[&str] = &["pass", "fail"];
/// Severities that can be asked for.
pub const SEVERITIES: &[&str] = &["informational", "low", "medium", "high", "critical"];
/// Statuses that can be asked for.
pub const STATUSES: &[&str] = &["open", "remediated", "risk_accepted", "false_positive", "needs_review"];

/// The parameters that a client sent, in their one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values(BTreeMap<&'static str, Vec<String>>);

impl Values {
    /// Reads decoded pairs; [`Error::Invalid`] names the parameter at fault.
    pub fn parse(known: &'static [Parameter], pairs: &[(String, String)]) -> Result<Self, Error> {
        known_only(pairs, known.iter().map(|parameter| parameter.name), "this request")?;
        let mut sent: BTreeMap<&'static str, (Takes, Vec<Cow<'_, str>>)> = BTreeMap::new();
        for (name, value) in pairs {
            let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else { continue };
            let (_, values) = sent.entry(parameter.name).or_insert_with(|| (parameter.takes, Vec::new()));
            match parameter.takes {
                Takes::Words(_) | Takes::Uids | Takes::Texts => {
                    values.extend(value.split(',').map(|value| Cow::Borrowed(value.trim())));
                }
                // A plus sign is a blank before the blanks around a value are taken off: what is read must read the same in a link.
                Takes::Types => {
                    values.extend(value.split(',').map(|value| Cow::Owned(value.replace('+', " ").trim().to_owned())));
                }
                // Blanks inside may have been a plus sign.
                Takes::Word(_) | Takes::Instant | Takes::State | Takes::Limit | Takes::Cursor => {
                    values.push(Cow::Borrowed(value.trim()));
                }
            }
        }
        let mut read = BTreeMap::new();
        for (name, (takes, mut values)) in sent {
            values.retain(|value| !value.is_empty());
            if !values.is_empty() {
                let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
                read.insert(name, canonical(name, takes, &values)?);
            }
        }
        Ok(Self(read))
    }

    /// The values of a parameter; none when it was not sent.
    pub fn list(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value of a parameter that takes one.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.list(name).first().map(String::as_str)
    }

    /// The uids of a parameter; `None` when it was not sent.
    pub fn uids(&self, name: &str) -> Option<BTreeSet<Uid>> {
        let values = self.0.get(name)?;
        Some(values.iter().filter_map(|value| Uid::parse(value)).collect())
    }

    /// The instant of a parameter.
    pub fn instant(&self, name: &str) -> Option<Instant> {
        self.one(name).and_then(Instant::parse_loose)
    }

    /// The state of the ledger that was asked for.
    pub fn as_of(&self) -> Option<AsOf> {
        self.one(AS_OF.name).and_then(|text| AsOf::parse(AS_OF.name, text).ok())
    }

    /// Rows of a page.
    pub fn limit(&self) -> Option<usize> {
        self.one(PAGE_LIMIT.name).and_then(|text| text.parse().ok())
    }

    /// Sets the value of a parameter that takes one.
    pub fn set(&mut self, name: &'static str, value: String) {
        self.0.insert(name, vec![value]);
    }

    /// What selects rows, without what only selects the page.
    #[must_use]
    pub fn selecting(&self) -> Self {
        let mut selecting = self.clone();
        selecting.0.remove(PAGE_LIMIT.name);
        selecting.0.remove(PAGE_CURSOR.name);
        selecting
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The query of a link: every value, in the order of `known`.
    pub fn encoded(&self, known: &'static [Parameter]) -> String {
        let sent = known.iter().filter_map(|parameter| Some((parameter, self.0.get(parameter.name)?)));
        let pairs = sent.map(|(parameter, values)| {
            let values = values.join(",");
            let values = if parameter.takes == Takes::Types { form_encoded(&values) } else { path_encoded(&values) };
            format!("{}={values}", parameter.name)
        });
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// Reads back what [`Values::encoded`] wrote.
pub fn decoded(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let parts = query.split('&').filter_map(|part| part.split_once('='));
    parts.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

/// A text as HTML forms encode it, and as the vendor's links have types of resources: everything but letters, digits and `-._~` by its
/// number, and `+` for a blank.
pub fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => encoded.push_str(percent_encoding::percent_encode_byte(byte)),
        }
    }
    encoded
}

/// A text as one segment of a path.
pub fn path_encoded(text: &str) -> String {
    form_encoded(text).replace('+', "%20")
}

/// `2026-03-24T16:00:00`, and fractions only where there are some.
pub fn naive(at: Instant) -> String {
    let format = if at.0.rem_euclid(1000) == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%.6f" };
    written(at, format)
}

/// `2024-01-14T06:47:15.494040`.
pub fn naive_exact(at: Instant) -> String {
    written(at, "%Y-%m-%dT%H:%M:%S%.6f")
}

/// `2023-12-31T17:08:45+00:00`.
pub fn zoned(at: Instant) -> String {
    written(at, "%Y-%m-%dT%H:%M:%S+00:00")
}

fn written(at: Instant, format: &str) -> String {
    DateTime::from_timestamp_millis(at.0).map_or_else(|| at.to_string(), |time| time.format(format).to_string())
}

fn canonical(name: &str, takes: Takes, values: &[&str]) -> Result<Vec<String>, Error> {
    let one = || match values {
        [value] => Ok(*value),
        _ => Err(Error::invalid(name, "is given more than once")),
    };
    match takes {
        Takes::Word(words) => Ok(vec![(*word(name, words, one()?)?).to_owned()]),
        Takes::Words(words) => {
            let asked = values.iter().map(|value| word(name, words, value)).collect::<Result<BTreeSet<_>, _>>()?;
            Ok(words.iter().filter(|word| asked.contains(*word)).map(|word| (*word).to_owned()).collect())
        }
        Takes::Uids => {
            let uid = |text: &&str| {
                let why = || format!("must be UUIDs, and {} is none", shown(text));
                Uid::parse(text).map(|uid| uid.to_string()).ok_or_else(|| Error::invalid(name, why()))
            };
            Ok(values.iter().map(uid).collect::<Result<BTreeSet<_>, _>>()?.into_iter().collect())
        }
        Takes::Texts | Takes::Types => {
            let texts: BTreeSet<&str> = values.iter().copied().collect();
            Ok(texts.into_iter().map(str::to_owned).collect())
        }
        Takes::Instant => {
            let why = "is no instant: send for example 2026-03-24, 2026-03-24T16:00:00 or 2026-03-24T16:00:00.000Z";
            // An offset may lead out of the years that can be written.
            let at = Instant::parse_loose(one()?).filter(|at| Instant::parse_loose(&naive(*at)) == Some(*at));
            Ok(vec![naive(at.ok_or_else(|| Error::invalid(name, why))?)])
        }
        Takes::State => {
            let state = AsOf::parse(name, one()?)?.to_string();
            AsOf::parse(name, &state)?;
            Ok(vec![state])
        }
        Takes::Limit => {
            let most = super::limits::MOST_ROWS;
            let limit = one()?.parse::<usize>().ok().filter(|limit| (1..=most).contains(limit));
            let why = || Error::invalid(name, format!("must be a whole number from 1 to {most}"));
            Ok(vec![limit.ok_or_else(why)?.to_string()])
        }
        Takes::Cursor => Ok(vec![one()?.to_owned()]),
    }
}

fn word<'a>(name: &str, words: &'a [&'a str], value: &str) -> Result<&'a &'a str, Error> {
    words.iter().find(|word| word.eq_ignore_ascii_case(value)).ok_or_else(|| {
        Error::invalid(name, format!("has no value {}; possible values: {}", shown(value), words.join(", ")))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]
mod tests {
    use super::{PAGE_LIMIT, Parameter, Takes, Values, decoded, form_encoded, naive, naive_exact, parameter, zoned};
    use crate::domain::{Error, Instant};

    const KNOWN: &[Parameter] = &[
        parameter("severities", Takes::Words(super::SEVERITIES)),
        parameter("type", Takes::Word(&["new", "resolved"])),
        parameter("rules", Takes::Uids),
        PAGE_LIMIT,
        parameter("resource_types", Takes::Types),
        parameter("from_date", Takes::Instant),
        super::AS_OF,
    ];

    fn parse(pairs: &[(&str, &str)]) -> Result<Values, Error> {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Values::parse(KNOWN, &pairs)
    }

    /// CONTRACTS 4.2: naive re-rendered dates, list values as a set; the samples' links of both documents.
    #[test]
    fn values_are_written_as_the_vendor_writes_them() {
        let uid = "DA7ADA11-db7c-40e2-ab06-8b3f37d52b93";
        let cases: &[(&[(&str, &str)], &str)] = &[
            (&[("severities", "critical,high")], "severities=high%2Ccritical"),
            (&[("severities", "high"), ("severities", " critical, high,")], "severities=high%2Ccritical"),
            (&[("resource_types", "Configuration Recorder")], "resource_types=Configuration+Recorder"),
            (&[("resource_types", "Configuration+Recorder")], "resource_types=Configuration+Recorder"),
            (&[("resource_types", "+Configuration Recorder+, +")], "resource_types=Configuration+Recorder"),
            (&[("resource_types", "+")], ""),
            (&[("from_date", "2026-03-24T16:00:00.000Z")], "from_date=2026-03-24T16%3A00%3A00"),
            (&[("from_date", "2026-04-10")], "from_date=2026-04-10T00%3A00%3A00"),
            (&[("from_date", "2026-04-10T02:00:00+02:00")], "from_date=2026-04-10T00%3A00%3A00"),
            (&[("from_date", "2026-04-10T00:00:00.25")], "from_date=2026-04-10T00%3A00%3A00.250000"),
            (&[("rules", uid)], "rules=da7ada11-db7c-40e2-ab06-8b3f37d52b93"),
            (&[("severities", ""), ("rules", ","), ("type", "")], ""),
            (&[("page_limit", "007"), ("type", "NEW")], "type=new&page_limit=7"),
            (&[("as_of", "2024-01-04T15:25:10Z~7")], "as_of=2024-01-04T15%3A25%3A10.000Z~7"),
        ];
        for (pairs, encoded) in cases {
            let values = parse(pairs).unwrap();
            assert_eq!(values.encoded(KNOWN), *encoded, "{pairs:?}");
            assert_eq!(Values::parse(KNOWN, &decoded(encoded)).unwrap(), values, "{pairs:?} read back");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases: &[(&[(&str, &str)], &str)] = &[
            (&[("severities", "urgent")], "severities"),
            (&[("severities", "high,urgent")], "severities"),
            (&[("type", "fixed")], "type"),
            (&[("type", "new"), ("type", "resolved")], "type"),
            (&[("rules", "open-port")], "rules"),
            (&[("page_limit", "0")], "page_limit"),
            (&[("page_limit", "1001")], "page_limit"),
            (&[("page_limit", "-1")], "page_limit"),
            (&[("page_limit", "1.5")], "page_limit"),
            (&[("page_limit", "99999999999999999999999")], "page_limit"),
            (&[("from_date", "yesterday")], "from_date"),
            (&[("as_of", "yesterday")], "as_of"),
            (&[("as_of", "0000-01-01T00:00:00+18:00")], "as_of"),
            (&[("from_date", "0000-01-01T00:00:00+18:00")], "from_date"),
            (&[("severity", "high")], "severity"),
            (&[("", "")], ""),
        ];
        for (pairs, wanted) in cases {
            match parse(pairs) {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, *wanted, "{pairs:?}"),
                other => panic!("{pairs:?} gave {other:?}"),
            }
        }
    }

    #[test]
    fn texts_are_encoded_as_forms_are() {
        assert_eq!(form_encoded("a b/ü,=:+~-._"), "a+b%2F%C3%BC%2C%3D%3A%2B~-._");
        assert_eq!(super::path_encoded("arn:aws:s3:::a b"), "arn%3Aaws%3As3%3A%3A%3Aa%20b");
    }

    /// CONTRACTS 4.1, 4.2 and the samples.
    #[test]
    fn instants_have_three_forms() {
        let at = Instant(1_705_214_835_494);
        assert_eq!(naive_exact(at), "2024-01-14T06:47:15.494000");
        assert_eq!(zoned(at), "2024-01-14T06:47:15+00:00");
        assert_eq!(naive(Instant(1_705_214_835_000)), "2024-01-14T06:47:15");
        assert!(!naive(Instant(i64::MAX)).is_empty());
    }
}
