//! A small log made by hand, for tests: three commits with an acceptance, an observation and an erased document.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use super::commit::newest_seen;
use super::entry::{Body, Change, Entry, Observed};
use super::evidence::{Erased, Evidence};
use super::items::{Document, Expiry};
use super::keys;
use super::proof::{Hash, root};
use crate::domain::{
    Acceptance, Actor, Cell, Column, Finding, Instant, Kind, Ordinal, Presence, Row, Seen, Severity, Source, Status,
    TenantId, Verdict, finding::Standing,
};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// One commit with what it wrote.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub entry: Entry,
    pub documents: Vec<Evidence>,
    pub expiries: Vec<Expiry>,
}

pub(super) fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

pub(super) fn finding(n: u32, severity: Severity, updated: &str) -> Finding {
    let asff = json!({
        "ProductArn": "arn:p", "Id": format!("f\u{e9}\"{n}"), "Title": "t", "UpdatedAt": updated, "CreatedAt": updated,
        "Types": ["a"],
    });
    let standing = Standing {
        result: Verdict::Fail,
        unknown_since: None,
        severity,
        original_severity: severity,
        status: Some(Status::Open),
        presence: Presence::Active,
        acceptance: None,
        first_seen: Instant(1_000),
        changed_at: Instant(1_000),
        evaluation_changed_at: Instant(1_000),
        ever_failed: true,
        rule_version: 0,
        customer_set: Default::default(),
        hub: None,
        decided: None,
    };
    Finding { asff: asff.as_object().unwrap().clone(), standing }
}

pub(super) fn accepted(mut finding: Finding, expires_at: i64) -> Finding {
    finding.standing.status = Some(Status::RiskAccepted);
    finding.standing.acceptance = Some(Acceptance {
        justification: "because".to_owned(),
        approved_by: None,
        review_date: None,
        expires_at: Some(Instant(expires_at)),
        by: "me".to_owned(),
        at: Instant(2_000),
    });
    finding
}

/// Builds logs as the writer does.
#[derive(Default)]
pub(super) struct Log {
    pub commits: Vec<Made>,
    rows: HashMap<Ordinal, Row>,
}

impl Log {
    /// Adds a commit that changes these findings, in order of their numbers, and sees those again.
    pub fn commit(&mut self, at: i64, changed: &[(u32, Finding)], observed: &[(Seen, Vec<u32>)]) {
        let (tenant, at) = (tenant(), Instant(at));
        let actor = Actor { source: Source::Import, identity: "arn:p".to_owned() };
        let mut made = (Vec::new(), Vec::new(), Vec::new());
        for (n, finding) in changed {
            let ordinal = Ordinal(*n);
            let before = self.rows.get(&ordinal);
            let kind = if before.is_some() { Kind::Changed } else { Kind::Created };
            let document = Document::new(ordinal, at, kind, &actor, finding).unwrap();
            let seen = before.map(Seen::of_row);
            let mut after = Row::of(finding, at);
            newest_seen(seen.as_ref(), finding).cells().into_iter().for_each(|(c, cell)| after.set(c, cell));
            made.0.push(change(ordinal, kind, before, &after));
            if let Some(expires_at) = finding.standing.acceptance.as_ref().and_then(|a| a.expires_at) {
                made.2.push(Expiry { expires_at, ordinal, at, key: finding.key(), salt: document.salt.clone() });
            }
            made.1.push(Evidence::Whole(document));
            self.rows.insert(ordinal, after);
        }
        let mut groups = Vec::new();
        for (seen, numbers) in observed {
            let ordinals: Vec<Ordinal> = numbers.iter().copied().map(Ordinal).collect();
            for ordinal in &ordinals {
                let row = self.rows.get_mut(ordinal).unwrap();
                if Seen::of_row(row) < *seen {
                    seen.cells().into_iter().for_each(|(column, cell)| row.set(column, cell));
                }
            }
            groups.push(Observed { seen: seen.clone(), ordinals });
        }
        let (changes, documents, expiries) = made;
        let body = Body {
            commit: format!("{at}"),
            root: root_of(&tenant, &documents, &expiries),
            actors: vec![actor],
            changes,
            observed: groups,
        };
        let last = self.commits.last().map(|made| &made.entry);
        let (seq, previous) = last.map_or((1, Hash::default()), |entry| (entry.seq + 1, entry.chain));
        let entry = Entry::new(&tenant, seq, at, previous, body).unwrap();
        self.commits.push(Made { entry, documents, expiries });
    }

    /// Three commits: two findings; one accepted; one changed, with its first document erased.
    pub fn small() -> Self {
        let mut log = Self::default();
        let (old, new) = ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z");
        let first = [(0, finding(0, Severity::Low, old)), (1, finding(1, Severity::High, old))];
        log.commit(1_000, &first, &[]);
        log.commit(2_000, &[(1, accepted(finding(1, Severity::High, old), 9_000))], &[]);
        let seen = Seen::of(&finding(0, Severity::Low, new).asff, None);
        log.commit(3_000, &[(0, finding(0, Severity::Critical, old))], &[(seen, vec![0, 1])]);
        log.erase(0, 0);
        log
    }

    pub fn erase(&mut self, commit: usize, document: usize) {
        let place = &mut self.commits[commit].documents[document];
        *place = Evidence::Erased(Erased {
            ordinal: place.ordinal(),
            at: place.at(),
            kind: place.kind(),
            actor: place.actor().clone(),
            leaf: place.leaf(&tenant()),
            erased_by: "dpo".to_owned(),
            erased_at: Instant(5_000),
        });
    }
}

/// The root in hexadecimal.
pub(super) fn root_of(tenant: &TenantId, documents: &[Evidence], expiries: &[Expiry]) -> String {
    let documents = documents.iter().map(|d| (d.key(tenant), d.leaf(tenant)));
    let expiries = expiries.iter().map(|e| (keys::expiry(tenant, e.expires_at, e.ordinal, e.at), e.leaf(tenant)));
    root(documents.chain(expiries).collect()).hex()
}

fn change(ordinal: Ordinal, kind: Kind, before: Option<&Row>, after: &Row) -> Change {
    let nothing = Row::default();
    let judged = [Column::Result, Column::Severity, Column::Status, Column::Presence];
    let columns: BTreeMap<String, Cell> = before
        .unwrap_or(&nothing)
        .delta(after)
        .into_iter()
        .filter(|(column, _)| !matches!(column, Column::DocumentAt | Column::LastSeen))
        .map(|(column, cell)| (column.name().to_owned(), cell))
        .collect();
    let before = judged
        .into_iter()
        .filter(|column| before.is_some() && columns.contains_key(column.name()))
        .map(|column| (column.name().to_owned(), before.unwrap().get(column).clone()))
        .collect();
    Change { ordinal, kind, actor: 0, before, columns }
}
