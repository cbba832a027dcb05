//! What several targets need: a finding, a deployment without a store, and the merge rules in a row.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use posture_shared::domain::asff::{self, Door, Update};
use posture_shared::domain::{
    Actor, Decision, Finding, Instant, Presence, Row, Seen, Severity, Snapshot, Source, Standing, Status, Verdict,
};
use posture_shared::secrets::{Master, Masters};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// An instant of the year 2024.
pub const NOW: Instant = Instant(1_709_251_081_000);
/// A day after [`NOW`].
pub const LATER: Instant = Instant(1_709_337_481_000);

/// A configuration that reaches no store.
pub static CLOSED: LazyLock<SdkConfig> = LazyLock::new(|| {
    SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("us-east-1")).build()
});

/// A master that is no secret.
pub fn masters() -> Masters {
    Masters::only(Master::new(1, vec![7; 32]).unwrap_or_else(|error| panic!("{error}")))
}

/// A valid finding.
pub fn finding() -> Finding {
    let Value::Object(asff) = json!({
        "SchemaVersion": "2018-10-08", "Id": "f", "ProductArn": "arn:aws:securityhub:eu-west-1::product/a/b",
        "GeneratorId": "g", "AwsAccountId": "123456789012", "CreatedAt": "2024-01-01T00:00:00Z",
        "UpdatedAt": "2024-01-01T00:00:00Z", "Title": "t", "Description": "d", "Severity": {"Label": "HIGH"},
        "Types": ["a/b"], "ProductFields": {"k": "v"}, "UserDefinedFields": {"u": "w"}, "Confidence": 50,
        "Note": {"Text": "n", "UpdatedBy": "me", "UpdatedAt": "2024-01-01T00:00:00Z"},
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b", "Region": "eu-west-1", "Tags": {"k": "v"}}],
        "Network": {"SourceIpV4": "10.0.0.1"}, "Compliance": {"Status": "FAILED"}, "RecordState": "ACTIVE"
    }) else {
        unreachable!()
    };
    let standing = Standing {
        result: Verdict::Fail,
        unknown_since: None,
        severity: Severity::High,
        original_severity: Severity::High,
        status: Some(Status::Open),
        presence: Presence::Active,
        acceptance: None,
        first_seen: NOW,
        changed_at: NOW,
        evaluation_changed_at: NOW,
        ever_failed: true,
        rule_version: 0,
        customer_set: BTreeSet::new(),
        hub: None,
        decided: None,
        rated: None,
    };
    Finding { asff, standing }
}

/// The finding as it comes back from the store, where everything that was accepted must come back from.
pub fn stored(finding: &Finding) -> Finding {
    let text = finding.to_text().unwrap_or_else(|error| panic!("cannot be stored: {error}"));
    let back = Finding::from_text(&text).unwrap_or_else(|error| panic!("cannot be read back: {error}"));
    assert_eq!(&back, finding, "comes back as it went");
    let row = Row::of(&back, NOW);
    let _ = row.delta(&Row::of(&back.clone().evaluated(LATER), LATER));
    back
}

/// What an import call makes of a finding.
pub fn import(current: Option<Finding>, sent: &Value, at: Instant) -> Option<Finding> {
    let Ok(sent) = asff::validate(sent, Door::Import) else { return current };
    let (id, product) = (sent.get("Id").cloned(), sent.get("ProductArn").cloned());
    let _ = asff::producer_hash(&sent, Door::Import);
    // Another finding is another finding; for the merge rules to have work they must share a name.
    let current = current.map(|mut finding| {
        finding.asff.insert("Id".to_owned(), id.unwrap_or_default());
        finding.asff.insert("ProductArn".to_owned(), product.unwrap_or_default());
        finding
    });
    let actor = Actor { source: Source::Import, identity: "arn".to_owned() };
    let decision = asff::import(current.as_ref(), None, &sent, &actor, at);
    after(current, decision)
}

/// What an update makes of a finding.
pub fn update(current: Finding, change: &Update, at: Instant) -> Finding {
    let actor = Actor { source: Source::Update, identity: "arn".to_owned() };
    let decision = asff::update(Some(&current), change, &actor, at);
    after(Some(current.clone()), decision).unwrap_or(current)
}

/// What both steps of a hub's snapshot make of a finding.
pub fn snapshot(current: Option<Finding>, snapshot: &Snapshot) -> Option<Finding> {
    let Ok(sent) = asff::validate(&snapshot.finding, Door::Snapshot) else { return current };
    let time = snapshot.time.as_deref();
    let seen = Seen::of(&sent, time);
    let _ = (asff::producer_hash(&sent, Door::Snapshot), asff::seen_hash(&seen));
    let read = asff::Snapshot::read(&sent, time, LATER);
    let first = read.import(current.as_ref(), None, LATER);
    let mut current = after(current, first)?;
    asff::lay_over(&mut current, &seen);
    let second = read.update(Some(&current), Some(&seen), LATER);
    after(Some(current), second)
}

fn after(current: Option<Finding>, decision: Decision) -> Option<Finding> {
    match decision {
        Decision::Write(write) => Some(write.finding),
        Decision::Unchanged | Decision::Observed | Decision::Rejected(_) => current,
    }
}
