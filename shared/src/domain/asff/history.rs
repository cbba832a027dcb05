//! What a finding's history says about two consecutive documents.

use crate::domain::Finding;
use crate::domain::column::SEEN_TEXTS;
use crate::domain::json::{self, FieldChange, Object};

impl Finding {
    /// The ASFF fields that differ, in path order. The timestamps that producers move on every scan are never among
    /// them (CONTRACTS 1.2); `Note.UpdatedAt` is no such timestamp. None for a finding's first document.
    pub fn history_between(old: Option<&Object>, new: &Object) -> Vec<FieldChange> {
        let Some(old) = old else { return Vec::new() };
        let mut changes = json::differences(old, new);
        changes.retain(|change| SEEN_TEXTS.iter().all(|column| column.name() != change.path));
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{failed, with};
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_are_dotted_lists_are_texts_and_scan_times_are_left_out() {
        let old = failed();
        let new = with(
            &old,
            json!({
                "UpdatedAt": "2024-06-01T00:00:00Z",
                "LastObservedAt": "2024-06-01T00:00:00Z",
                "Compliance": { "Status": "PASSED" },
                "Types": ["a", "b"],
                "Note": { "Text": "t", "UpdatedBy": "u", "UpdatedAt": "2024-06-01T00:00:00.000Z" },
            }),
        );
        let changes = Finding::history_between(Some(&old), &new);
        let seen: Vec<(&str, Option<&str>, Option<&str>)> =
            changes.iter().map(|c| (c.path.as_str(), c.old.as_deref(), c.new.as_deref())).collect();
        assert_eq!(
            seen,
            [
                ("Compliance.Status", Some("FAILED"), Some("PASSED")),
                ("Note.Text", None, Some("t")),
                ("Note.UpdatedAt", None, Some("2024-06-01T00:00:00.000Z")),
                ("Note.UpdatedBy", None, Some("u")),
                ("Types", Some("[\"IAM\"]"), Some("[\"a\",\"b\"]")),
            ]
        );
        assert!(Finding::history_between(None, &new).is_empty());
    }
}
