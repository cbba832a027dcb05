//! Ids of what has no uid of ours: a page of an answer, and who muted a finding.

use sha2::{Digest, Sha256};

/// A UUIDv8 of some parts: the same for the same ones, wherever it is made.
pub(super) fn of(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let bits = hash.finalize().iter().take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    // RFC 9562: version 8, variant 10.
    let digits = format!("{:032x}", bits & !(0xf << 76 | 0b11 << 62) | 0x8 << 76 | 0b10 << 62);
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::domain::Uid;

    #[test]
    fn it_is_a_uuid_of_its_parts() {
        let id = of(&[b"a", b"b"]);
        assert!(Uid::parse(&id).is_some() && id.get(14..15) == Some("8"), "{id}");
        assert_eq!(id, of(&[b"a", b"b"]));
        assert_ne!(id, of(&[b"ab"]));
    }
}
