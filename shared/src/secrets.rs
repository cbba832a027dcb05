//! Secrets derived from one master, random bytes, hashes and comparisons that take constant time.

use crate::domain::Error;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
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

/// Random salt, masked secret and tag of [`Masters::wrap`].
const WRAPPED: usize = 16 + 32 + 32;

/// The masters of a deployment: the one that new keys and seals are made with, and the one before it.
///
/// The previous master stays until the last key made with it has ended; seals made with it open until then too.
#[derive(Debug, Clone)]
pub struct Masters {
    /// What new keys and seals are made with.
    pub current: Master,
    /// What older keys and seals were made with, while there are any.
    pub previous: Option<Master>,
}

impl Masters {
    /// The masters of a deployment that never replaced its first one.
    pub fn only(current: Master) -> Self {
        Self { current, previous: None }
    }

    /// The master of that version, while it is available.
    pub fn by_version(&self, version: u32) -> Option<&Master> {
        self.newest_first().find(|master| master.version == version)
    }

    /// A random secret in a form that can be stored: 16 bytes of salt, the secret masked with an HMAC over the salt, and
    /// a tag over both; all three by keys of the current master for this purpose, whose version it returns.
    pub fn wrap(&self, purpose: &[&str], secret: &[u8; 32]) -> Result<(u32, Vec<u8>), Error> {
        let salt = random::<16>()?;
        let key = self.current.derive(purpose);
        let mut wrapped = salt.to_vec();
        wrapped.extend(masked(&key, &salt, secret));
        wrapped.extend(hmac(&key, &[b"tag", &wrapped]));
        Ok((self.current.version, wrapped))
    }

    /// Reads [`Masters::wrap`] back; `None` when the master is no longer available, or for another purpose.
    pub fn unwrap(&self, purpose: &[&str], version: u32, wrapped: &[u8]) -> Option<[u8; 32]> {
        let key = self.by_version(version)?.derive(purpose);
        let (body, tag) = wrapped.split_at_checked(WRAPPED - 32)?;
        let (salt, secret) = body.split_at_checked(16)?;
        same(&hmac(&key, &[b"tag", body]), tag).then(|| masked(&key, salt, secret).try_into().ok())?
    }

    /// The current master, then the previous one.
    pub fn newest_first(&self) -> impl Iterator<Item = &Master> {
        std::iter::once(&self.current).chain(self.previous.as_ref())
    }
}

fn masked(key: &[u8], salt: &[u8], secret: &[u8]) -> Vec<u8> {
    hmac(key, &[b"mask", salt]).iter().zip(secret).map(|(mask, byte)| mask ^ byte).collect()
}

/// HMAC-SHA256 of a message as it is.
pub fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    mac_of(key, |mac| mac.update(message))
}

/// HMAC-SHA256 over parts, each preceded by its length (8 bytes, big endian).
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    mac_of(key, |mac| {
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
    })
}

fn mac_of(key: &[u8], feed: impl FnOnce(&mut Hmac<Sha256>)) -> [u8; 32] {
    // An HMAC takes keys of any length, so the error arm is never taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    feed(&mut mac);
    mac.finalize().into_bytes().into()
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
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

/// Reads [`hex`] back; `None` for anything that it would not write: an upper-case digit, or a digit too few.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits = text.bytes().map(digit).collect::<Option<Vec<u8>>>()?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    Some(pairs.map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::{Master, Masters, hmac, sha256_hex};

    #[test]
    fn masters_are_found_by_version() {
        let master = |version| Master::new(version, vec![7; 32]).ok();
        let (Some(current), Some(previous)) = (master(2), master(1)) else { unreachable!() };
        let masters = Masters { current, previous: Some(previous) };
        let found = |version| masters.by_version(version).map(|master| master.version);
        assert_eq!((found(2), found(1), found(3), found(0)), (Some(2), Some(1), None, None));
    }

    #[test]
    fn what_is_wrapped_opens_with_its_master_and_for_its_purpose() {
        let master = |version| Master::new(version, vec![u8::try_from(version).unwrap_or(0); 32]).ok();
        let (Some(one), Some(two)) = (master(1), master(2)) else { unreachable!() };
        let old = Masters::only(one.clone());
        let Ok((version, wrapped)) = old.wrap(&["uids", "acme"], &[7; 32]) else { unreachable!() };
        assert_eq!(version, 1);
        let both = Masters { current: two.clone(), previous: Some(one) };
        assert_eq!(both.unwrap(&["uids", "acme"], 1, &wrapped), Some([7; 32]));
        assert_eq!(both.unwrap(&["uids", "other"], 1, &wrapped), None);
        assert_eq!(both.unwrap(&["uids", "acme"], 2, &wrapped), None);
        assert_eq!(Masters::only(two).unwrap(&["uids", "acme"], 1, &wrapped), None);
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
            assert_eq!(both.unwrap(&["uids", "acme"], 1, &changed), None, "changed at {at}");
            assert_eq!(both.unwrap(&["uids", "acme"], 1, wrapped.get(..at).unwrap_or_default()), None, "cut at {at}");
        }
    }

    #[test]
    fn a_short_master_is_refused() {
        assert!(Master::new(1, vec![0; 31]).is_err());
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(hmac(b"k", &[b"ab", b"c"]), hmac(b"k", &[b"a", b"bc"]));
        assert_ne!(hmac(b"k", &[b"ab"]), hmac(b"k", &[b"ab", b""]));
    }

    #[test]
    fn sha256_of_nothing_is_the_published_one() {
        assert_eq!(sha256_hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
