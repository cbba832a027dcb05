//! Findings as events of OCSF's class Compliance Finding (schema 1.5.0, class 2003), for tools that collect such events.
//!
//! An event tells how a finding stands in the state that is exported. Its `activity_id` is Close for what is resolved or gone, Create
//! for what has not changed since it was first seen, and Update else; its `time` is when the finding last changed. Instants are in
//! milliseconds, as the schema wants. What only we know is in `unmapped`.

use crate::domain::finding::Vocabulary;
use crate::domain::framework::{Control, controls_of};
use crate::domain::json::{Object, text_at};
use crate::domain::{Finding, Instant, Presence, Resource, Severity, Status, Uid, Verdict, score};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The version of the schema.
pub const VERSION: &str = "1.5.0";

const CATEGORY: (u32, &str) = (2, "Findings");
const CLASS: (u32, &str) = (2003, "Compliance Finding");

/// A finding as an event.
pub fn event(uid: Uid, finding: &Finding, last_seen: Instant) -> Value {
    let Finding { asff, standing } = finding;
    let text = |path: &str| text_at(asff, path);
    let (status_id, status) = status(finding);
    let (activity_id, activity) = activity(finding);
    let (severity_id, severity) = severity(standing.severity);
    let mut event = json!({
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": CATEGORY.0,
        "category_name": CATEGORY.1,
        "class_uid": CLASS.0,
        "class_name": CLASS.1,
        "type_uid": CLASS.0 * 100 + activity_id,
        "type_name": format!("{}: {activity}", CLASS.1),
        "time": standing.changed_at.0,
        "message": text("Title"),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "metadata": metadata(uid, finding),
        "finding_info": {
            "uid": uid.to_string(),
            "title": text("Title").unwrap_or_default(),
            "desc": text("Description"),
            "types": asff.get("Types").filter(|types| types.is_array()),
            "src_url": text("SourceUrl"),
            "first_seen_time": standing.first_seen.0,
            "created_time": standing.first_seen.0,
            "last_seen_time": last_seen.0,
            "modified_time": standing.changed_at.0,
            "analytic": {"type_id": 1, "type": "Rule", "uid": text("GeneratorId"), "name": text("GeneratorId")},
        },
        "compliance": compliance(finding),
        "resources": [resource(asff)],
        "cloud": {
            "provider": "AWS",
            "region": Resource::of(asff).region,
            "account": {"uid": text("AwsAccountId"), "name": text("AwsAccountName"), "type_id": 10, "type": "AWS Account"},
        },
        "unmapped": unmapped(finding),
    });
    let advice = text("Remediation.Recommendation.Text").or_else(|| text("Remediation.Recommendation.Url"));
    if let (Some(members), Some(advice)) = (event.as_object_mut(), advice) {
        let references: Vec<&str> = text("Remediation.Recommendation.Url").into_iter().collect();
        members.insert("remediation".to_owned(), json!({"desc": advice, "references": references}));
    }
    without_nulls(&mut event);
    event
}

fn metadata(uid: Uid, Finding { asff, standing }: &Finding) -> Value {
    let arn = text_at(asff, "ProductArn").unwrap_or_default();
    json!({
        "version": VERSION,
        // Of the event, which tells of one change: collectors drop what they have.
        "uid": format!("{uid}-{}", standing.changed_at.0),
        "profiles": ["cloud"],
        "product": {
            "uid": arn,
            "name": text_at(asff, "ProductName").unwrap_or(arn),
            "vendor_name": text_at(asff, "CompanyName").or_else(|| text_at(asff, "ProductName")).unwrap_or(arn),
        },
    })
}

fn compliance(finding: &Finding) -> Value {
    let (status_id, status) = match (finding.standing.unknown_since, finding.standing.result) {
        (Some(_), _) => (2, "Warning"),
        (None, Verdict::Pass) => (1, "Pass"),
        (None, Verdict::Fail) => (3, "Fail"),
        (None, Verdict::Unknown) => (0, "Unknown"),
    };
    let controls = controls_of(&finding.asff);
    let standards: BTreeSet<String> = controls.iter().map(standard).collect();
    let named = controls.iter().filter(|control| !control.control.is_empty());
    let requirements: Vec<String> = named.map(|control| format!("{} {}", standard(control), control.control)).collect();
    let control =
        text_at(&finding.asff, "Compliance.SecurityControlId").or_else(|| text_at(&finding.asff, "GeneratorId"));
    json!({
        "status_id": status_id,
        "status": status,
        "control": control,
        "standards": standards,
        "requirements": requirements,
    })
}

fn standard(control: &Control) -> String {
    match &control.version {
        Some(version) => format!("{}@{version}", control.framework),
        None => control.framework.clone(),
    }
}

fn resource(asff: &Object) -> Value {
    let Resource { id, kind, region, name, path: _ } = Resource::of(asff);
    json!({
        "uid": id,
        "name": name,
        "type": kind.dotted(),
        "region": region,
        "cloud_partition": id.strip_prefix("arn:").and_then(|rest| rest.split(':').next()),
    })
}

/// What the schema has no place for.
fn unmapped(finding: &Finding) -> Value {
    let own = &finding.standing;
    let acceptance = own.acceptance_in_force().map(|accepted| {
        json!({
            "justification": accepted.justification,
            "approved_by": accepted.approved_by,
            "expires_at": accepted.expires_at.map(|at| at.to_string()),
            "by": accepted.by,
            "at": accepted.at.to_string(),
        })
    });
    json!({
        "id": text_at(&finding.asff, "Id"),
        "status": own.status.map(Status::word),
        "presence": own.presence.word(),
        "original_severity": own.original_severity.word(),
        "risk_score": score::risk(finding).score,
        "acceptance": acceptance,
    })
}

/// Where work on a finding stands.
fn status(finding: &Finding) -> (u32, &'static str) {
    let own = &finding.standing;
    match (own.presence, own.result, own.status) {
        (Presence::Gone, ..) => (5, "Archived"),
        (_, Verdict::Pass, _) | (_, _, Some(Status::Remediated)) => (4, "Resolved"),
        (_, _, Some(Status::RiskAccepted | Status::FalsePositive)) => (3, "Suppressed"),
        (_, _, Some(Status::NeedsReview)) => (2, "In Progress"),
        (_, Verdict::Fail, _) => (1, "New"),
        (_, Verdict::Unknown, _) => (0, "Unknown"),
    }
}

fn activity(finding: &Finding) -> (u32, &'static str) {
    let own = &finding.standing;
    match status(finding).0 {
        4 | 5 => (3, "Close"),
        _ if own.changed_at == own.first_seen => (1, "Create"),
        _ => (2, "Update"),
    }
}

fn severity(severity: Severity) -> (u32, &'static str) {
    match severity {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

/// The schema knows no nulls.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}
