//! `GET`, `POST` and `DELETE /api/v1/tenants/{tenantID}/keys`: a tenant's keys, without their secrets.
//!
//! The secrets of a key are in the answer to the request that made it (201), and in no other.

use super::super::members::{self, Members};
use super::super::{Reply, native};
use crate::domain::{Error, Instant, KeyRecord, Scope, TenantId};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const DAY_MS: i64 = 86_400_000;

/// Requests a minute that a key can be given.
pub const MAX_RATE: u32 = 1_000_000;

const MEMBERS: &[&str] = &["name", "scopes", "accounts", "expires", "rate_per_minute"];

/// A request for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// The AWS accounts that it is good for; `None` means any.
    pub accounts: Option<BTreeSet<String>>,
    /// The first instant at which it is no longer good.
    pub expires_at: Option<Instant>,
    /// How many requests a minute it is good for.
    pub rate_per_minute: Option<u32>,
}

/// Reads `{"name","scopes","accounts"?,"expires"?,"rate_per_minute"?}`; [`Error::Invalid`] names the member at fault.
pub fn parse(body: &[u8]) -> Result<NewKey, Error> {
    let body = members::body(body)?;
    native::check_members(&body, MEMBERS)?;
    let members = Members::root(&body);
    let scopes = members.required("scopes", texts(&members, "scopes")?)?;
    Ok(NewKey {
        name: members.required("name", members.any_text("name")?)?.to_owned(),
        scopes: scopes.iter().map(|name| scope(name)).collect::<Result<_, _>>()?,
        accounts: texts(&members, "accounts")?.map(|accounts| accounts.into_iter().map(str::to_owned).collect()),
        expires_at: members.any_text("expires")?.map(end).transpose()?,
        rate_per_minute: members.integer("rate_per_minute")?.map(rate).transpose()?,
    })
}

/// The scope of that name; [`Error::Invalid`] lists them.
pub fn scope(name: &str) -> Result<Scope, Error> {
    let names = || Scope::NAMES.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
    Scope::named(name).ok_or_else(|| Error::invalid("scopes", format!("must be of {}", names())))
}

/// The end of a key: an instant, or the end of a day in UTC.
pub fn end(text: &str) -> Result<Instant, Error> {
    let of_day = || Instant::parse_aws(&format!("{text}T00:00:00Z")).map(|start| start.plus(DAY_MS));
    Instant::parse_aws(text).or_else(of_day).ok_or_else(|| {
        Error::invalid("expires", "must be a date such as 2024-01-31 or an instant such as 2024-01-31T12:00:00Z")
    })
}

/// A key's rate.
pub fn rate(number: i64) -> Result<u32, Error> {
    let rate = u32::try_from(number).ok().filter(|rate| (1..=MAX_RATE).contains(rate));
    rate.ok_or_else(|| Error::invalid("rate_per_minute", format!("must be from 1 to {MAX_RATE}")))
}

fn texts<'a>(members: &Members<'a>, name: &str) -> Result<Option<Vec<&'a str>>, Error> {
    let Some(list) = members.list(name)? else { return Ok(None) };
    let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
    texts.map(Some).ok_or_else(|| Error::invalid(name, "must be a list of strings"))
}

/// The answer to the request that made a key. `credentials` is the object that `posture serve` prints.
pub fn created(tenant: &TenantId, credentials: &impl Serialize) -> Result<Reply, Error> {
    let key = serde_json::to_value(credentials).map_err(Error::internal)?;
    Ok(Reply::json(201, &json!({"tenant": tenant.as_str(), "key": key})))
}

/// The answer to a request for one key.
pub fn one(record: &KeyRecord) -> Reply {
    Reply::json(200, &shown(record))
}

/// The answer to a request for all keys.
pub fn list(records: &[KeyRecord]) -> Reply {
    Reply::json(200, &json!({"keys": records.iter().map(shown).collect::<Vec<_>>()}))
}

/// What may be shown of a key at any time.
pub fn shown(record: &KeyRecord) -> Value {
    let KeyRecord {
        tenant,
        name,
        scopes,
        accounts,
        created_at,
        expires_at,
        revoked_at,
        token_hash: _,
        salt: _,
        master_version: _,
        rate_per_minute,
    } = record;
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
    let at = |instant: &Option<Instant>| instant.map(|instant| instant.to_string());
    json!({
        "tenant": tenant.as_str(),
        "name": name,
        "scopes": scopes,
        "accounts": accounts,
        "created_at": created_at.to_string(),
        "expires_at": at(expires_at),
        "revoked_at": at(revoked_at),
        "rate_per_minute": rate_per_minute,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]
mod tests {
    use super::{end, parse};
    use crate::domain::{Error, Instant, Scope};

    #[test]
    fn a_whole_request_is_read() {
        let body = br#"{"name":"ci","scopes":["admin","findings:read","admin"],"accounts":["123456789012"],
            "expires":"2019-01-31","rate_per_minute":7}"#;
        let key = parse(body).unwrap();
        assert_eq!(key.name, "ci");
        assert_eq!(key.scopes, [Scope::Admin, Scope::FindingsRead].into());
        assert_eq!(key.accounts, Some(["123456789012".to_owned()].into()));
        assert_eq!(key.expires_at, Some(Instant(1_548_979_200_000)));
        assert_eq!(key.rate_per_minute, Some(7));
        let key = parse(br#"{"name":"ci","scopes":[],"accounts":null}"#).unwrap();
        assert_eq!((key.accounts, key.expires_at, key.rate_per_minute), (None, None, None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, wanted) in [
            ("[]", "body"),
            ("{}", "scopes"),
            (r#"{"scopes":["admin"]}"#, "name"),
            (r#"{"name":7,"scopes":["admin"]}"#, "name"),
            (r#"{"name":"n","scopes":"admin"}"#, "scopes"),
            (r#"{"name":"n","scopes":["root"]}"#, "scopes"),
            (r#"{"name":"n","scopes":[1]}"#, "scopes"),
            (r#"{"name":"n","scopes":["admin"],"accounts":{}}"#, "accounts"),
            (r#"{"name":"n","scopes":["admin"],"expires":"soon"}"#, "expires"),
            (r#"{"name":"n","scopes":["admin"],"rate_per_minute":0}"#, "rate_per_minute"),
            (r#"{"name":"n","scopes":["admin"],"rate_per_minute":1.5}"#, "rate_per_minute"),
            (r#"{"name":"n","scopes":["admin"],"rate_per_minute":4294967296}"#, "rate_per_minute"),
            (r#"{"name":"n","scopes":["admin"],"scope":null}"#, "scope"),
        ] {
            match parse(body.as_bytes()) {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, wanted, "{body}"),
                other => panic!("{body} gave {other:?}"),
            }
        }
    }

    #[test]
    fn a_date_is_the_last_day() {
        assert_eq!(end("2019-01-31"), Ok(Instant(1_548_979_200_000)));
        assert_eq!(end("2019-01-31T23:00:00Z"), Ok(Instant(1_548_975_600_000)));
        assert!(end("2019-02-30").is_err() && end("soon").is_err());
    }
}
