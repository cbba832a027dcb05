//! Keys of every form against every way of being wrong.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod hostile;
mod keys;
mod signatures;

use super::{Credentials, Denial, SignedRequest, admit, locate, mint};
use crate::domain::{Caller, Instant, KeyRecord, Scope, TenantId};
use crate::secrets::{Master, Masters};

const NOW: Instant = Instant(1_709_251_081_000);

fn masters() -> Masters {
    Masters::only(Master::new(1, (0..32).collect()).unwrap())
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

fn key(tenant_name: &str, scopes: &[Scope]) -> (KeyRecord, Credentials) {
    mint(&masters(), &tenant(tenant_name), "ci", scopes.iter().copied().collect(), None, None, NOW).unwrap()
}

fn get(headers: &[(&str, &str)]) -> SignedRequest {
    SignedRequest {
        method: "GET".into(),
        paths: vec!["/findings".into()],
        headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        ..SignedRequest::default()
    }
}

fn enter(request: &SignedRequest, record: Option<&KeyRecord>) -> Result<Caller, Denial> {
    admit(&locate(request)?, request, record, &masters(), None, NOW, NOW)
}

fn three_ways(credentials: &Credentials) -> Vec<SignedRequest> {
    let Credentials { token, datadog_api_key, datadog_application_key, .. } = credentials;
    vec![
        get(&[("authorization", &format!("Bearer {token}"))]),
        get(&[("Authorization", &format!("bearer  {token} "))]),
        get(&[("x-api-key", token)]),
        get(&[("DD-API-KEY", datadog_api_key), ("DD-APPLICATION-KEY", datadog_application_key)]),
    ]
}
