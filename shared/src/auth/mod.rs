//! Keys, the ways in which clients present them, and the callers they stand for.
//!
//! Letting a caller in is computation: the ledger reads the key's record, the handlers turn an event into a
//! [`SignedRequest`]. Only the administration of keys, [`create_key`] and its neighbours, asks the ledger itself. The order is [`locate`] (which key does the request claim?), then the read of that record, then
//! [`admit`] (is it that key, is it good, may it do this?).
//!
//! Where the contracts are silent we chose:
//!
//! - One request, one credential. Of several the first in this order counts: `Authorization` or
//!   `x-amzn-Remapped-Authorization` with SigV4 or `Bearer`, `x-api-key`, the two Datadog headers. Other schemes of
//!   `Authorization` (a proxy's `Basic`) are passed over while another credential is there.
//! - A credential header that occurs twice is a bad key.
//! - `X-Amz-Security-Token` is ignored: our keys have no sessions, and a token left over in a client's environment should
//!   not lock it out. If it is signed, it is verified like any header.
//! - Presigned URLs are refused: they would put signatures into logs, and no served client makes them.
//! - An unknown, foreign, expired or revoked key and a wrong secret all give [`Denial::BadKey`], after the same work.
//!   A signature's time is judged first, from the request alone, so [`Denial::Skew`] tells nothing about a key.
//! - A key is good before `expires_at` and not at it. A revoked key is not good at any instant.

mod locator;
mod manage;
mod mint;
mod path;
mod present;
mod request;
mod sigv4;
#[cfg(test)]
mod tests;

pub use crate::domain::error::Denial;
pub use manage::{Wish, create_key, list_keys, revoke_key};
pub use mint::{Credentials, mint};
pub use path::{PathSource, signed_paths};
pub use present::{Presented, locate};
pub use request::{Query, SignedRequest};

use crate::domain::{Caller, Instant, KeyRecord, Scope};
use crate::secrets::Masters;

/// Decides whether the caller is let in.
///
/// `presented` is what [`locate`] found in the same `request`, `record` what the store has under that tenant and name.
/// `required` is the scope that the route needs. `machine_now` is the machine's clock, which judges a signature's time;
/// `now` is the deployment's clock, which judges expiry.
///
/// Errors: [`Denial::Skew`], [`Denial::BadKey`], [`Denial::Scope`] as the module says.
pub fn admit(
    presented: &Presented,
    request: &SignedRequest,
    record: Option<&KeyRecord>,
    masters: &Masters,
    required: Option<Scope>,
    machine_now: Instant,
    now: Instant,
) -> Result<Caller, Denial> {
    presented.check_time(machine_now)?;
    let record = record.filter(|record| record.tenant == presented.tenant && record.name == presented.name);
    let master = record.and_then(|record| masters.by_version(record.master_version));
    // An unknown key is checked against secrets that nobody holds, so that it takes as long as a known one.
    let salt = record.map_or(mint::NO_SALT, |record| &record.salt);
    let token_hash = record.map_or(mint::NO_HASH, |record| &record.token_hash);
    let secrets = mint::Secrets::new(master.unwrap_or(&masters.current), salt, &presented.tenant, &presented.name);
    let proven = presented.is_proven(request, &secrets, token_hash);
    let live = record.is_some_and(|record| record.is_live(now));
    // A key outlives its master only as an oversight; then none of its secrets can be checked but the token's.
    let derivable = master.is_some() | presented.is_token();
    match record {
        Some(record) if proven & live & derivable => {
            let caller = record.caller(presented.region());
            if required.is_none_or(|scope| caller.may(scope)) { Ok(caller) } else { Err(Denial::Scope) }
        }
        _ => Err(Denial::BadKey),
    }
}
