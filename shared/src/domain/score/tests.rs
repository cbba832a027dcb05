//! Scores against known ones, and the facts that move them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use super::{Metric, VECTOR_FIELD, Vector, of_severity, risk};
use crate::domain::asff::next_standing;
use crate::domain::finding::Vocabulary;
use crate::domain::{Finding, Instant, Severity};
use serde_json::{Value, json};

/// Vectors with base, temporal and environmental scores in tenths, from an independent implementation.
const KNOWN: &[(&str, u8, u8, u8)] = &[
    ("AV:N/AC:L/Au:N/C:N/I:P/A:N/PL:ND/EM:P", 50, 50, 50),
    ("AV:L/AC:L/Au:N/C:N/I:N/A:P/PL:ND/EM:P", 21, 21, 21),
    ("AV:L/AC:L/Au:N/C:P/I:P/A:P/PL:ND/EM:A", 46, 46, 46),
    ("AV:L/AC:L/Au:N/C:N/I:N/A:P/PL:ND/EM:A", 21, 21, 21),
    ("AV:L/AC:H/Au:N/C:P/I:N/A:N/PL:ND/EM:A", 12, 12, 12),
    ("AV:L/AC:L/Au:N/C:N/I:N/A:P/PL:ND/EM:P", 21, 21, 21),
    ("AV:L/AC:L/Au:N/C:N/I:N/A:C/PL:ND/EM:A", 49, 49, 49),
    ("AV:L/AC:L/Au:N/C:N/I:N/A:P/PL:ND/EM:A", 21, 21, 21),
    ("AV:N/AC:H/Au:N/C:P/I:N/A:N/PL:ND/EM:A", 26, 26, 26),
    ("AV:N/AC:L/Au:N/C:N/I:N/A:P/PL:ND/EM:P", 50, 50, 50),
    ("AV:N/AC:H/Au:N/C:P/I:P/A:P/PL:U/EM:A", 51, 51, 51),
    ("AV:N/AC:L/Au:N/C:P/I:N/A:P/PL:ND/EM:A", 64, 64, 64),
    ("AV:L/AC:L/Au:N/C:N/I:N/A:P/PL:ND/EM:A", 21, 21, 21),
    ("AV:L/AC:L/Au:N/C:N/I:P/A:N/PL:ND/EM:P", 21, 21, 21),
    ("AV:L/AC:L/Au:N/C:N/I:N/A:P/PL:ND/EM:P", 21, 21, 21),
    ("AV:L/AC:L/Au:N/C:P/I:N/A:N/PL:ND/EM:A", 21, 21, 21),
    ("AV:N/AC:L/Au:N/C:P/I:P/A:P/PL:ND/EM:P", 75, 75, 75),
    ("AV:L/AC:L/Au:N/C:P/I:P/A:P/PL:U/EM:A", 46, 46, 46),
    (
        "AV:L/AC:L/Au:N/C:P/I:P/A:P/PL:U/EM:A/GEL:L/GRL:M/LVP:L/PTV:L/LRL:L/EC:C/EI:C/EA:C/CDP:L/CR:M/IR:M/AR:L",
        46,
        37,
        61,
    ),
];

fn finding(asff: Value) -> Finding {
    let Value::Object(asff) = asff else { unreachable!("a finding is an object") };
    let standing = next_standing(None, &asff, Instant(0));
    Finding { asff, standing }
}

fn with(severity: &str, resource: Value) -> Finding {
    finding(json!({"Severity": {"Label": severity}, "Resources": Value::Array(vec![resource])}))
}

#[test]
fn scores_agree_with_an_independent_implementation() {
    for (text, base, temporal, environmental) in KNOWN {
        let vector = Vector::parse(text).unwrap();
        let scores = (vector.base(), vector.temporal(), vector.environmental());
        assert_eq!(scores, (*base, *temporal, *environmental), "{text}");
        assert_eq!(vector.to_string(), *text, "printed");
    }
}

#[test]
fn the_published_examples_have_their_scores() {
    let cases = [
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 75),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:N", 94),
        ("AV:N/AC:M/Au:S/C:C/I:C/A:C", 85),
        ("AV:L/AC:H/Au:S/C:C/I:N/A:N", 38),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 100),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:N", 0),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C/EC:N/EI:N/EA:N", 0),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C/CDP:H/CR:H/IR:H/AR:H/LVP:H/PTV:H", 100),
    ];
    for (text, score) in cases {
        assert_eq!(Vector::parse(text).unwrap().environmental(), score, "{text}");
    }
}

