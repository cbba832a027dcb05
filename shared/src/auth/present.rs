//! Finding the credential in a request.

use super::mint::{ACCESS_KEY_PREFIX, DATADOG_PREFIX, Secrets, TOKEN_PREFIX, TOKEN_SECRET};
use super::sigv4::{self, Signature};
use super::{Denial, SignedRequest, locator};
use crate::domain::{Instant, TenantId};
use crate::secrets::{same, sha256_hex};
use std::fmt;

/// The key that a request claims, and the proof that it brought; nothing of it is verified yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    /// The tenant that the credential names.
    pub tenant: TenantId,
    /// The key's name that the credential names.
    pub name: String,
    proof: Proof,
}

#[derive(Clone, PartialEq, Eq)]
enum Proof {
    /// A token's secret part.
    Token(String),
    /// What follows the locator in the API key, and the application key.
    Datadog {
        api: String,
        application: String,
    },
    Signature(Box<Signature>),
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proof = match self.proof {
            Proof::Token(_) => "token",
            Proof::Datadog { .. } => "datadog",
            Proof::Signature(_) => "sigv4",
        };
        f.debug_struct("Presented")
            .field("tenant", &self.tenant)
            .field("name", &self.name)
            .field("proof", &proof)
            .finish()
    }
}

/// Finds the credential in a request, in the order that [`super`] gives, and says which key it names.
///
/// Errors: [`Denial::NoKey`] when there is none, [`Denial::BadKey`] when there is one that no key of ours can have.
pub fn locate(request: &SignedRequest) -> Result<Presented, Denial> {
    let mut foreign = request.query.is_presigned();
    for header in ["authorization", "x-amzn-remapped-authorization"] {
        let Some(value) = request.single(header)? else { continue };
        let (scheme, rest) = value.trim().split_once([' ', '\t']).unwrap_or((value.trim(), ""));
        if scheme == sigv4::ALGORITHM {
            return signature(rest, request);
        }
        if scheme.eq_ignore_ascii_case("bearer") {
            return token(rest);
        }
        foreign = true;
    }
    if let Some(value) = request.single("x-api-key")? {
        return token(value);
    }
    match (request.single("dd-api-key")?, request.single("dd-application-key")?) {
        (Some(api), Some(application)) => datadog(api, application),
        (None, None) if !foreign => Err(Denial::NoKey),
        _ => Err(Denial::BadKey),
    }
}

fn token(value: &str) -> Result<Presented, Denial> {
    let (tenant, name, secret) = named(value, TOKEN_PREFIX)?;
    if secret.len() != TOKEN_SECRET {
        return Err(Denial::BadKey);
    }
    Ok(Presented { tenant, name, proof: Proof::Token(secret.to_owned()) })
}

fn datadog(api: &str, application: &str) -> Result<Presented, Denial> {
    let (tenant, name, api) = named(api, DATADOG_PREFIX)?;
    let proof = Proof::Datadog { api: api.to_owned(), application: application.trim().to_owned() };
    Ok(Presented { tenant, name, proof })
}

/// Splits prefix, lower-case locator, `_` and secret.
fn named<'a>(value: &'a str, prefix: &str) -> Result<(TenantId, String, &'a str), Denial> {
    let rest = value.trim().strip_prefix(prefix).ok_or(Denial::BadKey)?;
    let (located, secret) = rest.split_once('_').ok_or(Denial::BadKey)?;
    if located.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Denial::BadKey);
    }
    let (tenant, name) = locator::decode(&located.to_ascii_uppercase()).ok_or(Denial::BadKey)?;
    Ok((tenant, name, secret))
}

fn signature(parameters: &str, request: &SignedRequest) -> Result<Presented, Denial> {
    let signature = Signature::parse(parameters, request).ok_or(Denial::BadKey)?;
    let located = signature.access_key_id().strip_prefix(ACCESS_KEY_PREFIX).ok_or(Denial::BadKey)?;
    let (tenant, name) = locator::decode(located).ok_or(Denial::BadKey)?;
    Ok(Presented { tenant, name, proof: Proof::Signature(Box::new(signature)) })
}

impl Presented {
    /// The region of the SigV4 credential scope, if the request is so signed.
    pub fn region(&self) -> Option<String> {
        match &self.proof {
            Proof::Signature(signature) => Some(signature.region().to_owned()),
            Proof::Token(_) | Proof::Datadog { .. } => None,
        }
    }

    /// [`Denial::Skew`] when a signature's time is more than five minutes away from `machine_now`.
    pub(super) fn check_time(&self, machine_now: Instant) -> Result<(), Denial> {
        match &self.proof {
            Proof::Signature(signature) if !signature.is_fresh(machine_now) => Err(Denial::Skew),
            Proof::Signature(_) | Proof::Token(_) | Proof::Datadog { .. } => Ok(()),
        }
    }

    pub(super) fn is_token(&self) -> bool {
        matches!(self.proof, Proof::Token(_))
    }

    /// Whether the proof fits the key's secrets.
    pub(super) fn is_proven(&self, request: &SignedRequest, secrets: &Secrets<'_>, token_hash: &str) -> bool {
        match &self.proof {
            Proof::Token(secret) => same(sha256_hex(secret.as_bytes()).as_bytes(), token_hash.as_bytes()),
            Proof::Datadog { api, application } => {
                let first = same(api.as_bytes(), secrets.datadog_api().as_bytes());
                let second = same(application.as_bytes(), secrets.datadog_application().as_bytes());
                first & second
            }
            Proof::Signature(signature) => signature.is_by(secrets.aws().as_bytes(), request),
        }
    }
}
