//! Cursors: where a walk over an answer stands, on which state of the ledger, for which question.

use crate::domain::{Error, Instant, TenantId};
use crate::ledger::{Reader, View, When};
use crate::seal::Seal;

/// A walk over findings. The state that it stands on never changes, so each row comes exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The newest commit in the view.
    pub seq: u64,
    /// The clock for expiries.
    pub at: Instant,
    /// The first bytes of that commit's chain hash.
    pub chain: [u8; 8],
    /// How many rows there are in all.
    pub total: u32,
    /// How many candidates have been passed.
    pub position: u32,
    /// Of filter and order.
    pub fingerprint: [u8; 32],
}

impl Cursor {
    /// The start of a walk over a view.
    pub fn start(view: &View, fingerprint: [u8; 32], total: u32) -> Self {
        Self { seq: view.seq, at: view.at, chain: view.chain.short(), total, position: 0, fingerprint }
    }

    /// The state that the walk stands on.
    pub fn when(&self) -> When {
        When::Pinned { seq: self.seq, at: self.at, chain: Some(self.chain) }
    }

    /// The cursor as a token that only this tenant's clients can use, for the same question.
    pub fn seal(&self, reader: &Reader, tenant: &TenantId) -> String {
        let Self { seq, at, chain, total, position, fingerprint } = self;
        let mut bytes = Vec::with_capacity(64);
        bytes.extend(seq.to_be_bytes());
        bytes.extend(at.0.to_be_bytes());
        bytes.extend(chain);
        bytes.extend(total.to_be_bytes());
        bytes.extend(position.to_be_bytes());
        bytes.extend(fingerprint);
        Seal::new(reader.masters(), tenant, "cursor").seal(&bytes)
    }

    /// Reads [`Cursor::seal`] back. `field` names the member for [`Error::Invalid`], the same for a token that is
    /// damaged, another tenant's, or made for another filter or order.
    pub fn open(
        reader: &Reader,
        tenant: &TenantId,
        text: &str,
        fingerprint: &[u8; 32],
        field: &str,
    ) -> Result<Self, Error> {
        Self::read(reader, tenant, text, field)?.meant(fingerprint, field)
    }

    /// As [`Cursor::open`], whatever question it was made for.
    pub fn read(reader: &Reader, tenant: &TenantId, text: &str, field: &str) -> Result<Self, Error> {
        let bytes = Seal::new(reader.masters(), tenant, "cursor").open(text);
        let cursor = bytes.and_then(|bytes| {
            let mut rest = bytes.as_slice();
            let cursor = Self {
                seq: u64::from_be_bytes(take(&mut rest)?),
                at: Instant(i64::from_be_bytes(take(&mut rest)?)),
                chain: take(&mut rest)?,
                total: u32::from_be_bytes(take(&mut rest)?),
                position: u32::from_be_bytes(take(&mut rest)?),
                fingerprint: take(&mut rest)?,
            };
            rest.is_empty().then_some(cursor)
        });
        cursor.ok_or_else(|| foreign(field))
    }

    /// The cursor, if it was made for this question.
    pub fn meant(self, fingerprint: &[u8; 32], field: &str) -> Result<Self, Error> {
        if self.fingerprint == *fingerprint { Ok(self) } else { Err(foreign(field)) }
    }
}

/// The seal of what a tenant's clients carry from page to page.
pub fn page_seal(reader: &Reader, tenant: &TenantId) -> Seal {
    Seal::new(reader.masters(), tenant, "page")
}

/// The error for a token that is not one of ours, or not for this question.
pub(super) fn foreign(field: &str) -> Error {
    Error::invalid(
        field,
        "is not a token of this request: send back the one that the last page gave, with the same filters",
    )
}

/// What was asked of the state that a cursor stands on, if there was one. That state may be gone since, and the error
/// then names the member `field`, which carried the cursor.
pub(super) fn from_member<T>(found: Result<T, Error>, cursor: Option<&Cursor>, field: &str) -> Result<T, Error> {
    found.map_err(|error| match (error, cursor) {
        (Error::Invalid { field: found, message }, Some(_)) if found == "token" => Error::invalid(field, message),
        (other, _) => other,
    })
}

/// The next bytes.
pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_at_checked(N)?;
    *rest = left;
    taken.try_into().ok()
}
