//! Uids: the ids under which our own answers name findings, rules, resources, accounts and groups.
//!
//! All are UUIDv8 (RFC 9562). A finding's begins with its number, 32 bits, big endian; its other 90 free bits are a tag
//! that only the tenant's key makes, so a forged or foreign one is told apart without asking the store, and the order
//! of uids is the order of first sight. A named thing's uid is 122 bits of an HMAC over its kind and name: the same name
//! has the same uid for ever, and no item is written for it.

use super::{Instant, Ordinal};
use crate::secrets::{hmac, same};
use std::fmt;

/// A UUIDv8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid(u128);

/// What one finding is asked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Its uid.
    Uid(Uid),
    /// The names of its rule and its resource, with a `-` between them.
    Named(String),
}

/// The key from which a tenant's uids are made. It is never replaced.
#[derive(Clone, PartialEq, Eq)]
pub struct Uids {
    key: [u8; 32],
}

/// What kind of thing a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named {
    /// A rule, by its ASFF GeneratorId.
    Rule,
    /// A resource, by its ASFF Id.
    Resource,
    /// An AWS account, by its id.
    Account,
    /// A group of accounts, by its name.
    Group,
}

/// Version 8 and the variant of RFC 9562, and the bits that they take.
const MARKS: u128 = 0x8 << 76 | 0b10 << 62;
const MARKED: u128 = 0xf << 76 | 0b11 << 62;
/// Where a finding's number stands.
const NUMBER_SHIFT: u32 = 96;

impl fmt::Debug for Uids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uids").finish_non_exhaustive()
    }
}

impl Wanted {
    /// Reads a uid with hyphens or without, alone or behind the last `~` of anything; else it is a name.
    pub fn parse(id: &str) -> Self {
        let read = |text: &str| Uid::parse(text).or_else(|| Uid::parse_simple(text));
        let uid = id.rsplit_once('~').and_then(|(_, uid)| read(uid)).or_else(|| read(id));
        uid.map_or_else(|| Self::Named(id.to_owned()), Self::Uid)
    }
}

impl Named {
    fn word(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Resource => "resource",
            Self::Account => "account",
            Self::Group => "group",
        }
    }
}

impl Uid {
    /// Reads the usual form of 36 characters, in any case of letters; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let hyphens = [8, 13, 18, 23];
        let well_formed = bytes.len() == 36
            && bytes.iter().enumerate().all(|(place, byte)| match hyphens.contains(&place) {
                true => *byte == b'-',
                false => byte.is_ascii_hexdigit(),
            });
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        u128::from_str_radix(&digits, 16).ok().filter(|_| well_formed).map(Self)
    }

    /// The 32 hexadecimal digits without hyphens.
    pub fn simple(self) -> String {
        format!("{:032x}", self.0)
    }

    /// Reads [`Uid::simple`] back, in any case of letters.
    pub fn parse_simple(text: &str) -> Option<Self> {
        let well_formed = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u128::from_str_radix(text, 16).ok().filter(|_| well_formed).map(Self)
    }

    /// The number that it claims to be the uid of, if it is a finding's at all.
    pub fn claimed(self) -> Ordinal {
        Ordinal(u32::try_from(self.0 >> NUMBER_SHIFT).unwrap_or(u32::MAX))
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.simple();
        let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
        write!(f, "{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
    }
}

impl Uids {
    /// The uids of a tenant with this key.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// A finding's uid.
    pub fn finding(&self, ordinal: Ordinal) -> Uid {
        self.numbered(ordinal, &[b"finding", &ordinal.0.to_be_bytes()])
    }

    /// The finding of a uid; `None` when it is none of this tenant's.
    pub fn ordinal(&self, uid: Uid) -> Option<Ordinal> {
        let ordinal = uid.claimed();
        let own = self.finding(ordinal);
        same(&own.0.to_be_bytes(), &uid.0.to_be_bytes()).then_some(ordinal)
    }

