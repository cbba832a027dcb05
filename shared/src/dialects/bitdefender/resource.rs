//! The resource, account and rule of a finding, as this API's rows show them.
//!
//! A finding about a whole account has no resource here: `resource_id` and `resource_name` are null, as in the vendor's
//! samples. Such a resource has the account's id, or `AWS::::Account:` before it. Without a region of its own a resource
//! is where its ARN says, and `global` where that names none; what is no ARN is in the finding's region.

use super::envelope::related;
use crate::domain::framework::{Control, FrameworkQuery};
use crate::domain::json::{self, Object};
use crate::domain::resource_type::{ResourceType, resource_name};
use crate::domain::{Accounts, Finding, Named, Uids};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What rows need to know beside their finding.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// How uids are made.
    pub uids: &'a Uids,
    /// How accounts are called.
    pub accounts: &'a Accounts,
    /// The newest version of each rule.
    pub versions: &'a BTreeMap<String, i64>,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its region.
    pub region: String,
    /// Its id; `None` for a whole account.
    pub id: Option<String>,
    /// Its type, as people write it.
    pub kind: String,
}

impl Resource {
    /// The resource of a finding: the first one.
    pub fn of(asff: &Object) -> Self {
        let first = asff.get("Resources").and_then(|resources| resources.get(0));
        Self::read(asff, first)
    }

    /// The resource of that id, or the first one.
    pub fn named(asff: &Object, id: &str) -> Self {
        let all = asff.get("Resources").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let found = all.iter().find(|resource| resource.get("Id").and_then(Value::as_str) == Some(id));
        Self::read(asff, found.or(all.first()))
    }

    fn read(asff: &Object, resource: Option<&Value>) -> Self {
        let member = |name: &str| {
            let text = resource.and_then(|resource| resource.get(name)).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
        };
        let region = member("Region").or_else(|| member("Id").and_then(region_of_arn));
        let region = region.or(json::text_at(asff, "Region")).filter(|region| !region.is_empty());
        let account = json::text_at(asff, "AwsAccountId").unwrap_or_default();
        Self {
            region: region.unwrap_or("global").to_owned(),
            id: member("Id").filter(|id| is_listed(id, account)).map(str::to_owned),
            kind: ResourceType::parse(member("Type").unwrap_or_default()).people(),
        }
    }

    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.id.as_deref().map(resource_name)
    }
}

/// The region that an ARN names; empty for what lies in none. `None` for what is no ARN.
fn region_of_arn(id: &str) -> Option<&str> {
    id.strip_prefix("arn:")?.split(':').nth(2)
}

/// Whether a resource is listed, given the account of a finding about it: it is no whole account.
pub fn is_listed(id: &str, account: &str) -> bool {
    id != account && !id.starts_with("AWS::::Account:")
}

/// The members of a row that tell of resource, account and group.
pub fn attributes(finding: &Finding, names: &Names<'_>) -> Object {
    let asff = &finding.asff;
    let resource = Resource::of(asff);
    let account = account_of(asff);
    let mut members = Object::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("resource_name", json!(resource.name()));
    put("resource_region", json!(resource.region));
    put("resource_id", json!(resource.id));
    put("resource_type", json!(resource.kind));
    put("scan_name", json!(names.accounts.name(account, json::text_at(asff, "AwsAccountName"))));
    put("scan_group_name", json!(names.accounts.group(account)));
    put("title", json!(json::text_at(asff, "Title")));
    put("description", json!(json::text_at(asff, "Description")));
    put("original_severity", super::check::word(finding.standing.original_severity));
    members
}

/// The relationships to account, group and rule.
pub fn relationships(finding: &Finding, names: &Names<'_>) -> Object {
    let account = account_of(&finding.asff);
    let uid = |kind: Named, name: &str| names.uids.named(kind, name).to_string();
    let mut members = Object::new();
    let mut put = |name: &str, id: String| members.insert(name.to_owned(), related(name, &id));
    put("scan", uid(Named::Account, account));
    put("scan_group", uid(Named::Group, names.accounts.group(account)));
    put("rule", uid(Named::Rule, rule_of(&finding.asff)));
    members
}

