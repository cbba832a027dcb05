//! Seals: short payloads that a client carries for us and cannot change, such as the tokens of a next page.
//!
//! Form, base64url without padding: one byte of format (1), the master's version (4 bytes, big endian), the payload, and
//! the first 16 bytes of an HMAC-SHA256 over all that stands before. The HMAC's key is derived from the master, the
//! tenant and the purpose, so a seal of another tenant or another purpose does not open. The payload is not encrypted.

use crate::domain::TenantId;
use crate::secrets::{Masters, hmac, same};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

const FORMAT: u8 = 1;
const HEAD: usize = 5;
const TAG: usize = 16;

/// Seals and opens payloads of one tenant for one purpose.
#[derive(Clone)]
pub struct Seal {
    /// Master version and derived key; new seals are made with the first.
    current: (u32, [u8; 32]),
    previous: Option<(u32, [u8; 32])>,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("version", &self.current.0).finish_non_exhaustive()
    }
}

impl Seal {
    /// The seal of a tenant for a purpose; the purpose is a constant of the code, such as `"get-findings"`.
    pub fn new(masters: &Masters, tenant: &TenantId, purpose: &str) -> Self {
        let key =
            |master: &crate::secrets::Master| (master.version, master.derive(&["seal", tenant.as_str(), purpose]));
        Self { current: key(&masters.current), previous: masters.previous.as_ref().map(key) }
    }

    /// The payload as text of `A-Z a-z 0-9 - _`, 28 characters longer than the payload's own base64.
    pub fn seal(&self, payload: &[u8]) -> String {
        let (version, key) = &self.current;
        let mut bytes = Vec::with_capacity(HEAD + payload.len() + TAG);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&version.to_be_bytes());
        bytes.extend_from_slice(payload);
        let tag = hmac(key, &[&bytes]);
        bytes.extend(tag.iter().take(TAG));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The payload, if the text is a seal of this tenant for this purpose by a master that is still available.
    pub fn open(&self, text: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (sealed, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        let (head, payload) = sealed.split_at_checked(HEAD)?;
        let (format, version) = head.split_first()?;
        let version = u32::from_be_bytes(version.try_into().ok()?);
        let (_, key) =
            [Some(&self.current), self.previous.as_ref()].into_iter().flatten().find(|(v, _)| *v == version)?;
        let expected = hmac(key, &[sealed]);
        (*format == FORMAT && same(expected.get(..TAG)?, tag)).then(|| payload.to_vec())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

    use super::Seal;
    use crate::domain::TenantId;
    use crate::secrets::{Master, Masters};
    use proptest::prelude::*;

    fn masters(current: u32, previous: Option<u32>) -> Masters {
        let master = |version: u32| Master::new(version, vec![u8::try_from(version).unwrap(); 32]).unwrap();
        Masters { current: master(current), previous: previous.map(master) }
    }

    fn seal(masters: &Masters, tenant: &str, purpose: &str) -> Seal {
        Seal::new(masters, &TenantId::parse(tenant).unwrap(), purpose)
    }

    #[test]
    fn a_seal_opens_only_for_its_tenant_and_purpose() {
        let masters = masters(1, None);
        let text = seal(&masters, "acme", "list").seal(b"page 2");
        assert_eq!(seal(&masters, "acme", "list").open(&text).as_deref(), Some(b"page 2".as_slice()));
        for (tenant, purpose) in [("acme", "history"), ("acm", "elist"), ("other", "list")] {
            assert_eq!(seal(&masters, tenant, purpose).open(&text), None, "{tenant} {purpose}");
        }
    }

    #[test]
    fn the_previous_master_opens_and_one_before_it_does_not() {
        let text = seal(&masters(1, None), "acme", "list").seal(b"x");
        assert!(seal(&masters(2, Some(1)), "acme", "list").open(&text).is_some());
        assert!(seal(&masters(3, Some(2)), "acme", "list").open(&text).is_none());
    }

    #[test]
    fn every_changed_character_and_every_cut_is_refused() {
        let seal = seal(&masters(1, None), "acme", "list");
        let text = seal.seal(b"some payload");
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(seal.open(&String::from_utf8(changed).unwrap()), None, "changed at {at}");
            assert_eq!(seal.open(&text[..at]), None, "cut at {at}");
        }
        for text in [format!("{text}="), format!("{text}A"), format!(" {text}"), String::new()] {
            assert_eq!(seal.open(&text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let seal = seal(&masters(4, Some(3)), "t", "p");
            prop_assert_eq!(seal.open(&seal.seal(&payload)), Some(payload));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            prop_assert_eq!(seal(&masters(4, Some(3)), "t", "p").open(&text), None);
        }
    }
}
