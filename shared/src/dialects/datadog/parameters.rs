//! Query parameters: which shape knows which, and their values (datadog-posture-management-findings, Query parameters;
//! CONTRACTS 3.1).
//!
//! GA refuses what it does not know and what comes twice without being repeatable; the beta passes over what it does
//! not know.

use super::super::as_of::{self, AS_OF};
use super::super::members::shown;
use super::filters::times;
use super::limits::{DEFAULT_LIMIT, MAX_LIMIT};
use super::shape::{Asked, Shape};
use crate::domain::{AsOf, Error, Instant};

/// Whose a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Both shapes know it.
    Both,
    /// Only the document.
    Beta,
    /// Only the official client.
    Ga,
}

/// A parameter: its name, whose it is, and whether GA lets it come more than once.
pub(super) struct Known(pub &'static str, pub Whose, pub bool);

/// The parameters of lists. In the beta a time's operator may also stand in the name; see [`times`].
pub(super) const LIST: &[Known] = &[
    Known("limit", Whose::Beta, false),
    Known("cursor", Whose::Beta, false),
    Known("page[limit]", Whose::Ga, false),
    Known("page[cursor]", Whose::Both, false),
    Known("snapshot_timestamp", Whose::Both, false),
    Known("as_of", Whose::Both, false),
    Known("detailed_findings", Whose::Ga, false),
    Known("filter[evaluation]", Whose::Both, false),
    Known("filter[evaluation_changed_at]", Whose::Both, false),
    Known("filter[muted]", Whose::Both, false),
    Known("filter[discovery_timestamp]", Whose::Both, false),
    Known("filter[resource_discovery_timestamp]", Whose::Beta, false),
    Known("filter[resource_discovery_date]", Whose::Beta, false),
    Known("filter[resource_type]", Whose::Both, false),
    Known("filter[rule_id]", Whose::Both, false),
    Known("filter[rule_name]", Whose::Both, false),
    Known("filter[status]", Whose::Both, false),
    Known("filter[tags]", Whose::Both, true),
    Known("filter[tag]", Whose::Beta, false),
    Known("filter[@resource_id]", Whose::Ga, false),
    Known("filter[vulnerability_type]", Whose::Ga, true),
];

/// The parameters of a single finding.
pub(super) const GET: &[Known] = &[Known("snapshot_timestamp", Whose::Both, false), Known("as_of", Whose::Both, false)];

fn whose(name: &str) -> Option<Whose> {
    LIST.iter().find(|known| known.0 == name).map(|known| known.1)
}

/// Whether the official client alone sends it.
pub(super) fn is_ga_only(name: &str) -> bool {
    whose(name) == Some(Whose::Ga)
}

/// Whether the document alone knows it.
pub(super) fn is_beta_only(name: &str) -> bool {
    whose(name) == Some(Whose::Beta) || whose(name).is_none() && times::is_key_form(name)
}

/// The parameters of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters<'a>(&'a [(String, String)]);

impl<'a> Parameters<'a> {
    /// Those of a list, once the shape has nothing against them.
    pub fn of_list(asked: &Asked<'a>) -> Result<Self, Error> {
        Self::of(asked, LIST)
    }

    /// Those of a single finding.
    pub fn of_get(asked: &Asked<'a>) -> Result<Self, Error> {
        Self::of(asked, GET)
    }

    fn of(asked: &Asked<'a>, known: &[Known]) -> Result<Self, Error> {
        if asked.shape() == Shape::Ga {
            for (place, (name, _)) in asked.query.iter().enumerate() {
                let own = known.iter().find(|known| known.0 == name && known.1 != Whose::Beta);
                let Some(Known(own, _, repeats)) = own else {
                    return Err(Error::invalid(shown(name), "is no parameter of this request"));
                };
                if !repeats && asked.query.iter().take(place).any(|(before, _)| before == name) {
                    return Err(Error::invalid(*own, "is sent more than once"));
                }
            }
        }
        Ok(Self(asked.query))
    }

    /// Every pair, as it came.
    pub fn pairs(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values of a name.
    pub fn values(self, name: &'static str) -> impl Iterator<Item = &'a str> {
        self.pairs().filter(move |(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The one value of the first of these names that is there; [`Error::Invalid`] when there are two.
    fn one(self, names: &[&'static str]) -> Result<Option<(&'static str, &'a str)>, Error> {
        let mut found = None;
        for name in names {
            for value in self.values(name) {
                if found.replace((*name, value)).is_some() {
                    return Err(Error::invalid(*name, "is sent more than once"));
                }
            }
        }
        Ok(found)
    }

    /// Rows of a page.
    pub fn limit(self) -> Result<u32, Error> {
        let Some((name, text)) = self.one(&["limit", "page[limit]"])? else { return Ok(DEFAULT_LIMIT) };
        let number = digits(text).and_then(|number| u32::try_from(number).ok());
        number.filter(|number| (1..=MAX_LIMIT).contains(number)).ok_or_else(|| {
            Error::invalid(name, format!("is {}, and must be a whole number from 1 to {MAX_LIMIT}", shown(text)))
        })
    }

    /// The cursor, if it is not blank, and the name under which it came.
    pub fn cursor(self) -> Result<(&'static str, Option<&'a str>), Error> {
        let (name, text) = self.one(&["page[cursor]", "cursor"])?.unwrap_or(("page[cursor]", ""));
        Ok((name, Some(text.trim()).filter(|text| !text.is_empty())))
    }

    /// True or false.
    pub fn boolean(self, name: &'static str, text: &str) -> Result<bool, Error> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(Error::invalid(name, format!("is {}, and must be true or false", shown(other)))),
        }
    }

    /// Whether a list shows more of each finding.
    pub fn detailed(self) -> Result<bool, Error> {
        let name = "detailed_findings";
        self.values(name).next().map_or(Ok(false), |text| self.boolean(name, text))
    }

    /// The state that is asked for, if it is not the newest, and the parameter that says so.
    pub fn as_of(self) -> Result<(&'static str, Option<AsOf>), Error> {
        let snapshot = self.one(&["snapshot_timestamp"])?.map(|(_, text)| snapshot_of(text)).transpose()?;
        match (snapshot, as_of::parse(self.0)?) {
            (Some(_), Some(_)) => Err(Error::invalid(AS_OF, "says the same as snapshot_timestamp: send one of them")),
            (Some(snapshot), None) => Ok(("snapshot_timestamp", Some(snapshot))),
            (None, as_of) => Ok((AS_OF, as_of)),
        }
    }
}

fn snapshot_of(text: &str) -> Result<AsOf, Error> {
    let at = digits(text).map(Instant).filter(|at| (Instant(1)..=Instant::LAST).contains(at));
    at.map(|at| AsOf { at, seq: None }).ok_or_else(|| {
        let why = format!("is {}, and must be milliseconds since 1970, as 1676974639331", shown(text));
        Error::invalid("snapshot_timestamp", why)
    })
}

/// A whole number without a sign, white space around it passed over.
pub(super) fn digits(text: &str) -> Option<i64> {
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