/// The controls of a finding or rule.
pub fn controls(asff: &Object) -> Value {
    let controls = crate::domain::framework::controls_of(asff);
    let named = controls.iter().filter(|control| !control.control.is_empty());
    json!({"data": named.map(control).collect::<Vec<_>>()})
}

fn control(control: &Control) -> Value {
    let meta = json!({
        "compliance_type": "system_compliance",
        "compliance_id": compliance_id(control),
        "section_id": control.section(),
    });
    json!({"id": control.control, "type": "control", "meta": meta})
}

/// What the row of a finding or of its rule takes in an answer at most, in bytes of its JSON as a text within JSON.
pub fn row_size(finding: &Finding) -> usize {
    const NAMES_AND_UIDS: usize = 2_500;
    const OF_A_CONTROL: usize = 400;
    let asff = &finding.asff;
    let texts = ["Title", "Description", "AwsAccountName", "Region", "GeneratorId", "Remediation"];
    let first = asff.get("Resources").and_then(|resources| resources.get(0));
    let members = ["Id", "Type", "Region"].map(|name| first.and_then(|resource| resource.get(name)));
    // Escaped once in the row and once more in the answer.
    let length = |value: Option<&Value>| value.map_or(0, |value| 2 * value.to_string().len());
    let of_texts: usize = texts.iter().map(|name| length(asff.get(*name))).sum();
    let of_members: usize = members.into_iter().map(|member| 2 * length(member)).sum();
    let controls = crate::domain::framework::controls_of(asff).len();
    NAMES_AND_UIDS + of_texts + of_members + controls * OF_A_CONTROL
}

/// A framework and its version in one id, as the vendor writes them: `nist-sp-800-53-r5`, `cis-aws-1.5`.
pub fn compliance_id(control: &Control) -> String {
    let framework = match control.framework.as_str() {
        "nist-800-53" => "nist-sp-800-53",
        other => other,
    };
    let Some(version) = &control.version else { return framework.to_owned() };
    let plain = format!("{framework}-{version}");
    let meant = FrameworkQuery { framework: control.framework.clone(), version: control.version.clone() };
    // A number alone at the end belongs to a name (`seojk-21`), so such a version is written as the vendor does (`ccop-v2`).
    if FrameworkQuery::parse(&plain) == Some(meant) { plain } else { format!("{framework}-v{version}") }
}

/// The account that a finding is about.
fn account_of(asff: &Object) -> &str {
    json::text_at(asff, "AwsAccountId").unwrap_or_default()
}

/// The rule that a finding is by.
pub fn rule_of(asff: &Object) -> &str {
    json::text_at(asff, "GeneratorId").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::compliance_id;
    use crate::domain::framework::{FrameworkQuery, controls_of};
    use serde_json::json;

    /// What an answer names can be asked for: the document's own `ccop-v2`, `seojk-21` and `nist-sp-800-53-r5` among it.
    #[test]
    fn ids_of_frameworks_are_read_back() {
        let sent = [
            "ccop-v2 4.1.1",
            "seojk-21 7.3.2",
            "NIST.800-53.r5 CM-7",
            "CIS-1.5 1.20",
            "SOC2 cc_7_2",
            "iso27001-v2 A.9",
        ];
        let asff = json!({"Compliance": {"RelatedRequirements": sent}});
        let controls = controls_of(asff.as_object().unwrap());
        assert!(controls.len() >= sent.len());
        for control in controls {
            let id = compliance_id(&control);
            let meant = FrameworkQuery { framework: control.framework.clone(), version: control.version.clone() };
            assert_eq!(FrameworkQuery::parse(&id), Some(meant), "{id}");
        }
        let ids = |sent: &str| {
            let asff = json!({"Compliance": {"RelatedRequirements": [sent]}});
            controls_of(asff.as_object().unwrap()).iter().map(compliance_id).collect::<Vec<_>>()
        };
        assert_eq!(ids("ccop-v2 4.1.1"), ["ccop-v2"]);
        assert_eq!(ids("seojk-21 7.3.2"), ["seojk-21"]);
    }
}
