//! Instants: milliseconds since 1970 in UTC, and the spellings that clients use for them.

use super::Error;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use std::fmt;

/// A point in time, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
pub struct Instant(pub i64);

impl Instant {
    /// The last instant that four-digit years can spell: 9999-12-31T23:59:59.999Z.
    pub const LAST: Self = Self(253_402_300_799_999);

    /// Parses the five forms that AWS documents for timestamps:
    /// `YYYY-MM-DDTHH:MM:SS`, a fraction of 1 to 9 digits or none, then `Z`, `±HH:MM` or `±HHMM` within ±18:00.
    /// Digits past the millisecond are cut. `None` for anything else.
    pub fn parse_aws(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| -> Option<u32> {
            let part = bytes.get(range)?;
            if !part.iter().all(u8::is_ascii_digit) {
                return None;
            }
            std::str::from_utf8(part).ok()?.parse().ok()
        };
        let is = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
        if !(is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && is(16, b':')) {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(i32::try_from(digits(0..4)?).ok()?, digits(5..7)?, digits(8..10)?)?;
        let time = date.and_hms_opt(digits(11..13)?, digits(14..16)?, digits(17..19)?)?;
        let mut at = 19;
        let mut millis = 0;
        if is(at, b'.') {
            let count = bytes.get(at + 1..)?.iter().take_while(|b| b.is_ascii_digit()).count();
            if !(1..=9).contains(&count) {
                return None;
            }
            for place in 0..3 {
                let digit = if place < count { digits(at + 1 + place..at + 2 + place)? } else { 0 };
                millis = millis * 10 + i64::from(digit);
            }
            at += 1 + count;
        }
        let offset = Self::offset_minutes(bytes.get(at..)?)?;
        Some(Self(time.and_utc().timestamp_millis() + millis - offset * 60_000))
    }

    /// Parses what people and most clients send: what [`Instant::parse_aws`] reads, the same without a zone or with a
    /// blank for the `T`, both as UTC, and a date alone, which is its first instant in UTC. A `+` before an offset may
    /// have become a blank on its way through a query string. `None` for anything else.
    pub fn parse_loose(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let rest = match rest.as_bytes().first() {
            None => return Self::parse_aws(&format!("{date}T00:00:00Z")),
            Some(b'T' | b't' | b' ') => rest.get(1..)?.replace(' ', "+"),
            Some(_) => return None,
        };
        // ISO 8601 also knows times without seconds, and offsets without minutes.
        let place = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
        let (time, zone) = rest.split_at_checked(place)?;
        let time = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
        let zone = match zone.len() {
            0 => "Z".to_owned(),
            1 if zone != "+" && zone != "-" => "Z".to_owned(),
            3 => format!("{zone}00"),
            _ => zone.to_owned(),
        };
        Self::parse_aws(&format!("{date}T{time}{zone}"))
    }

    fn offset_minutes(zone: &[u8]) -> Option<i64> {
        let sign = match zone {
            [b'Z'] => return Some(0),
            [b'+', ..] => 1,
            [b'-', ..] => -1,
            _ => return None,
        };
        let digits: Vec<i64> = match zone {
            [_, a, b, b':', c, d] | [_, a, b, c, d] if [a, b, c, d].iter().all(|x| x.is_ascii_digit()) => {
                [a, b, c, d].iter().map(|x| i64::from(**x - b'0')).collect()
            }
            _ => return None,
        };
        let [a, b, c, d] = *digits.as_slice() else { return None };
        let (hours, minutes) = (a * 10 + b, c * 10 + d);
        let total = hours * 60 + minutes;
        (minutes < 60 && total <= 18 * 60).then_some(sign * total)
    }

    /// Parses milliseconds since 1970, digits alone, up to [`Instant::LAST`]. `None` for anything else.
    pub fn parse_millis(text: &str) -> Option<Self> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok().map(Self)).flatten().filter(|at| *at <= Self::LAST)
    }

    /// As [`Instant::parse_aws`], with an [`Error::Invalid`] that names `field`.
    pub fn parse_field(field: &str, text: &str) -> Result<Self, Error> {
        Self::parse_aws(text).ok_or_else(|| {
            Error::invalid(
                field,
                "is not a timestamp; send for example 2024-01-04T15:25:10Z, 2024-01-04T15:25:10.123Z or 2024-01-04T15:25:10+01:00",
            )
        })
    }

    /// The instant `ms` milliseconds later (earlier when negative), within the range of `i64`.
    #[must_use]
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Seconds from here to there; 0 when that lies before it.
    pub fn seconds_until(self, later: Self) -> f64 {
        let seconds = later.0.saturating_sub(self.0).max(0) / 1000;
        f64::from(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    /// Milliseconds since 1970 as 15 digits, so that text order is time order. Instants before 1970 count as 0.
    pub fn key(self) -> String {
        format!("{:015}", self.0.max(0))
    }
}

impl fmt::Display for Instant {
    /// `YYYY-MM-DDTHH:MM:SS.mmmZ`, the form every AWS client reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_millis(self.0) {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Instant;

    #[test]
    fn the_five_documented_forms_are_read() {
        let cases = [
            ("2019-01-31T23:00:00Z", 1_548_975_600_000),
            ("2019-01-31T23:00:00.123456789Z", 1_548_975_600_123),
            ("2019-01-31T23:00:00.1Z", 1_548_975_600_100),
            ("2024-01-04T15:25:10+17:59", 1_704_317_170_000),
            ("2024-01-04T15:25:10-1759", 1_704_446_650_000),
            ("2024-01-04T15:25:10.123456789+17:59", 1_704_317_170_123),
            ("2024-01-04T15:25:10-18:00", 1_704_446_710_000),
        ];
        for (text, ms) in cases {
            assert_eq!(Instant::parse_aws(text), Some(Instant(ms)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "2019",
            "2019-01-31",
            "2019-01-31T23:00:00",
            "2019-01-31 23:00:00Z",
            "2019-02-30T00:00:00Z",
            "2019-01-31T24:00:00Z",
            "2019-01-31T23:00:00.Z",
            "2019-01-31T23:00:00.1234567890Z",
            "2019-01-31T23:00:00+18:01",
            "2019-01-31T23:00:00+0",
            "2019-01-31T23:00:00Zz",
            "+019-01-31T23:00:00Z",
            "2019-01-31T23:00:00+12:60",
            "２019-01-31T23:00:00Z",
            "1548975600",
        ] {
            assert_eq!(Instant::parse_aws(text), None, "{text}");
        }
    }

    /// CONTRACTS 4.1: naive and date-only times are UTC.
    #[test]
    fn loose_forms_are_utc() {
        let cases = [
            ("2019-01-31", Some(1_548_892_800_000)),
            ("2019-01-31T23:00:00", Some(1_548_975_600_000)),
            ("2019-01-31 23:00:00.5", Some(1_548_975_600_500)),
            ("2019-01-31T23:00:00.494040", Some(1_548_975_600_494)),
            ("2019-01-31T23:00:00z", Some(1_548_975_600_000)),
            ("2019-01-31T23:00:00+01:00", Some(1_548_972_000_000)),
            ("2019-01-31T23:00:00 01:00", Some(1_548_972_000_000)),
            ("2019-01-31T23:00Z", Some(1_548_975_600_000)),
            ("2019-01-31T23:00", Some(1_548_975_600_000)),
            ("2019-01-31T23:00:00+01", Some(1_548_972_000_000)),
            ("2019-01-31T23:00-0130", Some(1_548_981_000_000)),
            ("2019-01-31T", None),
            ("2019-01-31T23", None),
            ("2019-01-31T23:00+", None),
            ("2019-01-31T23:00:00Zx", None),
            ("2019-01-31X23:00:00", None),
            ("2019-02-30", None),
            ("2019-1-31", None),
            ("2019-01-3１", None),
            ("", None),
        ];
        for (text, ms) in cases {
            assert_eq!(Instant::parse_loose(text), ms.map(Instant), "{text}");
        }
    }

    #[test]
    fn printing_and_parsing_agree() {
        for ms in [0, 1, 999, 1_548_975_600_123, Instant::LAST.0] {
            assert_eq!(Instant::parse_aws(&Instant(ms).to_string()), Some(Instant(ms)));
        }
    }
}