    /// The uid of what happened to a finding at an instant.
    pub fn change(&self, ordinal: Ordinal, at: Instant) -> Uid {
        self.numbered(ordinal, &[b"change", &ordinal.0.to_be_bytes(), &at.0.to_be_bytes()])
    }

    /// The uid of what is called so.
    pub fn named(&self, kind: Named, name: &str) -> Uid {
        Uid(marked(self.bits(&[kind.word().as_bytes(), name.as_bytes()])))
    }

    fn numbered(&self, ordinal: Ordinal, parts: &[&[u8]]) -> Uid {
        let tag = self.bits(parts) & ((1 << NUMBER_SHIFT) - 1);
        Uid(marked(u128::from(ordinal.0) << NUMBER_SHIFT | tag))
    }

    fn bits(&self, parts: &[&[u8]]) -> u128 {
        hmac(&self.key, parts).iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))
    }
}

fn marked(bits: u128) -> u128 {
    bits & !MARKED | MARKS
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

    use super::{Named, Uid, Uids};
    use crate::domain::{Instant, Ordinal};

    fn uids(key: u8) -> Uids {
        Uids::new([key; 32])
    }

    #[test]
    fn a_finding_is_found_by_its_uid_and_by_no_other() {
        for number in [0, 1, 41, 0x8000_0000, u32::MAX] {
            let uid = uids(1).finding(Ordinal(number));
            let text = uid.to_string();
            assert_eq!(uids(1).ordinal(Uid::parse(&text).unwrap()), Some(Ordinal(number)));
            assert_eq!(uids(1).ordinal(Uid::parse(&text.to_uppercase()).unwrap()), Some(Ordinal(number)));
            assert_eq!(uids(1).ordinal(Uid::parse_simple(&uid.simple()).unwrap()), Some(Ordinal(number)));
            assert_eq!(uids(2).ordinal(uid), None, "another tenant's");
            for bit in 0..128 {
                assert_eq!(uids(1).ordinal(Uid(uid.0 ^ 1 << bit)), None, "bit {bit} of {text}");
            }
        }
    }

    /// RFC 9562, section 5.8: version 8, variant 10.
    #[test]
    fn every_uid_is_a_uuid_of_version_8() {
        let (ours, at) = (uids(7), Instant(1_700_000_000_000));
        let named = [Named::Rule, Named::Resource, Named::Account, Named::Group].map(|kind| ours.named(kind, "x"));
        for uid in named.into_iter().chain([ours.finding(Ordinal(3)), ours.change(Ordinal(3), at)]) {
            let text = uid.to_string();
            assert_eq!(text.as_bytes()[14], b'8', "{text}");
            assert!(b"89ab".contains(&text.as_bytes()[19]), "{text}");
            assert_eq!(Uid::parse(&text), Some(uid));
        }
    }

    #[test]
    fn uids_of_findings_are_in_their_order_and_those_of_names_differ_by_kind() {
        let ours = uids(9);
        let ordered: Vec<Uid> = (0..300).map(|number| ours.finding(Ordinal(number))).collect();
        assert!(ordered.windows(2).all(|pair| pair[0] < pair[1] && pair[0].to_string() < pair[1].to_string()));
        assert_ne!(ours.named(Named::Account, "default"), ours.named(Named::Group, "default"));
        assert_eq!(ours.named(Named::Rule, "r"), uids(9).named(Named::Rule, "r"));
        assert_ne!(ours.change(Ordinal(1), Instant(1)), ours.change(Ordinal(1), Instant(2)));
    }

    #[test]
    fn what_is_no_uuid_is_not_read() {
        let good = uids(1).finding(Ordinal(1)).to_string();
        for text in [
            "",
            "x",
            &good[1..],
            &format!("{good}0"),
            &good.replace('-', "0"),
            &good.replace('0', "g"),
            "+0000001-0000-8000-8000-000000000000",
        ] {
            assert_eq!(Uid::parse(text), None, "{text}");
        }
        assert_eq!(Uid::parse_simple(&good), None);
    }
}
