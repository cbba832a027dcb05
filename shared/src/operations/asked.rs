//! What a request for a page needs before its dialect can read it: a seal for cursors, and the state that it names.

use crate::domain::{AsOf, Error, Instant, TenantId};
use crate::ledger::{Reader, When};
use crate::seal::Seal;

/// The seal of what a tenant's clients carry from page to page.
pub fn page_seal(reader: &Reader, tenant: &TenantId) -> Seal {
    Seal::new(reader.masters(), tenant, "page")
}

/// The state that a client asks about; [`Error::Invalid`] for `as_of` when it lies in the future.
pub fn asked_state(as_of: Option<AsOf>, now: Instant) -> Result<When, Error> {
    match as_of {
        Some(as_of) => Ok(When::named(as_of.check("as_of", now)?, now)),
        None => Ok(When::Now),
    }
}
