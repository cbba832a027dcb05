//! One row of `/cspm/checks` (CONTRACTS 4.3): a pass has no status and keeps its severity.

use super::parameters::zoned;
use super::resource::{Names, attributes, controls, relationships, rule_of};
use crate::domain::finding::Vocabulary;
use crate::domain::json::Object;
use crate::domain::{Finding, Ordinal, Verdict};
use serde_json::{Value, json};

/// A check. `finding` is evaluated at the answer's instant.
pub fn check(ordinal: Ordinal, finding: &Finding, names: &Names<'_>, base: &str) -> Value {
    let own = &finding.standing;
    let id = names.uids.finding(ordinal).to_string();
    let mut shown: Object = attributes(finding, names);
    let status = own.status.filter(|_| own.result == Verdict::Fail);
    shown.insert("result".to_owned(), word(own.result));
    shown.insert("severity".to_owned(), word(own.severity));
    shown.insert("status".to_owned(), status.map_or(Value::Null, word));
    shown.insert("created_at".to_owned(), json!(zoned(own.first_seen)));
    let mut related = relationships(finding, names);
    let name = rule_of(&finding.asff);
    if let Some(rule) = related.get_mut("rule").and_then(|rule| rule.get_mut("data")).and_then(Value::as_object_mut) {
        rule.insert("meta".to_owned(), json!({"name": name, "version": names.versions.get(name).unwrap_or(&1)}));
    }
    related.insert("controls".to_owned(), controls(&finding.asff));
    json!({
        "id": id, "type": "check", "attributes": shown, "relationships": related,
        "links": {"self": format!("{base}{}/{id}", super::get_checks::CHECKS.path)},
    })
}

/// The spelling of a vocabulary, as JSON.
pub fn word<T: Vocabulary>(value: T) -> Value {
    Value::String(value.word().to_owned())
}
