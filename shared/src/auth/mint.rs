//! Making keys, and deriving the secrets that are stored nowhere.
//!
//! One key has credentials for every dialect. `L` is the locator of tenant and key name ([`super::locator`]):
//!
//! | credential | form |
//! |---|---|
//! | token | `plk_` + `L` in lower case + `_` + 43 characters of base64url (32 random bytes). `L` has no `_`, so the first one after `plk_` ends it |
//! | AWS access key id | `PLKA` + `L` |
//! | AWS secret access key | 40 characters of base64url (30 derived bytes) |
//! | Datadog API key | `pld_` + `L` in lower case + `_` + 22 characters of base64url (16 derived bytes) |
//! | Datadog application key | 40 hexadecimal digits (20 derived bytes) |
//!
//! Both Datadog headers are needed: the API key names the key and proves a first secret, the application key a second.
//! Derived bytes are the first ones of an HMAC by the master over (`key`, use, salt, tenant, name), see
//! [`Master::derive`]. Changing this derivation would end every key in use; a test holds it.

use super::locator;
use crate::domain::{Account, Error, Instant, KeyRecord, Scope, TenantId};
use crate::secrets::{self, Master, Masters};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

pub(super) const TOKEN_PREFIX: &str = "plk_";
pub(super) const ACCESS_KEY_PREFIX: &str = "PLKA";
pub(super) const DATADOG_PREFIX: &str = "pld_";
/// Characters of a token's secret part.
pub(super) const TOKEN_SECRET: usize = 43;

/// Stands in for the salt of a key that does not exist.
pub(super) const NO_SALT: &str = "00000000000000000000000000000000";
/// Stands in for the token hash of a key that does not exist; no text is known to have it.
pub(super) const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What the holder of a key is given, once. Serialised it is the `key` object that `posture serve` prints.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Credentials {
    /// The key's name.
    pub name: String,
    /// For `Authorization: Bearer` and for `x-api-key`.
    pub token: String,
    /// The access key id of the pair that signs with SigV4.
    pub aws_access_key_id: String,
    /// The secret of that pair.
    pub aws_secret_access_key: String,
    /// For `DD-API-KEY`.
    pub datadog_api_key: String,
    /// For `DD-APPLICATION-KEY`.
    pub datadog_application_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Makes a key: the record to store and the credentials to hand out.
///
/// Errors: [`Error::Invalid`] for a `name` against the rule of [`KeyRecord::name`], for no `scopes`, for `accounts` that
/// are none or not of 12 digits, for `expires_at` not after `now`; [`Error::Internal`] without a source of randomness.
pub fn mint(
    masters: &Masters,
    tenant: &TenantId,
    name: &str,
    scopes: BTreeSet<Scope>,
    accounts: Option<BTreeSet<String>>,
    expires_at: Option<Instant>,
    now: Instant,
) -> Result<(KeyRecord, Credentials), Error> {
    check(name, &scopes, accounts.as_ref(), expires_at, now)?;
    let token_secret = URL_SAFE_NO_PAD.encode(secrets::random::<32>()?);
    let salt = secrets::hex(&secrets::random::<16>()?);
    let master = &masters.current;
    let derived = Secrets::new(master, &salt, tenant, name);
    let upper = locator::encode(tenant, name);
    let lower = upper.to_ascii_lowercase();
    let credentials = Credentials {
        name: name.to_owned(),
        token: format!("{TOKEN_PREFIX}{lower}_{token_secret}"),
        aws_access_key_id: format!("{ACCESS_KEY_PREFIX}{upper}"),
        aws_secret_access_key: derived.aws(),
        datadog_api_key: format!("{DATADOG_PREFIX}{lower}_{}", derived.datadog_api()),
        datadog_application_key: derived.datadog_application(),
    };
    let record = KeyRecord {
        tenant: tenant.clone(),
        name: name.to_owned(),
        scopes,
        accounts,
        created_at: now,
        expires_at,
        revoked_at: None,
        token_hash: secrets::sha256_hex(token_secret.as_bytes()),
        salt,
        master_version: master.version,
        rate_per_minute: None,
    };
    Ok((record, credentials))
}

fn check(
    name: &str,
    scopes: &BTreeSet<Scope>,
    accounts: Option<&BTreeSet<String>>,
    expires_at: Option<Instant>,
    now: Instant,
) -> Result<(), Error> {
    KeyRecord::check_name(name)?;
    if scopes.is_empty() {
        return Err(Error::invalid("scopes", "must name at least one scope"));
    }
    if accounts.is_some_and(|accounts| accounts.is_empty() || !accounts.iter().all(|id| Account::is_id(id))) {
        return Err(Error::invalid("accounts", "must be AWS account ids of 12 digits, or be left out for any"));
    }
    if expires_at.is_some_and(|end| end <= now) {
        return Err(Error::invalid("expires", "must be in the future"));
    }
    Ok(())
}

/// The derived secrets of one key.
pub(super) struct Secrets<'a> {
    master: &'a Master,
    salt: &'a str,
    tenant: &'a TenantId,
    name: &'a str,
}

impl<'a> Secrets<'a> {
    pub(super) fn new(master: &'a Master, salt: &'a str, tenant: &'a TenantId, name: &'a str) -> Self {
        Self { master, salt, tenant, name }
    }

    /// The AWS secret access key.
    pub(super) fn aws(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.derive::<30>("aws"))
    }

    /// What follows the locator in a Datadog API key.
    pub(super) fn datadog_api(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.derive::<16>("datadog-api"))
    }

    /// The Datadog application key.
    pub(super) fn datadog_application(&self) -> String {
        secrets::hex(&self.derive::<20>("datadog-application"))
    }

    fn derive<const N: usize>(&self, purpose: &str) -> [u8; N] {
        let bytes = self.master.derive(&["key", purpose, self.salt, self.tenant.as_str(), self.name]);
        let mut cut = [0; N];
        cut.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        cut
    }
}
