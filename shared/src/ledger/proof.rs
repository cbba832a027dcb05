//! Proof: leaves over immutable items, a root per commit, and the chain of all commits.
//!
//! * leaf = HMAC-SHA256(salt of the item; partition key, sort key, then the item's contents), each part preceded by
//!   its length as 8 bytes, big endian
//! * root = SHA-256 over the leaves of a commit in key order
//! * chain = SHA-256 over format, tenant, sequence number, instant, previous chain hash and the entry's text, each
//!   preceded by its length as above; numbers as 8 bytes, big endian
//!
//! Erasing a document leaves its key and leaf, so that roots and chain still verify.

use super::item::Key;
use crate::domain::{Error, Instant, TenantId};
use crate::secrets;
use sha2::{Digest, Sha256};

/// A SHA-256 value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// 64 lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        secrets::hex(&self.0)
    }

    /// Reads [`Hash::hex`] back.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = secrets::unhex(text)?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The first 8 bytes, which cursors and caches carry to notice a restored table.
    pub fn short(&self) -> [u8; 8] {
        let mut short = [0; 8];
        short.copy_from_slice(self.0.split_at(8).0);
        short
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        bytes.try_into().map(Self).map_err(|_| Error::internal("a stored hash does not have 32 bytes"))
    }
}

/// The leaf of an immutable item.
pub(super) fn leaf(salt: &[u8], pk: &str, sk: &str, contents: &[&str]) -> Hash {
    let mut parts: Vec<&[u8]> = vec![pk.as_bytes(), sk.as_bytes()];
    parts.extend(contents.iter().map(|text| text.as_bytes()));
    Hash(secrets::hmac(salt, &parts))
}

/// The root over a commit's leaves.
pub(super) fn root(mut leaves: Vec<(Key, Hash)>) -> Hash {
    leaves.sort();
    let mut hash = Sha256::new();
    for (_, leaf) in &leaves {
        hash.update(leaf.0);
    }
    Hash(hash.finalize().into())
}

/// The chain hash of an entry of a format.
pub(super) fn chain(format: u32, tenant: &TenantId, seq: u64, at: Instant, previous: &Hash, text: &str) -> Hash {
    let mut hash = Sha256::new();
    let parts: [&[u8]; 6] = [
        &format.to_be_bytes(),
        tenant.as_str().as_bytes(),
        &seq.to_be_bytes(),
        &at.0.to_be_bytes(),
        &previous.0,
        text.as_bytes(),
    ];
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Hash(hash.finalize().into())
}
