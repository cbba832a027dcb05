//! Authentication: which tenant and key a request presents, and whether they are good.
//!
//! Placeholder of the surface that the host is built against.

use crate::domain::error::Denial;
use crate::domain::{Caller, Error, Instant, Scope, TenantId};
use crate::ledger::KeyRecord;
use crate::secrets::Masters;
use std::collections::BTreeSet;

/// A request as its signer saw it.
#[derive(Debug, Clone)]
pub struct SignedRequest {
    /// The method, upper case.
    pub method: String,
    /// The path as the client sent it, stage included.
    pub path: String,
    /// Decoded query pairs in order.
    pub query: Vec<(String, String)>,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What a request presents.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The tenant that the key names.
    pub tenant: TenantId,
    /// The key's name.
    pub key_name: String,
    token: String,
}

/// Finds tenant and key name in a request's credentials.
pub fn locate(request: &SignedRequest) -> Result<Presented, Denial> {
    let header = request.headers.iter().find(|(name, _)| name == "authorization").ok_or(Denial::NoKey)?;
    let token = header.1.strip_prefix("Bearer ").ok_or(Denial::NoKey)?;
    let mut parts = token.split('.');
    let (Some(tenant), Some(name), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Denial::BadKey);
    };
    let tenant = TenantId::parse(tenant).map_err(|_| Denial::BadKey)?;
    Ok(Presented { tenant, key_name: name.to_owned(), token: secret.to_owned() })
}

/// Judges what was presented against the key's record.
pub fn admit(
    presented: &Presented,
    _request: &SignedRequest,
    record: Option<&KeyRecord>,
    masters: &Masters,
    required: Option<Scope>,
    _machine_now: Instant,
    _now: Instant,
) -> Result<Caller, Denial> {
    let record = record.ok_or(Denial::BadKey)?;
    if secret(masters, &presented.tenant, &presented.key_name) != presented.token {
        return Err(Denial::BadKey);
    }
    let caller = Caller {
        tenant: presented.tenant.clone(),
        key_name: presented.key_name.clone(),
        scopes: record.scopes.clone(),
        accounts: None,
        region: None,
    };
    match required {
        Some(scope) if !caller.may(scope) => Err(Denial::Scope),
        _ => Ok(caller),
    }
}

/// Everything that a client can present a key as.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The bearer token.
    pub token: String,
    /// The AWS access key id.
    pub aws_access_key_id: String,
    /// The AWS secret access key.
    pub aws_secret_access_key: String,
    /// Datadog's API key.
    pub datadog_api_key: String,
    /// Datadog's application key.
    pub datadog_application_key: String,
}

/// Makes a key: its record to keep, and the credentials to show once.
pub fn mint(
    masters: &Masters,
    tenant: &TenantId,
    name: &str,
    scopes: BTreeSet<Scope>,
    accounts: Option<BTreeSet<String>>,
    expires: Option<Instant>,
    now: Instant,
) -> Result<(KeyRecord, Credentials), Error> {
    let secret = secret(masters, tenant, name);
    let record = KeyRecord { name: name.to_owned(), scopes, accounts, expires, created: now, revoked: None };
    let credentials = Credentials {
        token: format!("{tenant}.{name}.{secret}"),
        aws_access_key_id: format!("{tenant}.{name}"),
        aws_secret_access_key: secret.clone(),
        datadog_api_key: format!("{tenant}.{name}"),
        datadog_application_key: secret,
    };
    Ok((record, credentials))
}

fn secret(masters: &Masters, tenant: &TenantId, name: &str) -> String {
    crate::secrets::hex(&masters.newest().derive(&["key", tenant.as_str(), name]))
}
