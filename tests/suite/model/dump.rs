//! Everything that can be asked of a ledger, in a form that two ledgers can be compared in.

use super::run::everything;
use super::world::World;
use posture_shared::domain::json::canonical;
use posture_shared::domain::{FindingKey, HistoryRecord};
use posture_shared::ledger::Writer;
use posture_shared::operations::{HistoryQuery, get_finding_history, get_findings};
use serde_json::Value;
use std::collections::BTreeMap;

/// A finding and its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The canonical text of its ASFF document.
    pub asff: String,
    /// Our own fields, printed.
    pub own: String,
    /// Newest first.
    pub history: Vec<HistoryRecord>,
}

/// Every finding of a ledger by its producer's identity.
pub async fn dump(world: &World, reader: &Writer) -> BTreeMap<FindingKey, Told> {
    let mut told = BTreeMap::new();
    let mut query = everything(100);
    loop {
        let page = get_findings(reader, &world.tenant, &query).await.unwrap();
        for found in page.findings {
            let key = found.finding.key();
            let history = history(world, reader, &key).await;
            let asff = canonical(&Value::Object(found.finding.asff));
            let own = format!("{:?}", found.finding.standing);
            assert!(told.insert(key, Told { asff, own, history }).is_none(), "a row came twice");
        }
        query.token = page.next;
        if query.token.is_none() {
            assert_eq!(told.len(), page.total as usize);
            return told;
        }
    }
}

async fn history(world: &World, reader: &Writer, key: &FindingKey) -> Vec<HistoryRecord> {
    let mut records = Vec::new();
    let mut token = None;
    loop {
        let query = HistoryQuery { key: key.clone(), from: None, to: None, limit: 100, token, fingerprint: [0; 32] };
        let page = get_finding_history(reader, &world.tenant, &query).await.unwrap();
        records.extend(page.records);
        token = page.next;
        if token.is_none() {
            return records;
        }
    }
}