#[test]
fn whatever_is_no_vector_is_refused() {
    for text in [
        "",
        "AV:N",
        "AV:N/AC:L/Au:N/C:P/I:P",
        "AV:N/AC:L/Au:N/C:P/I:P/A:P/",
        "AV:N/AC:L/Au:N/C:P/I:P/A:P/A:P",
        "AV:N/AC:L/Au:N/C:P/I:P/A:X",
        "AV:N/AC:L/Au:N/C:P/I:P/A:P/XX:N",
        "AV:ND/AC:L/Au:N/C:P/I:P/A:P",
        "av:N/AC:L/Au:N/C:P/I:P/A:P",
    ] {
        assert_eq!(Vector::parse(text), None, "{text}");
    }
    assert_eq!(Vector::parse(&"AV:N/".repeat(200)), None);
    let shuffled = Vector::parse("CDP:ND/A:P/I:P/C:P/Au:N/AC:L/AV:N").unwrap();
    assert_eq!(shuffled.to_string(), "AV:N/AC:L/Au:N/C:P/I:P/A:P/CDP:ND");
    assert!(!shuffled.defines(Metric::Cdp) && shuffled.defines(Metric::Av));
}

/// Bands: 0 INFO, 1-39 LOW, 40-69 MEDIUM, 70-89 HIGH, 90-100 CRITICAL.
#[test]
fn a_severity_alone_scores_in_its_band() {
    let bands = [0..=0, 1..=39, 40..=69, 70..=89, 90..=100];
    for ((severity, word), band) in Severity::WORDS.iter().zip(bands) {
        let score = of_severity(*severity).environmental();
        assert!(band.contains(&score), "{word}: {score}");
        let risk = risk(&with(&word.to_uppercase(), json!({"Type": "Other", "Id": "x"})));
        assert_eq!((risk.score, risk.reasons.len()), (score, 1), "{word}");
        assert!(risk.reasons[0].contains(word), "{risk:?}");
    }
}

#[test]
fn tags_and_exposure_set_the_environment() {
    let cases = [
        (json!({"Tags": {"Environment": "Production"}}), "CDP:H", 70),
        (json!({"Tags": {"env": "dev"}}), "CDP:L", 55),
        (json!({"Tags": {"acme:stage": "staging"}}), "CDP:LM", 60),
        (json!({"Tags": {"Data Classification": "Restricted"}}), "CR:H/IR:H", 60),
        (json!({"Tags": {"data-classification": "public"}}), "CR:L/IR:L", 39),
        (json!({"Tags": {"Availability": "high"}}), "AR:H", 50),
        (json!({"Details": {"AwsRdsDbInstance": {"PubliclyAccessible": true}}}), "PTV:H", 50),
        (json!({"Details": {"AwsElbv2LoadBalancer": {"Scheme": "internet-facing"}}}), "PTV:H", 50),
    ];
    let plain = risk(&with("MEDIUM", json!({})));
    assert_eq!((plain.score, plain.vector.as_str()), (50, "AV:N/AC:L/Au:N/C:P/I:N/A:N"));
    for (resource, metrics, score) in cases {
        let risk = risk(&with("MEDIUM", resource.clone()));
        assert_eq!(risk.vector, format!("AV:N/AC:L/Au:N/C:P/I:N/A:N/{metrics}"), "{resource}");
        assert_eq!(risk.reasons.len(), 1 + metrics.split('/').count(), "a reason a metric: {risk:?}");
        assert_eq!(risk.score, score, "{resource}");
    }
    for resource in [
        json!({"Tags": {"Environment": "moon", "Other": "production"}}),
        json!({"Tags": ["Environment"], "Details": []}),
        json!({"Details": {"AwsRdsDbInstance": {"PubliclyAccessible": false, "Scheme": "internal"}}}),
    ] {
        assert_eq!(risk(&with("MEDIUM", resource)), plain);
    }
}

#[test]
fn the_gravest_resource_counts_and_the_findings_own_vector_comes_first() {
    let tagged = |environment: &str| json!({"Tags": {"Environment": environment}});
    let several = |resources: Value| finding(json!({"Severity": {"Label": "LOW"}, "Resources": resources}));
    let both = [json!([tagged("dev"), tagged("prod")]), json!([tagged("prod"), tagged("dev")])];
    for resources in both {
        assert!(risk(&several(resources)).vector.ends_with("/CDP:H"));
    }
    let own = |vector: &str| {
        let fields = json!({ VECTOR_FIELD: vector });
        risk(&finding(json!({"Severity": {"Label": "LOW"}, "Resources": [tagged("prod")], "ProductFields": fields})))
    };
    assert_eq!(own("AV:N/AC:L/Au:N/C:P/I:P/A:P/CDP:N").score, 75);
    assert!(own("AV:N/AC:L/Au:N/C:P/I:P/A:P").vector.ends_with("/CDP:H"));
    let unreadable = own("nonsense");
    assert!(
        unreadable.reasons[0].contains("cannot be read") && unreadable.vector.starts_with("AV:L"),
        "{unreadable:?}"
    );
}
