//! Tokens, pairs of Datadog keys, scopes, expiry and tenants: DESIGN section 5.

use super::{NOW, enter, get, key, masters, tenant, three_ways};
use crate::auth::{Credentials, Denial, Presented, Query, SignedRequest, admit, locate, mint};
use crate::domain::{Instant, KeyRecord, Scope};
use crate::secrets::{Master, Masters};
use std::collections::BTreeSet;

#[test]
fn every_form_of_a_key_is_let_in() {
    let (record, credentials) = key("acme", &[Scope::FindingsRead]);
    for request in three_ways(&credentials) {
        let Presented { tenant: located, name, .. } = locate(&request).unwrap();
        assert_eq!((located.as_str(), name.as_str()), ("acme", "ci"));
        let caller = enter(&request, Some(&record)).unwrap();
        assert_eq!(caller.identity(), "arn:posture-ledger:key:acme:ci");
        assert_eq!((caller.scopes, caller.region), ([Scope::FindingsRead].into(), None));
    }
}

#[test]
fn no_key_is_told_from_a_bad_one() {
    let (_, credentials) = key("acme", &[Scope::Admin]);
    let Credentials { token, datadog_api_key, datadog_application_key, aws_access_key_id, .. } = &credentials;
    assert_eq!(locate(&get(&[])), Err(Denial::NoKey));
    assert_eq!(locate(&get(&[("cookie", token)])), Err(Denial::NoKey));
    let bad: &[&[(&str, &str)]] = &[
        &[("authorization", "")],
        &[("authorization", "Bearer")],
        &[("authorization", "Basic YTpi")],
        &[("authorization", token)],
        &[("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.")],
        &[("authorization", "AWS4-HMAC-SHA256")],
        &[("authorization", &format!("Bearer {}", &token[..token.len() - 1]))],
        &[("authorization", &format!("Bearer {token}A"))],
        &[("authorization", &format!("Bearer {}", token.to_uppercase()))],
        &[("x-api-key", "")],
        &[("x-api-key", aws_access_key_id)],
        &[("x-api-key", datadog_api_key)],
        &[("x-api-key", token), ("x-api-key", token)],
        &[("dd-api-key", datadog_api_key)],
        &[("dd-application-key", datadog_application_key)],
        &[("dd-api-key", datadog_application_key), ("dd-application-key", datadog_api_key)],
    ];
    for headers in bad {
        assert_eq!(locate(&get(headers)), Err(Denial::BadKey), "{headers:?}");
    }
}

#[test]
fn a_foreign_scheme_is_passed_over_for_a_key() {
    let (record, credentials) = key("acme", &[Scope::Admin]);
    let request = get(&[("authorization", "Basic YTpi"), ("x-api-key", &credentials.token)]);
    assert!(enter(&request, Some(&record)).is_ok());
}

#[test]
fn unknown_expired_revoked_and_wrong_are_one_answer() {
    let (record, credentials) = key("acme", &[Scope::Admin]);
    let (other, others) = key("acme", &[Scope::Admin]);
    let expired = KeyRecord { expires_at: Some(NOW), ..record.clone() };
    let revoked = KeyRecord { revoked_at: Some(NOW.plus(1)), ..record.clone() };
    let hashless = KeyRecord { token_hash: String::new(), ..record.clone() };
    for request in three_ways(&credentials) {
        for record in [None, Some(&other), Some(&expired), Some(&revoked)] {
            assert_eq!(enter(&request, record), Err(Denial::BadKey));
        }
    }
    assert_eq!(enter(&three_ways(&credentials)[0], Some(&hashless)), Err(Denial::BadKey));
    // Each of Datadog's two headers is needed.
    let mixed = [
        (&credentials.datadog_api_key, &others.datadog_application_key),
        (&others.datadog_api_key, &credentials.datadog_application_key),
    ];
    for (api, application) in mixed {
        let request = get(&[("dd-api-key", api), ("dd-application-key", application)]);
        assert_eq!(enter(&request, Some(&record)), Err(Denial::BadKey));
    }
}

#[test]
fn a_key_ends_at_its_very_millisecond() {
    let scopes = BTreeSet::from([Scope::Admin]);
    let end = NOW.plus(5);
    let (record, credentials) = mint(&masters(), &tenant("acme"), "ci", scopes, None, Some(end), NOW).unwrap();
    for request in three_ways(&credentials) {
        let at =
            |now| admit(&locate(&request).unwrap(), &request, Some(&record), &masters(), None, NOW, now).map(|_| ());
        assert_eq!(at(end.plus(-1)), Ok(()));
        assert_eq!(at(end), Err(Denial::BadKey));
    }
}

#[test]
fn scopes_guard_routes_and_admin_opens_all() {
    let check = |held: &[Scope], required| {
        let (record, credentials) = key("acme", held);
        let request = &three_ways(&credentials)[0];
        admit(&locate(request).unwrap(), request, Some(&record), &masters(), required, NOW, NOW).map(|_| ())
    };
    for (scope, _) in Scope::NAMES {
        assert_eq!(check(&[*scope], Some(*scope)), Ok(()));
        assert_eq!(check(&[*scope], None), Ok(()));
        assert_eq!(check(&[Scope::Admin], Some(*scope)), Ok(()));
    }
    assert_eq!(check(&[Scope::FindingsRead], Some(Scope::FindingsWrite)), Err(Denial::Scope));
    assert_eq!(check(&[Scope::FindingsImport, Scope::AuditRun], Some(Scope::Admin)), Err(Denial::Scope));
}

