//! Arbitrary requests: nothing panics, nothing is let in.

use super::{NOW, key, masters};
use crate::auth::{Denial, Query, SignedRequest, admit, locate};
use crate::domain::{Instant, KeyRecord, Scope};
use proptest::prelude::*;

fn any_header() -> impl Strategy<Value = (String, String)> {
    let name = prop_oneof![
        Just("authorization".to_owned()),
        Just("x-amzn-remapped-authorization".to_owned()),
        Just("x-api-key".to_owned()),
        Just("dd-api-key".to_owned()),
        Just("dd-application-key".to_owned()),
        Just("x-amz-date".to_owned()),
        Just("date".to_owned()),
        Just("host".to_owned()),
        ".{0,12}",
    ];
    let value = prop_oneof![
        ".{0,60}",
        "(Bearer |bearer\t)?(plk|pld)_[a-z2-7]{0,40}_?[A-Za-z0-9_-]{0,50}",
        "AWS4-HMAC-SHA256 Credential=(PLKA)?[A-Z2-7]{0,30}/20240229/[a-z0-9-]{0,9}/securityhub/aws4_request, ?\
         SignedHeaders=(date;)?(host)?(;x-amz-date)?, ?Signature=[0-9a-f]{64}",
        Just(
            "AWS4-HMAC-SHA256 Credential=PLKAMFRW2ZJPMNUS44DSN5SA/20240229/x/securityhub/aws4_request,\
              SignedHeaders=host;x-amz-date,Signature=0000000000000000000000000000000000000000000000000000000000000000"
                .to_owned()
        ),
        "2024[0-9]{2}29T[0-9]{6}Z",
        Just("20240229T235801Z".to_owned()),
    ];
    (name, value)
}

fn any_query() -> impl Strategy<Value = Query> {
    let encoded = "([a-z%+=&]|%[0-9A-Fa-f]{2}|.){0,30}".prop_map(Query::Encoded);
    let decoded = proptest::collection::vec((".{0,5}", ".{0,5}"), 0..4).prop_map(Query::Decoded);
    prop_oneof![encoded, decoded]
}

proptest! {
    #[test]
    fn no_request_makes_it_panic_or_lets_it_in(
        headers in proptest::collection::vec(any_header(), 0..6),
        path in ".{0,20}|(/|\\.|%2[Ff]|a){0,12}",
        query in any_query(),
        body in proptest::collection::vec(any::<u8>(), 0..40),
        machine_now in any::<i64>(),
    ) {
        let request = SignedRequest { method: "GET".into(), paths: vec![path], query, headers, body };
        if let Ok(presented) = locate(&request) {
            let (template, _) = key("acme", &[Scope::Admin]);
            let record = KeyRecord { tenant: presented.tenant.clone(), name: presented.name.clone(), ..template };
            for machine in [Instant(machine_now), NOW] {
                for record in [Some(&record), None] {
                    let result = admit(&presented, &request, record, &masters(), None, machine, NOW);
                    prop_assert!(matches!(result, Err(Denial::BadKey | Denial::Skew)));
                }
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = locate(&SignedRequest::from_text(&bytes));
    }
}
