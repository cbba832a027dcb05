//! Hashes by which an unchanged import is recognised without reading a document.

use super::validate::Door;
use super::{CUSTOMER_OWNED, SEEN_TEXTS};
use crate::domain::Seen;
use crate::domain::json::{self, Object};
use crate::secrets::hex;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A hash of what a producer sent: 32 hexadecimal digits.
///
/// Left out are the timestamps that producers move on every scan and, for import calls, the members that an import
/// cannot change on an existing finding. The two doors never give the same hash, so that an import after a hub
/// snapshot of the same content is looked at.
pub fn producer_hash(sent: &Object, door: Door) -> String {
    let is_left_out = |name: &str| {
        SEEN_TEXTS.iter().any(|column| column.name() == name)
            || (door == Door::Import && CUSTOMER_OWNED.contains(&name))
    };
    let kept: Object =
        sent.iter().filter(|(name, _)| !is_left_out(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    let domain: &[u8] = match door {
        Door::Import => b"import\0",
        Door::Snapshot => b"snapshot\0",
    };
    digest(domain, json::canonical(&Value::Object(kept)).as_bytes(), 16)
}

/// A hash of the timestamps that producers move on every scan: 16 hexadecimal digits.
pub fn seen_hash(seen: &Seen) -> String {
    let texts = seen.texts.iter().chain([&seen.envelope]);
    let list: Vec<Value> = texts.map(|t| t.clone().map_or(Value::Null, Value::String)).collect();
    digest(b"seen\0", json::canonical(&Value::Array(list)).as_bytes(), 8)
}

fn digest(domain: &[u8], bytes: &[u8], keep: usize) -> String {
    let mut hash = Sha256::new();
    hash.update(domain);
    hash.update(bytes);
    hex(hash.finalize().get(..keep).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::samples::{failed, with};
    use super::*;
    use serde_json::json;

    #[test]
    fn timestamps_and_for_imports_the_customers_members_do_not_count() {
        let base = failed();
        for (change, import_same, snapshot_same) in [
            (json!({ "UpdatedAt": "2030-01-01T00:00:00Z", "ProcessedAt": "2030-01-01T00:00:00Z" }), true, true),
            (json!({ "Workflow": { "Status": "RESOLVED" }, "VerificationState": "UNKNOWN" }), true, false),
            (json!({ "Note": { "Text": "n" }, "UserDefinedFields": {}, "WorkflowState": "NEW" }), true, false),
            (json!({ "RecordState": "ARCHIVED" }), false, false),
            (json!({ "Title": "other" }), false, false),
        ] {
            let changed = with(&base, change.clone());
            for (door, same) in [(Door::Import, import_same), (Door::Snapshot, snapshot_same)] {
                assert_eq!(producer_hash(&base, door) == producer_hash(&changed, door), same, "{change} {door:?}");
            }
        }
        assert_ne!(producer_hash(&base, Door::Import), producer_hash(&base, Door::Snapshot));
    }

    #[test]
    fn the_seen_hash_tells_absent_from_present_and_places_apart() {
        let seen = |created: Option<&str>, updated: Option<&str>, envelope: Option<&str>| Seen {
            texts: [created.map(str::to_owned), updated.map(str::to_owned), None, None, None],
            envelope: envelope.map(str::to_owned),
        };
        let all = [
            seen(None, None, None),
            seen(Some("a"), None, None),
            seen(None, Some("a"), None),
            seen(None, None, Some("a")),
            seen(Some(""), None, None),
        ];
        let hashes: std::collections::BTreeSet<String> = all.iter().map(seen_hash).collect();
        assert_eq!(hashes.len(), all.len());
        assert!(hashes.iter().all(|h| h.len() == 16));
    }
}
