//! Keys as their administrators see them: made, listed and revoked in the ledger.
//!
//! Where the contracts are silent we chose:
//!
//! - A name is taken for good, also by a key that was revoked or has expired, so that the names in the history mean one
//!   key each.
//! - Who has a key for some accounts only can make keys for some of those, and not for all; and can revoke the keys
//!   that it could have made, and no others.

use super::mint::{Credentials, mint};
use crate::domain::error::Denial;
use crate::domain::{Caller, Error, Instant, KeyRecord, Scope, TenantId};
use crate::ledger::{Reader, Writer};
use std::collections::BTreeSet;

/// What a new key is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Its name, by the rule of [`KeyRecord::name`].
    pub name: String,
    /// What it may do; at least one.
    pub scopes: BTreeSet<Scope>,
    /// The AWS accounts that it is good for; `None` means any.
    pub accounts: Option<BTreeSet<String>>,
    /// The first instant at which it is no longer good.
    pub expires_at: Option<Instant>,
    /// How many requests a minute it is good for; `None` means the deployment's default.
    pub rate_per_minute: Option<u32>,
}

/// Makes a key and stores it; its secrets are in the answer and nowhere else.
///
/// `by` is who asks, `None` whoever holds the store itself. Errors: those of [`mint`], [`Error::Conflict`] when the
/// tenant has a key of that name, [`Error::Denied`] when `by` wants a key for accounts that its own is not good for.
pub async fn create_key(
    writer: &Writer,
    tenant: &TenantId,
    by: Option<&Caller>,
    wish: Wish,
) -> Result<Credentials, Error> {
    let Wish { name, scopes, accounts, expires_at, rate_per_minute } = wish;
    check_accounts(by, accounts.as_ref())?;
    let now = writer.clock().now();
    let (record, credentials) = mint(writer.masters(), tenant, &name, scopes, accounts, expires_at, now)?;
    if !writer.key_create(&KeyRecord { rate_per_minute, ..record }).await? {
        return Err(Error::Conflict(format!("there is, or was, a key named {name}; choose another name")));
    }
    Ok(credentials)
}

/// Every key of a tenant, by name; revoked and expired ones too.
pub async fn list_keys(reader: &Reader, tenant: &TenantId) -> Result<Vec<KeyRecord>, Error> {
    reader.key_list(tenant).await
}

/// Revokes a key: it is refused from now on. Revoking it again changes nothing.
///
/// `by` is who asks, `None` whoever holds the store itself. Errors: [`Error::NotFound`] for a name that no key has,
/// [`Error::Denied`] when the key is good for accounts that the one of `by` is not good for.
pub async fn revoke_key(
    writer: &Writer,
    tenant: &TenantId,
    by: Option<&Caller>,
    name: &str,
) -> Result<KeyRecord, Error> {
    let unknown = || Error::NotFound("there is no key of that name".to_owned());
    // What is no name may be nothing that the store takes for one.
    KeyRecord::check_name(name).map_err(|_| unknown())?;
    let mut record = writer.key_get(tenant, name).await?.ok_or_else(unknown)?;
    check_accounts(by, record.accounts.as_ref())?;
    if record.revoked_at.is_none() {
        record.revoked_at = Some(writer.clock().now());
        writer.key_replace(&record).await?;
    }
    Ok(record)
}

/// [`Error::Denied`] when the key of `by` is not good for all of `accounts`, of which `None` means any.
fn check_accounts(by: Option<&Caller>, accounts: Option<&BTreeSet<String>>) -> Result<(), Error> {
    let own = by.and_then(|by| by.accounts.as_ref());
    let covered = own.is_none_or(|own| accounts.is_some_and(|accounts| accounts.is_subset(own)));
    if covered { Ok(()) } else { Err(Error::Denied(Denial::Account)) }
}
