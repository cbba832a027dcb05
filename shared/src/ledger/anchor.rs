//! Anchors: a commit's chain hash that is kept outside of the table, signed with a key that is not in it.
//!
//! As a text: `anchor1:TENANT:INSTANT-SEQ:CHAIN:MASTER:SIGNATURE`, the instant in milliseconds, hashes in hexadecimal.
//! SIGNATURE is HMAC-SHA256 over the parts between the first colon and the fourth, each preceded by its length as 8 bytes, big endian, by the
//! key that the deployment's master of version MASTER gives for anchors. So it shows that this deployment wrote the anchor;
//! the chain hash alone shows whether a log extends it.

use super::proof::Hash;
use crate::domain::{Error, Instant, Position, TenantId};
use crate::secrets::{self, Masters};
use std::fmt;

/// What an anchor's text begins with.
const FORM: &str = "anchor1";

/// A commit's chain hash with the signature of the deployment that verified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Whose log it is.
    pub tenant: TenantId,
    /// The commit.
    pub seq: u64,
    /// Its instant.
    pub at: Instant,
    /// Its chain hash.
    pub chain: Hash,
    master: u32,
    signature: [u8; 32],
}

impl Anchor {
    /// Signs a commit of a tenant with the current master.
    pub(super) fn sign(masters: &Masters, tenant: &TenantId, seq: u64, at: Instant, chain: Hash) -> Self {
        let master = &masters.current;
        let unsigned =
            Self { tenant: tenant.clone(), seq, at, chain, master: master.version, signature: Default::default() };
        Self { signature: unsigned.signed_by(master), ..unsigned }
    }

    /// Whether a deployment with these masters signed it. [`Error::NotFound`] when the master that it names is not among them.
    pub fn is_genuine(&self, masters: &Masters) -> Result<bool, Error> {
        let version = self.master;
        let missing =
            || Error::NotFound(format!("the anchor was signed with master {version}, which is not available"));
        let master = masters.by_version(version).ok_or_else(missing)?;
        Ok(secrets::same(&self.signed_by(master), &self.signature))
    }

    /// Reads the text back; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let [FORM, tenant, position, chain, master, signature] = parts.as_slice() else { return None };
        let Position { at, seq, nth: None } = Position::parse("anchor", position).ok()? else { return None };
        let anchor = Self {
            tenant: TenantId::parse(tenant).ok()?,
            seq,
            at,
            chain: Hash::parse(chain)?,
            master: master.parse().ok()?,
            signature: secrets::unhex(signature)?.try_into().ok()?,
        };
        // One text an anchor: no sign, no leading zero.
        (anchor.to_string() == text).then_some(anchor)
    }

    fn signed_by(&self, master: &secrets::Master) -> [u8; 32] {
        let key = master.derive(&["anchor", self.tenant.as_str()]);
        let parts = [self.tenant.as_str().to_owned(), self.position(), self.chain.hex()];
        secrets::hmac(&key, &parts.each_ref().map(String::as_bytes))
    }

    fn position(&self) -> String {
        Position::behind(self.at, self.seq).to_string()
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (position, chain) = (self.position(), self.chain.hex());
        write!(f, "{FORM}:{}:{position}:{chain}:{}:{}", self.tenant, self.master, secrets::hex(&self.signature))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{Anchor, Hash, Instant, TenantId};
    use crate::secrets::{Master, Masters};

    fn masters(version: u32, byte: u8) -> Masters {
        Masters::only(Master::new(version, vec![byte; 32]).unwrap())
    }

    fn anchor(masters: &Masters) -> Anchor {
        let tenant = TenantId::parse("acme").unwrap();
        Anchor::sign(masters, &tenant, 7, Instant(1_700_000_000_000), Hash([5; 32]))
    }

    #[test]
    fn an_anchor_is_its_deployments_alone() {
        let ours = masters(1, 7);
        let text = anchor(&ours).to_string();
        assert!(text.starts_with(&format!("anchor1:acme:1700000000000-7:{}:1:", "05".repeat(32))), "{text}");
        let read = Anchor::parse(&text).unwrap();
        assert_eq!(read, anchor(&ours));
        assert_eq!(read.is_genuine(&ours), Ok(true));
        assert_eq!(read.is_genuine(&masters(1, 8)), Ok(false));
        assert!(read.is_genuine(&masters(2, 7)).is_err(), "another version");
        let later = Masters { current: masters(2, 9).current, previous: Some(ours.current) };
        assert_eq!(read.is_genuine(&later), Ok(true), "the master before");
    }

    #[test]
    fn whatever_is_changed_is_noticed() {
        let ours = masters(1, 7);
        let anchor = anchor(&ours);
        for changed in [
            Anchor { seq: 8, ..anchor.clone() },
            Anchor { at: Instant(1_700_000_000_001), ..anchor.clone() },
            Anchor { chain: Hash([6; 32]), ..anchor.clone() },
            Anchor { tenant: TenantId::parse("acm").unwrap(), ..anchor.clone() },
        ] {
            assert_eq!(Anchor::parse(&changed.to_string()).unwrap().is_genuine(&ours), Ok(false), "{changed}");
        }
        let text = anchor.to_string();
        for wrong in [
            text.replace("anchor1", "anchor2"),
            text.replace(":1:", ":01:"),
            text.replace(":1:", ":+1:"),
            text.to_uppercase(),
            format!("{text}0"),
            format!("{text}:"),
            String::new(),
        ] {
            assert_eq!(Anchor::parse(&wrong), None, "{wrong}");
        }
    }
}
