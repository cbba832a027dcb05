//! A finding as Infracast shows it (infracast-findings, Example Response and Framework Mapping).

use super::limits::ROW_BYTES;
use super::vocabulary::{Listing, severity_word};
use crate::domain::framework::{Control, compare_versions, controls_of};
use crate::domain::json::{self, Object};
use crate::domain::{Acceptance, Finding, Instant, MappingQuery, Resource, Uid, score};
use serde_json::{Value, json};
use std::cmp::Ordering;

/// A finding with what is known about it beside its document.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// Its uid.
    pub uid: Uid,
    /// The finding, evaluated.
    pub finding: &'a Finding,
    /// When a producer last reported it.
    pub last_seen: Instant,
}

/// The frameworks that are shown first, in the order of the document.
const FIRST: [&str; 4] = ["cis-aws", "nist-800-53", "pci-dss", "soc2"];

/// What a list cuts texts to, in characters, and lists to, until a row fits.
const CUTS: [(usize, usize); 7] = [(1024, 32), (512, 16), (256, 8), (128, 4), (64, 2), (32, 1), (16, 1)];

/// Members that are never cut.
const WHOLE: [&str; 6] = ["uid", "severity", "status", "first_seen", "last_seen", "created_at"];

/// A row of a list, at most 4 KB of JSON; the mapping that was asked for is shown, and with `scored` what made the risk.
pub fn listed(shown: &Listed<'_>, asked: Option<&MappingQuery>, scored: bool) -> Value {
    let mut row = row(shown, asked);
    if scored {
        add_risk(&mut row, shown.finding);
    }
    for (chars, items) in CUTS {
        if json::canonical(&Value::Object(row.clone())).len() <= ROW_BYTES {
            break;
        }
        for (name, value) in row.iter_mut().filter(|(name, _)| !WHOLE.contains(&name.as_str())) {
            if name == "id" {
                cut_id(value, chars);
            } else {
                cut(value, chars, items);
            }
        }
    }
    Value::Object(row)
}

/// Everything that is known about a finding.
pub fn whole(shown: &Listed<'_>) -> Object {
    let mut row = row(shown, None);
    add_risk(&mut row, shown.finding);
    let asff = &shown.finding.asff;
    let key = shown.finding.key();
    row.insert("resource_arn".to_owned(), json!(Resource::of(asff).id));
    row.insert("remediation_url".to_owned(), json!(json::text_at(asff, "Remediation.Recommendation.Url")));
    row.insert("producer".to_owned(), json!({"product_arn": key.product_arn, "id": key.id}));
    row
}

fn row(shown: &Listed<'_>, asked: Option<&MappingQuery>) -> Object {
    let Listed { uid, finding: Finding { asff, standing }, last_seen } = shown;
    let Resource { id: _, kind, region, name, path } = Resource::of(asff);
    let text = |path: &str| json::text_at(asff, path);
    let rule = text("GeneratorId").unwrap_or_default();
    let mappings = mappings(asff);
    let first = asked.and_then(|asked| mappings.iter().find(|control| asked.accepts(control))).or(mappings.first());
    let advice = text("Remediation.Recommendation.Text").or_else(|| text("Remediation.Recommendation.Url"));
    let mut row = Object::new();
    let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
    put("id", json!(format!("{rule}-{path}~{}", uid.simple())));
    put("uid", json!(uid.to_string()));
    put("rule_id", json!(rule));
    put("framework", json!(first.map(|control| &control.framework)));
    put("control_id", json!(first.and_then(control_id)));
    put("framework_mappings", mappings.iter().map(mapping).collect());
    put("severity", json!(severity_word(standing.severity)));
    put("status", json!(Listing::of(standing).map(Listing::word)));
    put("title", json!(text("Title")));
    put("description", json!(text("Description")));
    put("resource_id", json!(path));
    put("resource_type", json!(kind.dotted()));
    put("resource_name", json!(name));
    put("region", json!(region));
    put("account_id", json!(text("AwsAccountId")));
    put("remediation", json!(advice));
    put("first_seen", json!(seconds(standing.first_seen)));
    put("last_seen", json!(seconds(*last_seen)));
    put("created_at", json!(seconds(standing.first_seen)));
    put("risk_score", json!(score::risk(shown.finding).score));
    if let Some(accepted) = &standing.acceptance {
        put("acceptance", acceptance(accepted));
    }
    row
}

fn add_risk(row: &mut Object, finding: &Finding) {
    let score::Risk { score: _, vector, reasons } = score::risk(finding);
    row.insert("risk_vector".to_owned(), json!(vector));
    row.insert("risk_reasons".to_owned(), json!(reasons));
}

fn acceptance(acceptance: &Acceptance) -> Value {
    let Acceptance { justification, approved_by, review_date, expires_at, by, at } = acceptance;
    json!({
        "justification": justification,
        "approved_by": approved_by,
        "review_date": review_date,
        "expires_at": expires_at.map(seconds),
        "accepted_by": by,
        "accepted_at": seconds(*at),
    })
}

/// What a finding maps to, in the order in which it is shown.
fn mappings(asff: &Object) -> Vec<Control> {
    let mut controls = controls_of(asff);
    controls.sort_by(order);
    controls
}

/// Mappings that name a control first, then by framework, newer versions and lower controls first.
fn order(a: &Control, b: &Control) -> Ordering {
    let place = |control: &Control| FIRST.iter().position(|first| *first == control.framework).unwrap_or(FIRST.len());
    let version = |control: &Control| control.version.clone().unwrap_or_default();
    (a.control.is_empty().cmp(&b.control.is_empty()))
        .then_with(|| place(a).cmp(&place(b)))
        .then_with(|| a.framework.cmp(&b.framework))
        .then_with(|| compare_versions(&version(b), &version(a)))
        .then_with(|| compare_versions(&a.control, &b.control))
}

fn mapping(control: &Control) -> Value {
    let mut mapping = Object::new();
    mapping.insert("framework".to_owned(), json!(control.framework));
    mapping.insert("control_id".to_owned(), json!(control_id(control)));
    if let Some(version) = &control.version {
        mapping.insert("version".to_owned(), json!(version));
    }
    Value::Object(mapping)
}

fn control_id(control: &Control) -> Option<&str> {
    Some(control.control.as_str()).filter(|id| !id.is_empty())
}

/// An instant to the second, as in the document.
fn seconds(at: Instant) -> String {
    let text = at.to_string();
    text.get(..19).map_or_else(|| text.clone(), |seconds| format!("{seconds}Z"))
}

/// Cuts texts and lists within a value that we have made ourselves.
fn cut(value: &mut Value, chars: usize, items: usize) {
    match value {
        Value::String(text) => cut_text(text, chars),
        Value::Array(list) => {
            list.truncate(items);
            list.iter_mut().for_each(|item| cut(item, chars, items));
        }
        Value::Object(members) => members.values_mut().for_each(|member| cut(member, chars, items)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Cuts an id before its uid, by which it is found all the same.
fn cut_id(id: &mut Value, chars: usize) {
    let parts = id.as_str().and_then(|id| id.rsplit_once('~'));
    if let Some((names, uid)) = parts.map(|(names, uid)| (names.to_owned(), uid.to_owned())) {
        let mut names = names;
        cut_text(&mut names, chars);
        *id = Value::String(format!("{names}~{uid}"));
    }
}

fn cut_text(text: &mut String, chars: usize) {
    if text.chars().count() > chars {
        *text = text.chars().take(chars.saturating_sub(1)).chain("…".chars()).collect();
    }
}