#[test]
fn a_missing_scope_of_a_bad_key_is_a_bad_key() {
    let (record, credentials) = key("acme", &[Scope::FindingsRead]);
    let revoked = KeyRecord { revoked_at: Some(NOW), ..record };
    let request = &three_ways(&credentials)[0];
    let presented = locate(request).unwrap();
    let result = admit(&presented, request, Some(&revoked), &masters(), Some(Scope::Admin), NOW, NOW);
    assert_eq!(result, Err(Denial::BadKey));
}

#[test]
fn tenants_with_one_key_name_are_apart() {
    let (ours, our_credentials) = key("acme", &[Scope::Admin]);
    let (theirs, their_credentials) = key("umbrella", &[Scope::Admin]);
    for request in three_ways(&our_credentials) {
        assert_eq!(enter(&request, Some(&ours)).unwrap().tenant, tenant("acme"));
        assert_eq!(enter(&request, Some(&theirs)), Err(Denial::BadKey));
    }
    // Our secret under their name.
    let split = |token: &str| -> (String, String) {
        let (locator, secret) = token.split_at(token.len() - 43);
        (locator.to_owned(), secret.to_owned())
    };
    let forged = split(&their_credentials.token).0 + &split(&our_credentials.token).1;
    let request = get(&[("x-api-key", &forged)]);
    assert_eq!(locate(&request).unwrap().tenant, tenant("umbrella"));
    assert_eq!(enter(&request, Some(&theirs)), Err(Denial::BadKey));
    assert_eq!(enter(&request, Some(&ours)), Err(Denial::BadKey));
}

#[test]
fn accounts_come_with_the_caller() {
    let accounts = BTreeSet::from(["123456789012".to_owned()]);
    let scopes = BTreeSet::from([Scope::FindingsImport]);
    let (record, credentials) = mint(&masters(), &tenant("acme"), "ci", scopes, Some(accounts), None, NOW).unwrap();
    let caller = enter(&three_ways(&credentials)[0], Some(&record)).unwrap();
    assert!(caller.may_name_account("123456789012"));
    assert!(!caller.may_name_account("210987654321"));
}

#[test]
fn what_cannot_be_a_key_is_not_minted() {
    let mint = |name: &str, scopes: &[Scope], accounts: Option<&[&str]>, end: Option<Instant>| {
        let accounts = accounts.map(|list| list.iter().map(|a| (*a).to_owned()).collect());
        mint(&masters(), &tenant("acme"), name, scopes.iter().copied().collect(), accounts, end, NOW).is_ok()
    };
    let read = &[Scope::FindingsRead];
    assert!(mint("ci", read, Some(&["000000000001"]), Some(NOW.plus(1))));
    assert!(!mint("", read, None, None));
    assert!(!mint("a/b", read, None, None));
    assert!(!mint("ci", &[], None, None));
    assert!(!mint("ci", read, Some(&[]), None));
    assert!(!mint("ci", read, Some(&["1234"]), None));
    assert!(!mint("ci", read, None, Some(NOW)));
}

#[test]
fn minted_keys_have_the_promised_forms_and_survive_the_store() {
    let longest = "t".repeat(64);
    let name = "n".repeat(64);
    let (record, credentials) =
        mint(&masters(), &tenant(&longest), &name, [Scope::Admin].into(), None, None, NOW).unwrap();
    let Credentials { aws_access_key_id, aws_secret_access_key, datadog_application_key, .. } = &credentials;
    assert!(aws_access_key_id.starts_with("PLKA") && aws_access_key_id.len() == 4 + 207);
    assert!(aws_access_key_id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
    assert_eq!((aws_secret_access_key.len(), datadog_application_key.len()), (40, 40));
    for request in three_ways(&credentials) {
        let stored: KeyRecord = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
        assert_eq!(stored, record);
        assert!(enter(&request, Some(&stored)).is_ok());
        let shown = format!("{credentials:?}{record:?}{request:?}{:?}", locate(&request).unwrap());
        let secrets = [&credentials.token, aws_secret_access_key, datadog_application_key, &record.token_hash];
        assert!(secrets.iter().all(|secret| !shown.contains(secret.as_str())), "{shown}");
    }
    let (again, anew) = key("acme", &[Scope::Admin]);
    let (before, first) = key("acme", &[Scope::Admin]);
    assert_ne!(again.salt, before.salt);
    assert_ne!(anew.aws_secret_access_key, first.aws_secret_access_key);
    assert_eq!(anew.aws_access_key_id, first.aws_access_key_id);
}

#[test]
fn a_key_lives_as_long_as_its_master_is_available() {
    let (record, credentials) = key("acme", &[Scope::Admin]);
    let next = Master::new(2, vec![9; 32]).unwrap();
    let kept = Masters { current: next.clone(), previous: Some(masters().current) };
    let gone = Masters::only(next);
    let enter = |request: &SignedRequest, masters: &Masters| {
        admit(&locate(request).unwrap(), request, Some(&record), masters, None, NOW, NOW).is_ok()
    };
    let [bearer, _, _, datadog] = &three_ways(&credentials)[..] else { unreachable!() };
    assert!(enter(bearer, &kept) && enter(datadog, &kept));
    assert!(enter(bearer, &gone) && !enter(datadog, &gone));
}

#[test]
fn the_text_of_a_request_is_read() {
    let (record, credentials) = key("acme", &[Scope::Admin]);
    let text = format!(
        "POST /prod/findings?a=b HTTP/1.1\r\nHost: x:1\r\nX-Api-Key: {}\r\n\r\nbo\r\n\r\ndy",
        credentials.token
    );
    let request = SignedRequest::from_text(text.as_bytes());
    assert_eq!((request.method.as_str(), request.paths[0].as_str()), ("POST", "/prod/findings"));
    assert_eq!(request.query, Query::Encoded("a=b".into()));
    assert_eq!(request.body, b"bo\r\n\r\ndy");
    assert!(enter(&request, Some(&record)).is_ok());
}
