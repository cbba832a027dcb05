//! Secrets derived from one master, random bytes, and the seals that cursors carry.

use crate::domain::Error;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// The deployment's master secret, from which all others are derived so that they need not be stored.
#[derive(Clone)]
pub struct Master {
    /// The version that new keys are made with.
    pub version: u32,
    bytes: Vec<u8>,
}

impl fmt::Debug for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Master").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Master {
    /// A master of at least 32 bytes; [`Error::Internal`] when shorter.
    pub fn new(version: u32, bytes: Vec<u8>) -> Result<Self, Error> {
        if bytes.len() < 32 {
            return Err(Error::internal("the master secret must have at least 32 bytes"));
        }
        Ok(Self { version, bytes })
    }

    /// A 32-byte secret for one purpose: HMAC-SHA256 over the parts, each preceded by its length (8 bytes, big endian).
    pub fn derive(&self, parts: &[&str]) -> [u8; 32] {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        hmac(&self.bytes, &parts)
    }
}

/// HMAC-SHA256 over parts, each preceded by its length (8 bytes, big endian).
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // An HMAC takes keys of any length, so the error arm is never taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Random bytes from the operating system; [`Error::Internal`] when it has none.
pub fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Whether two byte strings are equal, in time that does not depend on where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(a, b).into()
}

/// The masters in use: the newest makes new keys, the older ones still verify those that name them.
#[derive(Debug, Clone)]
pub struct Masters {
    newest: Master,
    older: Vec<Master>,
}

impl Masters {
    /// The masters given; [`Error::Internal`] when there is none.
    pub fn new(mut all: Vec<Master>) -> Result<Self, Error> {
        all.sort_by_key(|master| master.version);
        let newest = all.pop().ok_or_else(|| Error::internal("there is no master secret"))?;
        Ok(Self { newest, older: all })
    }

    /// The master that new keys are made with.
    pub fn newest(&self) -> &Master {
        &self.newest
    }

    /// The master of that version.
    pub fn of(&self, version: u32) -> Option<&Master> {
        std::iter::once(&self.newest).chain(&self.older).find(|master| master.version == version)
    }
}
