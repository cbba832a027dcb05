//! A place in a tenant's log, as streams and feeds name it.

use super::{AsOf, Error, Instant};
use std::fmt;

/// Behind a commit, or behind one of its changes: `<committed_at ms>-<seq>`, or `<committed_at ms>-<seq>-<n>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// The commit's instant.
    pub at: Instant,
    /// The commit's number, from 1 on; 0 before the first.
    pub seq: u64,
    /// How many of its changes lie before this place; `None` for all.
    pub nth: Option<u32>,
}

impl Position {
    /// Before every commit.
    pub const START: Self = Self { at: Instant(0), seq: 0, nth: None };

    /// Behind a whole commit.
    pub fn behind(at: Instant, seq: u64) -> Self {
        Self { at, seq, nth: None }
    }

    /// Whether a change of a commit, counted from 1, lies behind this place.
    pub fn precedes(&self, at: Instant, nth: u32) -> bool {
        at > self.at || (at == self.at && self.nth.is_some_and(|told| nth > told))
    }

    /// Reads what [`fmt::Display`] writes. [`Error::Invalid`] names `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self, Error> {
        read(text).ok_or_else(|| Error::invalid(field, "is no place in the log: send one that an earlier answer gave"))
    }
}

/// Where to begin or to go on, as clients name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind a place that an answer named.
    Behind(Position),
    /// With what happened after a state that an answer named.
    After(AsOf),
}

impl Place {
    /// Reads either. [`Error::Invalid`] names `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self, Error> {
        match text.contains('~') {
            true => AsOf::parse(field, text).map(Self::After),
            false => Position::parse(field, text).map(Self::Behind),
        }
    }
}

fn read(text: &str) -> Option<Position> {
    let mut parts = text.split('-').map(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then_some(part));
    let at = Instant::parse_millis(parts.next()??)?;
    let seq: u64 = parts.next()??.parse().ok()?;
    let nth = parts.next().map(|part| part?.parse::<u32>().ok()).map_or(Some(None), |nth| nth.map(Some))?;
    let is_somewhere = seq > 0 || (at == Instant(0) && nth.is_none());
    (parts.next().is_none() && is_somewhere).then_some(Position { at, seq, nth })
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at: Instant(at), seq, nth } = self;
        match nth {
            Some(nth) => write!(f, "{at}-{seq}-{nth}"),
            None => write!(f, "{at}-{seq}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Position;
    use crate::domain::Instant;

    #[test]
    fn what_is_written_is_read() {
        for text in ["0-0", "1710577800123-17", "1710577800123-17-3", "1-1-0"] {
            assert_eq!(Position::parse("cursor", text).map(|place| place.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for text in [
            "",
            "-",
            "1",
            "1-",
            "-1",
            "1-+2",
            "1-2-",
            "1-2-3-4",
            "1-0",
            "0-0-1",
            "x-1",
            "253402300800000-1",
            "1-1-99999999999",
        ] {
            let refused = Position::parse("cursor", text);
            assert!(refused.is_err_and(|error| error.to_string().starts_with("cursor: ")), "{text}");
        }
    }

    #[test]
    fn places_lie_behind_one_another() {
        let place = |nth| Position { at: Instant(5), seq: 2, nth };
        assert!(place(None).precedes(Instant(6), 1) && !place(None).precedes(Instant(5), 9));
        assert!(place(Some(2)).precedes(Instant(5), 3) && !place(Some(2)).precedes(Instant(5), 2));
        assert!(!place(Some(2)).precedes(Instant(4), 3) && Position::START.precedes(Instant(1), 1));
    }
}
