//! A finding as Infracast shows it (infracast-findings, Example Response and Framework Mapping).

use super::limits::ROW_BYTES;
use super::vocabulary::{Listing, severity_word};
use crate::domain::finding::PRODUCT_ARN;
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
    /// Whether the Terraform that was pushed can be patched for it; `None` where that was not found out.
    pub patchable: Option<bool>,
}

/// The frameworks that are shown first, in the order of the document.
const FIRST: [&str; 4] = ["cis-aws", "nist-800-53", "pci-dss", "soc2"];

/// What a list cuts texts to, in characters, and lists to, until a row fits.
const CUTS: [(usize, usize); 7] = [(1024, 32), (512, 16), (256, 8), (128, 4), (64, 2), (32, 1), (16, 1)];

/// Members that are never cut.
const WHOLE: [&str; 6] = ["uid", "severity", "status", "first_seen", "last_seen", "created_at"];

/// A row of a list, at most 4 KB of JSON; the mapping that was asked for is shown, and with `scored` what made the risk.
pub fn listed(shown: &Listed<'_>, asked: Option<&MappingQuery>, scored: bool) -> Value {
    let mut row = uncut(shown, asked, scored);
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

/// The same row however long it is.
pub(super) fn uncut(shown: &Listed<'_>, asked: Option<&MappingQuery>, scored: bool) -> Object {
    let mut row = row(shown, asked);
    if scored {
        add_risk(&mut row, shown.finding);
    }
    row
}

/// Everything that a finding maps to, each in one text.
pub(super) fn controls(finding: &Finding) -> Value {
    let text = |control: &Control| {
        let version = control.version.as_ref().map(|version| format!("@{version}")).unwrap_or_default();
        format!("{}{version} {}", control.framework, control.control).trim_end().to_owned()
    };
    mappings(&finding.asff).iter().map(text).collect()
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
    let Listed { uid, finding: Finding { asff, standing }, last_seen, patchable } = shown;
    let Resource { id: _, kind, region, name, path } = Resource::of(asff);
    let text = |path: &str| json::text_at(asff, path);
    let rule = text("GeneratorId").unwrap_or_default();
    let mappings = mappings(asff);
    let first = asked.and_then(|asked| mappings.iter().find(|control| asked.accepts(control))).or(mappings.first());
    let advice = text("Remediation.Recommendation.Text").or_else(|| text("Remediation.Recommendation.Url"));
    let mut row = Object::new();
    let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
    put("id", json!(id(asff, &format!("{rule}-{path}"), *uid)));
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
    put("terraform_patch_available", json!(patchable));
    if let Some(accepted) = standing.acceptance_in_force() {
        put("acceptance", acceptance(accepted));
    }
    row
}

/// The full id of a finding.
pub fn full_id(shown: &Listed<'_>) -> String {
    let asff = &shown.finding.asff;
    let rule = json::text_at(asff, "GeneratorId").unwrap_or_default();
    id(asff, &format!("{rule}-{}", Resource::of(asff).path), shown.uid)
}

/// The full id. Of an audit of our own it is the finding's Id; what others file carries its uid, since two of them may say the same.
fn id(asff: &Object, names: &str, uid: Uid) -> String {
    let is_own = json::text_at(asff, "ProductArn") == Some(PRODUCT_ARN) && json::text_at(asff, "Id") == Some(names);
    if is_own { names.to_owned() } else { format!("{names}~{}", uid.simple()) }
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
pub(super) fn seconds(at: Instant) -> String {
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::super::samples::{finding, of};
    use super::{Listed, listed, whole};
    use crate::dialects::infracast::limits::ROW_BYTES;
    use crate::domain::framework::FrameworkQuery;
    use crate::domain::{Acceptance, Finding, Instant, MappingQuery, Newest, Ordinal, Severity, Uid, Uids};
    use serde_json::{Value, json};

    /// 2024-03-16T08:30:00.123Z
    const LAST_SEEN: Instant = Instant(1_710_577_800_123);

    fn uid() -> Uid {
        Uids::new([1; 32]).finding(Ordinal(7))
    }

    fn shown(finding: &Finding) -> Listed<'_> {
        Listed { uid: uid(), finding, last_seen: LAST_SEEN, patchable: Some(false) }
    }

    /// infracast-findings, Example Response: the first item, member by member; the id has our uid behind it.
    #[test]
    fn a_row_is_the_documents() {
        let finding = finding();
        let row = listed(&shown(&finding), None, false);
        let document = json!({
            "rule_id": "NIST-AC-2-STALE-ACCESS-KEY",
            "framework": "nist-800-53",
            "control_id": "AC-2",
            "severity": "HIGH",
            "status": "open",
            "title": "IAM access key unused for 90+ days",
            "description": "IAM user 'svc-deploy' has an access key unused for 127 days (≥90).",
            "resource_id": "aws:us-east-1:aws.iam.user:svc-deploy",
            "resource_type": "aws.iam.user",
            "resource_name": "svc-deploy",
            "region": "us-east-1",
            "account_id": "123456789012",
            "remediation": "Deactivate or delete access keys unused for 90+ days per NIST AC-2.",
            "first_seen": "2024-02-15T10:00:00Z",
            "last_seen": "2024-03-16T08:30:00Z",
            "created_at": "2024-02-15T10:00:00Z"
        });
        for (name, value) in document.as_object().unwrap() {
            assert_eq!(&row[name], value, "{name}");
        }
        let id = "NIST-AC-2-STALE-ACCESS-KEY-aws:us-east-1:aws.iam.user:svc-deploy";
        assert_eq!(row["id"], format!("{id}~{}", uid().simple()));
        assert_eq!(row["uid"], uid().to_string());
        assert_eq!(
            row["framework_mappings"],
            json!([{"framework": "nist-800-53", "control_id": "AC-2", "version": "r5"}])
        );
        assert!(row["risk_score"].is_u64() && row.get("acceptance").is_none() && row.get("risk_vector").is_none());
        let scored = listed(&shown(&finding), None, true);
        assert!(scored["risk_vector"].is_string() && scored["risk_reasons"].is_array());
    }

    /// infracast-findings, Framework Mapping: the order of the sample, for the finding by itself.
    #[test]
    fn mappings_come_in_the_order_of_the_document() {
        let requirements = ["SOC2 CC6.3", "PCI DSS Req 1.3.2", "NIST-800-53 SC-7", "CIS-AWS 5.2", "GDPR Article 25"];
        let finding = of(&json!({"Compliance": {"RelatedRequirements": requirements}}));
        let row = whole(&shown(&finding));
        let mappings = json!([
            {"framework": "cis-aws", "control_id": "5.2"},
            {"framework": "nist-800-53", "control_id": "SC-7"},
            {"framework": "pci-dss", "control_id": "1.3.2"},
            {"framework": "soc2", "control_id": "CC6.3"},
            {"framework": "gdpr", "control_id": "Article 25"}
        ]);
        assert_eq!(row["framework_mappings"], mappings);
        assert_eq!((&row["framework"], &row["control_id"]), (&json!("cis-aws"), &json!("5.2")));
    }

    /// The mapping that was asked for is the row's; else newer versions and lower controls go first.
    #[test]
    fn the_row_shows_the_mapping_that_was_asked_for() {
        let requirements = ["CIS-1.5 1.10", "CIS-3.0 1.10 1.9", "SOC2 cc_6_3", "Nothing-Known"];
        let finding = of(&json!({"Compliance": {"RelatedRequirements": requirements}}));
        let told = |framework: &str, control: &str| {
            let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let mut asked = MappingQuery::new(FrameworkQuery::parse(framework), text(control));
            asked.settle(&Newest::default());
            let row = listed(&shown(&finding), Some(&asked), false);
            (row["framework"].clone(), row["control_id"].clone())
        };
        assert_eq!(told("", ""), (json!("cis-aws"), json!("1.9")));
        assert_eq!(told("cis-aws@1.5", ""), (json!("cis-aws"), json!("1.10")));
        assert_eq!(told("", "CC6.3"), (json!("soc2"), json!("CC6.3")));
        assert_eq!(told("nothing-known", ""), (json!("nothing-known"), Value::Null));
        assert_eq!(told("soc2", "1.9"), (json!("cis-aws"), json!("1.9")), "one that is not there");
    }

    #[test]
    fn acceptances_are_shown() {
        let mut finding = finding();
        finding.standing.acceptance = Some(Acceptance {
            justification: "Legacy jump server".to_owned(),
            approved_by: Some("ciso@company.com".to_owned()),
            review_date: Some("2024-09-30".to_owned()),
            expires_at: Some(Instant(1_727_740_800_000)),
            by: "me".to_owned(),
            at: Instant(1_707_991_200_000),
        });
        let expected = json!({
            "justification": "Legacy jump server", "approved_by": "ciso@company.com", "review_date": "2024-09-30",
            "expires_at": "2024-10-01T00:00:00Z", "accepted_by": "me", "accepted_at": "2024-02-15T10:00:00Z"
        });
        assert_eq!(listed(&shown(&finding), None, false)["acceptance"], expected);
    }

    /// infracast-findings, Finding Severity: "INFO".
    #[test]
    fn severities_have_the_documents_words() {
        let words = [
            (Severity::Critical, "CRITICAL"),
            (Severity::High, "HIGH"),
            (Severity::Medium, "MEDIUM"),
            (Severity::Low, "LOW"),
            (Severity::Informational, "INFO"),
        ];
        for (severity, word) in words {
            let mut finding = finding();
            finding.standing.severity = severity;
            assert_eq!(listed(&shown(&finding), None, false)["severity"], word);
        }
    }

    /// DESIGN §3, Sizes: rows are bounded at 4 KB, long texts cut; the finding by itself has everything.
    #[test]
    fn rows_are_bounded_and_can_still_be_asked_for() {
        let long = |text: &str| text.repeat(9_000 / text.len());
        for text in ["x", "ü", "\u{1}", "\"", "\u{1f600}"] {
            let long = long(text);
            let requirements: Vec<String> = (0..300).map(|n| format!("NIST.800-53.r5 AC-{n}")).collect();
            let mut finding = of(&json!({
                "GeneratorId": long, "Title": long, "Description": long, "AwsAccountId": long, "Region": long,
                "Remediation": {"Recommendation": {"Text": long}},
                "Resources": [{"Type": long, "Id": long, "Region": long, "Tags": {"env": "prod"}}],
                "Compliance": {"RelatedRequirements": requirements}
            }));
            finding.standing.acceptance = Some(Acceptance {
                justification: long.clone(),
                approved_by: Some(long.clone()),
                review_date: Some(long.clone()),
                expires_at: None,
                by: long.clone(),
                at: LAST_SEEN,
            });
            let row = listed(&shown(&finding), None, true);
            assert!(row.to_string().len() <= ROW_BYTES, "{} bytes of {text:?}", row.to_string().len());
            assert!(row["id"].as_str().unwrap().ends_with(&format!("…~{}", uid().simple())));
            assert!(row["title"].as_str().unwrap().ends_with('…'));
            assert_eq!((&row["uid"], &row["severity"]), (&json!(uid().to_string()), &json!("HIGH")));
            let whole = whole(&shown(&finding));
            assert_eq!((&whole["title"], &whole["description"]), (&json!(long), &json!(long)));
            assert_eq!(whole["framework_mappings"].as_array().unwrap().len(), 300);
        }
        // What fits is as it is.
        let text = "x".repeat(2_000);
        let finding = of(&json!({"Description": text}));
        assert_eq!(listed(&shown(&finding), None, true)["description"], text);
    }

    #[test]
    fn odd_documents_have_rows() {
        for asff in [
            json!({}),
            json!({"GeneratorId": 7, "Title": [], "Description": {}, "Resources": {"Type": 1}, "Compliance": "x"}),
            json!({"Resources": [[], 1, {"Id": {}, "Type": []}], "Remediation": {"Recommendation": "x"}}),
            json!({"Compliance": {"RelatedRequirements": [1, {}, "", " "], "AssociatedStandards": "x"}}),
        ] {
            let finding = of(&asff);
            let row = listed(&shown(&finding), Some(&MappingQuery::default()), true);
            assert_eq!((&row["resource_id"], &row["title"]), (&json!("aws:global:other:"), &Value::Null), "{asff}");
            assert_eq!(whole(&shown(&finding))["framework"], Value::Null);
        }
    }
}
