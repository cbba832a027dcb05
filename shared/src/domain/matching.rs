//! How one text is compared with what a filter asks for.

use super::framework::Control;
use super::resource_type::ResourceType;
use super::{MappingQuery, Named, Uid, Uids};
use std::collections::BTreeSet;

/// How one text is compared. Case matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// The same text.
    Equals(String),
    /// It starts so.
    Prefix(String),
    /// It holds this somewhere.
    Contains(String),
    /// It holds this somewhere, whatever the case of letters.
    ContainsFolded(Folded),
    /// It consists of these pieces in this order, with anything or nothing between them.
    Wildcard(Vec<String>),
    /// It is this type of resource, in any spelling.
    OfType(ResourceType),
    /// What it names has one of these uids.
    Named {
        /// How the tenant's uids are made; `None` until [`Filter::resolve`](super::query::Filter::resolve), and nothing matches before.
        uids: Option<Uids>,
        /// What kind of thing it names.
        kind: Named,
        /// The uids.
        among: BTreeSet<Uid>,
    },
    /// A control (see [`Control::to_text`]) that is asked for.
    Control(MappingQuery),
    /// A control (see [`Control::to_text`]) that is spelled so in some way, its enhancements apart.
    Spelled(String),
    /// A type of resource, however it is spelled.
    ResourceType(ResourceType),
    /// What a dialect shows for it matches.
    Shown {
        /// How it is shown.
        shown: &'static Showing,
        /// How that is compared.
        by: Box<Match>,
    },
    /// A pair (see [`super::column::pair`]) with this key whose value holds this somewhere.
    PairContains {
        /// The whole key.
        key: String,
        /// Part of the value.
        value: String,
    },
    /// An IP address within this network.
    Network {
        /// The network's address.
        address: std::net::IpAddr,
        /// How many leading bits count.
        bits: u8,
    },
}

/// A text in lower case, for comparisons that pass over case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded(String);

/// How a dialect shows a text.
#[derive(Debug)]
pub struct Showing {
    /// What that is called; no two are called the same.
    pub name: &'static str,
    /// What is shown for a text.
    pub of: fn(&str) -> String,
}

impl PartialEq for Showing {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Showing {}

impl Folded {
    /// The text in lower case.
    pub fn new(text: &str) -> Self {
        Self(text.to_lowercase())
    }
}

impl Match {
    /// The mappings that it asks for, if that is what it asks for.
    pub fn mapping(&self) -> Option<&MappingQuery> {
        if let Self::Control(query) = self { Some(query) } else { None }
    }

    /// Whether a text matches.
    pub fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Equals(wanted) => text == wanted,
            Self::Prefix(wanted) => text.starts_with(wanted.as_str()),
            Self::Contains(wanted) => text.contains(wanted.as_str()),
            Self::ContainsFolded(part) => text.to_lowercase().contains(&part.0),
            Self::Wildcard(pieces) => matches_wildcard(pieces, text),
            Self::OfType(wanted) => ResourceType::parse(text) == *wanted,
            Self::Named { uids, kind, among } => {
                uids.as_ref().is_some_and(|uids| among.contains(&uids.named(*kind, text)))
            }
            Self::Control(query) => Control::from_text(text).is_some_and(|control| query.accepts(&control)),
            Self::Spelled(wanted) => Control::from_text(text).is_some_and(|control| control.is_spelled(wanted)),
            Self::ResourceType(wanted) => ResourceType::parse(text) == *wanted,
            Self::Shown { shown, by } => by.accepts(&(shown.of)(text)),
            Self::PairContains { key, value } => {
                text.split_once('\u{1f}').is_some_and(|(k, v)| k == key && v.contains(value.as_str()))
            }
            Self::Network { address, bits } => within(text, *address, *bits),
        }
    }
}

/// Whether a text is the pieces with anything between them. Leftmost matches of the inner pieces leave most room.
fn matches_wildcard(pieces: &[String], text: &str) -> bool {
    let (Some((first, rest)), Some(last)) = (pieces.split_first(), pieces.last()) else { return false };
    if rest.is_empty() {
        return text == first;
    }
    let Some(mut left) = text.strip_prefix(first.as_str()).and_then(|left| left.strip_suffix(last.as_str())) else {
        return false;
    };
    for piece in rest.iter().take(rest.len() - 1) {
        match left.find(piece.as_str()).and_then(|at| left.get(at + piece.len()..)) {
            Some(after) => left = after,
            None => return false,
        }
    }
    true
}

fn within(text: &str, network: std::net::IpAddr, bits: u8) -> bool {
    use std::net::IpAddr;
    // An address may itself be written with a prefix length, which is then ignored.
    let bare = text.split('/').next().unwrap_or_default();
    let shifted = |value: u128, width: u32| {
        let drop = width.saturating_sub(u32::from(bits));
        value.checked_shr(drop).unwrap_or(0)
    };
    match (bare.parse(), network) {
        (Ok(IpAddr::V4(a)), IpAddr::V4(b)) => {
            shifted(u128::from(u32::from(a)), 32) == shifted(u128::from(u32::from(b)), 32)
        }
        (Ok(IpAddr::V6(a)), IpAddr::V6(b)) => shifted(u128::from(a), 128) == shifted(u128::from(b), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Folded, Match};

    #[test]
    fn wildcards_stand_for_anything_or_nothing() {
        let cases: &[(&str, &str, bool)] = &[
            ("aws*", "aws_s3_bucket", true),
            ("aws*", "gcp_aws", false),
            ("*bucket", "aws_s3_bucket", true),
            ("*s3*", "aws_s3_bucket", true),
            ("a*s*t", "aws_s3_bucket", true),
            ("a*t*s*t", "aws_s3_bucket", false),
            ("*", "", true),
            ("**", "x", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*bc*c", "abc", false),
            ("ü*", "über", true),
            ("exact", "exact", true),
            ("exact", "exactly", false),
        ];
        for (pattern, text, expected) in cases {
            let pieces = Match::Wildcard(pattern.split('*').map(str::to_owned).collect());
            assert_eq!(pieces.accepts(text), *expected, "{pattern} {text}");
        }
    }

    #[test]
    fn case_is_passed_over_where_it_is_asked_for() {
        let part = Match::ContainsFolded(Folded::new("ÜBER Bucket"));
        assert!(part.accepts("an über bucket") && part.accepts("Über BUCKETS") && !part.accepts("uber bucket"));
    }
}
