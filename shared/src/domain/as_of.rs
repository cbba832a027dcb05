//! A state of the ledger as clients name it: an instant, and the newest commit in it once an answer has told which.

use super::{Error, Instant};
use std::fmt;

/// How far ahead of our clock a client's may be: 5 minutes.
pub const AHEAD_MS: i64 = 5 * 60_000;

/// `<instant>` or `<instant>~<seq>`. Every answer names its own in the second form; sent back, it repeats exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// The clock for expiries, and without `seq` the bound of the log.
    pub at: Instant,
    /// The newest commit.
    pub seq: Option<u64>,
}

impl AsOf {
    /// Reads either form. [`Error::Invalid`] names `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self, Error> {
        let (at, seq) = match text.split_once('~') {
            Some((at, seq)) => (at, Some(seq)),
            None => (text, None),
        };
        let read = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?;
        match (Instant::parse_loose(at), seq.map(read)) {
            (Some(at), None) => Ok(Self { at, seq: None }),
            (Some(at), Some(Some(seq))) => Ok(Self { at, seq: Some(seq) }),
            _ => Err(Error::invalid(
                field,
                "is no instant: send for example 2024-01-04T15:25:10Z, or the as_of that an answer gave",
            )),
        }
    }

    /// [`Error::Invalid`] for `field` when the instant lies more than [`AHEAD_MS`] ahead.
    pub fn check(self, field: &str, now: Instant) -> Result<Self, Error> {
        if self.at > now.plus(AHEAD_MS) {
            return Err(Error::invalid(field, "lies in the future: answers exist for now and for past instants"));
        }
        Ok(self)
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seq {
            Some(seq) => write!(f, "{}~{seq}", self.at),
            None => write!(f, "{}", self.at),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::{AHEAD_MS, AsOf};
    use crate::domain::Instant;

    #[test]
    fn both_forms_are_read_and_printed() {
        for text in ["2024-01-04T15:25:10.123Z", "2024-01-04T15:25:10.123Z~0", "2024-01-04T15:25:10.000Z~42"] {
            assert_eq!(AsOf::parse("as_of", text).unwrap().to_string(), text);
        }
        assert_eq!(AsOf::parse("as_of", "2024-01-04").unwrap().to_string(), "2024-01-04T00:00:00.000Z");
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for text in [
            "",
            "~",
            "~1",
            "2024-01-04T15:25:10Z~",
            "2024-01-04T15:25:10Z~x",
            "2024-01-04T15:25:10Z~+1",
            "2024-01-04T15:25:10Z~99999999999999999999999",
            "yesterday",
        ] {
            assert!(AsOf::parse("as_of", text).unwrap_err().to_string().starts_with("as_of: "), "{text}");
        }
    }

    #[test]
    fn the_future_is_refused_beyond_what_clocks_differ() {
        let now = Instant(1_700_000_000_000);
        let at = |ms| AsOf { at: now.plus(ms), seq: None }.check("as_of", now);
        assert!(at(0).is_ok() && at(AHEAD_MS).is_ok() && at(AHEAD_MS + 1).is_err());
    }
}
