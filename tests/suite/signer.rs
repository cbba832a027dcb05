//! The tests' own signer makes the signatures that botocore made: what it proves about ours, it proves for stock clients.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use posture_shared::domain::Instant;
use posture_tests::Ask;
use posture_tests::sign::Signer;
use serde_json::Value;

/// CONTRACTS 1.6: what botocore signs. Vectors with odd paths and other signed headers are for our verifier alone.
#[test]
fn it_signs_as_botocore_does() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/sigv4.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut compared = 0;
    for vector in vectors["accepted"].as_array().unwrap() {
        let title = text(&vector["title"]);
        if !title.starts_with("client: ") {
            continue;
        }
        let pair = |header: &Value| (text(&header[0]), text(&header[1]));
        let headers: Vec<_> = vector["headers"].as_array().unwrap().iter().map(pair).collect();
        let (given, mut headers): (Vec<_>, Vec<_>) = headers.into_iter().partition(|(name, _)| name == "authorization");
        let region = given[0].1.split('/').nth(2).unwrap().to_owned();
        let signed = given[0].1.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap().to_owned();
        headers.retain(|(name, _)| signed.split(';').any(|known| known == name));
        let ask = Ask {
            method: text(&vector["method"]),
            path: text(&vector["path"]),
            query: text(&vector["query"]),
            headers,
            body: STANDARD.decode(text(&vector["body_base64"])).unwrap(),
        };
        let signer = Signer {
            id: text(&vectors["key"]["aws_access_key_id"]),
            secret: text(&vectors["key"]["aws_secret_access_key"]),
            region,
            service: "securityhub".to_owned(),
            at: Instant(vectors["signed_at_ms"].as_i64().unwrap()),
        };
        assert_eq!(signer.authorization(&ask, &ask.path), given[0].1, "{title}");
        compared += 1;
    }
    assert!(compared >= 5, "only {compared} vectors");
}
