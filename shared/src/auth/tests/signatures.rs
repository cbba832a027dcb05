//! Requests as botocore signs them (`tests/vectors/sigv4.json`), and what is changed about them: CONTRACTS 1.6.

use super::{NOW, enter, key, masters, three_ways};
use crate::auth::{Denial, Query, SignedRequest, admit, locate};
use crate::domain::{Instant, KeyRecord, Scope};
use crate::secrets::{Master, Masters};
use base64::Engine as _;
use serde_json::Value;

struct Vectors {
    record: KeyRecord,
    accepted: Vec<(String, SignedRequest)>,
    refused: Vec<(String, SignedRequest)>,
}

fn vectors() -> Vectors {
    let document: Value = serde_json::from_str(include_str!("../../../../tests/vectors/sigv4.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let fields = &document["key"];
    assert_eq!(document["signed_at_ms"].as_i64(), Some(NOW.0));
    let (template, _) = key("acme", &[Scope::FindingsRead]);
    let record = KeyRecord { name: text(&fields["name"]), salt: text(&fields["salt"]), ..template };
    let derived = crate::auth::mint::Secrets::new(&masters().current, &record.salt, &record.tenant, &record.name).aws();
    assert_eq!(derived, text(&fields["aws_secret_access_key"]), "the derivation changed: every key in use would end");
    let request = |vector: &Value| SignedRequest {
        method: text(&vector["method"]),
        paths: vec![text(&vector["path"])],
        query: Query::Encoded(text(&vector["query"])),
        headers: vector["headers"].as_array().unwrap().iter().map(|h| (text(&h[0]), text(&h[1]))).collect(),
        body: base64::engine::general_purpose::STANDARD.decode(text(&vector["body_base64"])).unwrap(),
    };
    let list = |name: &str| -> Vec<(String, SignedRequest)> {
        document[name].as_array().unwrap().iter().map(|v| (text(&v["title"]), request(v))).collect()
    };
    Vectors { record, accepted: list("accepted"), refused: list("refused") }
}

fn header<'a>(request: &'a mut SignedRequest, name: &str) -> &'a mut (String, String) {
    request.headers.iter_mut().find(|(n, _)| n == name).unwrap()
}

#[test]
fn every_signature_of_botocore_is_accepted() {
    let Vectors { record, accepted, .. } = vectors();
    assert_eq!(accepted.len(), 20);
    for (title, request) in accepted {
        let caller = enter(&request, Some(&record)).unwrap();
        assert!(["eu-west-1", "us-gov-west-1", "us-east-1"].contains(&caller.region.unwrap().as_str()), "{title}");

        // A REST API's event has decoded pairs, grouped by name.
        let Query::Encoded(query) = &request.query else { unreachable!() };
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let mut pairs: Vec<(String, String)> = query
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| part.split_once('=').unwrap())
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        pairs.sort_by(|a, b| b.0.cmp(&a.0));
        let decoded = SignedRequest { query: Query::Decoded(pairs), ..request.clone() };
        assert!(enter(&decoded, Some(&record)).is_ok(), "{title}: decoded query");

        let mut remapped = request.clone();
        header(&mut remapped, "authorization").0 = "x-amzn-Remapped-Authorization".to_owned();
        assert!(enter(&remapped, Some(&record)).is_ok(), "{title}: remapped");

        let mut several = request.clone();
        several.paths.insert(0, "/elsewhere".to_owned());
        assert!(enter(&several, Some(&record)).is_ok(), "{title}: second path");
        several.paths.clear();
        assert_eq!(enter(&several, Some(&record)), Err(Denial::BadKey), "{title}: no path");

        let mut unlisted = request.clone();
        unlisted.headers.push(("x-amzn-trace-id".to_owned(), "Root=1".to_owned()));
        assert!(enter(&unlisted, Some(&record)).is_ok(), "{title}: a header that a gateway adds");
    }
}

#[test]
fn a_dropped_content_length_is_the_bodys() {
    let Vectors { record, accepted, .. } = vectors();
    let (_, mut request) = accepted.into_iter().find(|(title, _)| title == "signer: content length").unwrap();
    request.headers.retain(|(name, _)| name != "content-length");
    assert!(enter(&request, Some(&record)).is_ok());
}

#[test]
fn what_botocore_can_sign_and_we_refuse() {
    let Vectors { record, refused, .. } = vectors();
    assert_eq!(refused.len(), 7);
    for (title, request) in refused {
        assert_eq!(enter(&request, Some(&record)), Err(Denial::BadKey), "{title}");
    }
}

/// Every way of replacing one byte of a text by one of a few others, as far as the result is text.
fn replaced(text: &str) -> impl Iterator<Item = String> {
    (0..text.len()).flat_map(move |at| {
        [b'x', b'0', b'1', b'/', b'~', b'E'].into_iter().filter_map(move |byte| {
            let mut bytes = text.as_bytes().to_vec();
            let old = std::mem::replace(&mut bytes[at], byte);
            String::from_utf8(bytes).ok().filter(|_| old != byte)
        })
    })
}

