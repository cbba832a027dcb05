//! What is kept of a key: everything but its secrets.

use super::{Caller, Error, Instant, Scope, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A key as the table stores it. Its token is kept as a hash; its other secrets are derived and kept nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct KeyRecord {
    /// The tenant that the key belongs to.
    pub tenant: TenantId,
    /// The key's name, unique within the tenant: 1 to 64 of `A-Z a-z 0-9 _ . -`.
    pub name: String,
    /// What the key may do.
    pub scopes: BTreeSet<Scope>,
    /// The AWS accounts that the key is good for; `None` means any.
    pub accounts: Option<BTreeSet<String>>,
    /// When the key was made.
    pub created_at: Instant,
    /// The first instant at which the key is no longer good; `None` means never.
    pub expires_at: Option<Instant>,
    /// When the key was revoked. A revoked key is not good at any instant, whatever a clock shows.
    pub revoked_at: Option<Instant>,
    /// SHA-256 of the token's secret part, lower-case hexadecimal.
    pub token_hash: String,
    /// 16 random bytes in lower-case hexadecimal, so that a key made again under its old name has other secrets.
    pub salt: String,
    /// The version of the master that the key's secrets are derived from.
    pub master_version: u32,
    /// How many requests a minute the key is good for; `None` means the deployment's default.
    pub rate_per_minute: Option<u32>,
}

impl fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, name, scopes, expires_at, revoked_at, .. } = self;
        f.debug_struct("KeyRecord")
            .field("tenant", tenant)
            .field("name", name)
            .field("scopes", scopes)
            .field("expires_at", expires_at)
            .field("revoked_at", revoked_at)
            .finish_non_exhaustive()
    }
}

impl KeyRecord {
    /// The longest name of a key, in characters.
    pub const LONGEST_NAME: usize = 64;

    /// [`Error::Invalid`] for `name` when a key may not be called so.
    pub fn check_name(name: &str) -> Result<(), Error> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if name.is_empty() || name.len() > Self::LONGEST_NAME || !name.chars().all(legal) {
            return Err(Error::invalid("name", "must be 1 to 64 letters, digits, _, . or -"));
        }
        Ok(())
    }

    /// Whether the key is neither revoked nor, at `now`, expired.
    pub fn is_live(&self, now: Instant) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// The caller that this key stands for; `region` is that of a SigV4 credential scope.
    pub fn caller(&self, region: Option<String>) -> Caller {
        Caller {
            tenant: self.tenant.clone(),
            key_name: self.name.clone(),
            scopes: self.scopes.clone(),
            accounts: self.accounts.clone(),
            region,
        }
    }
}

/// The stored form: names instead of types, so that renaming a type changes no table.
#[derive(Serialize, Deserialize)]
struct Stored {
    tenant: String,
    name: String,
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accounts: Option<BTreeSet<String>>,
    created_at: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Instant>,
    token_hash: String,
    salt: String,
    master_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate_per_minute: Option<u32>,
}

impl From<KeyRecord> for Stored {
    fn from(record: KeyRecord) -> Self {
        let KeyRecord {
            tenant,
            name,
            scopes,
            accounts,
            created_at,
            expires_at,
            revoked_at,
            token_hash,
            salt,
            master_version,
            rate_per_minute,
        } = record;
        let scopes = scopes.iter().map(|scope| scope.name().to_owned()).collect();
        Self {
            tenant: tenant.as_str().to_owned(),
            name,
            scopes,
            accounts,
            created_at,
            expires_at,
            revoked_at,
            token_hash,
            salt,
            master_version,
            rate_per_minute,
        }
    }
}

impl TryFrom<Stored> for KeyRecord {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        let Stored {
            tenant,
            name,
            scopes,
            accounts,
            created_at,
            expires_at,
            revoked_at,
            token_hash,
            salt,
            master_version,
            rate_per_minute,
        } = stored;
        Self::check_name(&name)?;
        let scope = |name: &String| Scope::named(name).ok_or_else(|| Error::internal(format!("unknown scope {name}")));
        Ok(Self {
            tenant: TenantId::parse(&tenant)?,
            name,
            scopes: scopes.iter().map(scope).collect::<Result<_, _>>()?,
            accounts,
            created_at,
            expires_at,
            revoked_at,
            token_hash,
            salt,
            master_version,
            rate_per_minute,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::KeyRecord;

    #[test]
    fn names_are_checked() {
        for name in ["a", "ci.prod-1_x", &"x".repeat(64)] {
            assert!(KeyRecord::check_name(name).is_ok(), "{name}");
        }
        for name in ["", "a/b", "a b", "ä", "a:b", &"x".repeat(65)] {
            assert!(KeyRecord::check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_stored_key_with_an_unknown_scope_is_not_read() {
        let text = |scope: &str| {
            format!(
                r#"{{"tenant":"t","name":"n","scopes":["{scope}"],"created_at":1,"token_hash":"","salt":"","master_version":1}}"#
            )
        };
        assert!(serde_json::from_str::<KeyRecord>(&text("findings:read")).is_ok());
        assert!(serde_json::from_str::<KeyRecord>(&text("findings:everything")).is_err());
    }
}