#[test]
fn one_changed_byte_anywhere_is_refused() {
    let Vectors { record, accepted, .. } = vectors();
    for (title, request) in accepted {
        let mut changed = Vec::new();
        let mut change = |part: String, edit: &dyn Fn(&mut SignedRequest)| {
            let mut copy = request.clone();
            edit(&mut copy);
            changed.push((part, copy));
        };
        for at in 0..request.body.len() {
            change(format!("body at {at}"), &|copy| copy.body[at] ^= 1);
        }
        change("longer body".into(), &|copy| copy.body.push(0));
        change("another method".into(), &|copy| copy.method = "OPTIONS".into());
        // Normalising drops `b/..`, so there a changed byte may be no change.
        if title != "signer: dots and doubled slashes" {
            for path in replaced(&request.paths[0]) {
                change(format!("path {path}"), &|copy| copy.paths = vec![path.clone()]);
            }
        }
        change("another stage".into(), &|copy| copy.paths = vec![format!("/stage{}", copy.paths[0])]);
        let Query::Encoded(query) = &request.query else { unreachable!() };
        for query in replaced(query).chain([format!("{query}&z=1"), format!("z&{query}")]) {
            change(format!("query {query}"), &|copy| copy.query = Query::Encoded(query.clone()));
        }
        for (at, (name, value)) in request.headers.iter().enumerate() {
            for value in replaced(value) {
                change(format!("{name}: {value}"), &|copy| copy.headers[at].1 = value.clone());
            }
            change(format!("no {name}"), &|copy| drop(copy.headers.remove(at)));
            change(format!("{name} twice"), &|copy| copy.headers.push((name.clone(), value.clone())));
        }
        for (part, copy) in changed {
            // The one header whose value the body itself tells.
            let told = part == "no content-length";
            assert_eq!(enter(&copy, Some(&record)).is_ok(), told, "{title}: {part}");
        }
    }
}

#[test]
fn another_secret_does_not_verify() {
    let Vectors { record, accepted, .. } = vectors();
    let salted = KeyRecord { salt: "ff".repeat(16), ..record.clone() };
    let other_master = Masters::only(Master::new(1, vec![5; 32]).unwrap());
    for (title, request) in accepted {
        let presented = locate(&request).unwrap();
        for (record, masters) in [(Some(&salted), &masters()), (Some(&record), &other_master), (None, &masters())] {
            let result = admit(&presented, &request, record, masters, None, NOW, NOW);
            assert_eq!(result, Err(Denial::BadKey), "{title}");
        }
    }
}

#[test]
fn signatures_are_good_for_five_minutes_either_way() {
    let Vectors { record, accepted, .. } = vectors();
    let (_, request) = &accepted[0];
    let presented = locate(request).unwrap();
    let at = |machine: Instant, record| {
        admit(&presented, request, record, &masters(), None, machine, Instant(0)).map(|_| ())
    };
    for (ms, expected) in [
        (0, Ok(())),
        (300_000, Ok(())),
        (-300_000, Ok(())),
        (300_001, Err(Denial::Skew)),
        (-300_001, Err(Denial::Skew)),
        (i64::MAX, Err(Denial::Skew)),
        (i64::MIN, Err(Denial::Skew)),
    ] {
        assert_eq!(at(NOW.plus(ms), Some(&record)), expected, "{ms}");
    }
    // Nor does the answer tell whether there is such a key.
    assert_eq!(at(NOW.plus(300_001), None), Err(Denial::Skew));
    // Tokens have no time of their own.
    let (record, credentials) = key("acme", &[Scope::Admin]);
    let request = &three_ways(&credentials)[0];
    assert!(admit(&locate(request).unwrap(), request, Some(&record), &masters(), None, Instant(0), NOW).is_ok());
}

#[test]
fn a_malformed_authorization_is_a_bad_key() {
    let Vectors { accepted, .. } = vectors();
    let (_, request) = &accepted[0];
    let with = |edit: &dyn Fn(&str) -> String| {
        let mut copy = request.clone();
        let (_, value) = header(&mut copy, "authorization");
        *value = edit(value);
        locate(&copy).map(|_| ())
    };
    // Neither the order of the parts nor the space after the comma is fixed.
    let reordered = |value: &str| {
        let mut parts: Vec<&str> = value.split_once(' ').unwrap().1.split(", ").collect();
        parts.reverse();
        format!("AWS4-HMAC-SHA256 {}", parts.join(","))
    };
    assert_eq!(with(&reordered), Ok(()));
    let replacements = [
        (", Signature=", ", Signature=0, Signature="),
        (", Signature=", ", Extra=1, Signature="),
        ("Credential=", "credential="),
        ("SignedHeaders=content-type;host;", "SignedHeaders=host;content-type;"),
        ("SignedHeaders=content-type;host;", "SignedHeaders=content-type;host;host;"),
        ("SignedHeaders=content-type;host;", "SignedHeaders=Content-Type;host;"),
        ("SignedHeaders=content-type;host;", "SignedHeaders=;content-type;host;"),
        ("SignedHeaders=content-type;host;", "SignedHeaders=content-type;host;missing;"),
        ("SignedHeaders=content-type;host;", "SignedHeaders=content-type;"),
        (";x-amz-date", ""),
        ("/aws4_request", ""),
        ("/aws4_request", "/aws4_request/x"),
        ("/aws4_request", "/aws4_Request"),
        ("/securityhub/", "/s3/"),
        ("/eu-west-1/", "//"),
        ("/eu-west-1/", "/eu west 1/"),
        ("/20240229/", "/20240228/"),
        ("/20240229/", "/2024022/"),
        ("=PLKA", "=AKIA"),
        ("Signature=", "Signature=0"),
    ];
    for (from, to) in replacements {
        let edit = |value: &str| {
            assert!(value.contains(from), "{from}");
            value.replacen(from, to, 1)
        };
        assert_eq!(with(&edit), Err(Denial::BadKey), "{from} -> {to}");
    }
}
