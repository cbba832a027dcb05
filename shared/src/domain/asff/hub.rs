//! What the real Security Hub last said about a finding, kept in [`Standing::hub`] apart from what holds here.
//!
//! Everything in it can be learned from a finding's snapshots in any order: greatest and smallest ranks, and the
//! values that belong to them. That is what makes late and repeated snapshots end in the same state.

use super::hash::producer_hash;
use super::validate::Door;
use super::{CUSTOMER_OWNED, SHARED, present, provider, severity};
use crate::domain::json::Object;
use crate::domain::{Finding, Instant, Seen, Severity, Standing, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How long a hub may go on showing what it had before it was told something, in milliseconds: its index follows its findings.
const SETTLES_MS: i64 = 10_000;

/// The place of a snapshot among those of its finding: by UpdatedAt, the envelope's time, the other timestamps, and
/// at last its content, so that any two different snapshots have an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    /// The timestamps.
    pub seen: Seen,
    /// A hash of everything else.
    pub content: String,
}

impl Rank {
    /// The rank of a snapshot as it came.
    pub fn of(sent: &Object, time: &str) -> Self {
        Self { seen: Seen::of(sent, Some(time)), content: producer_hash(sent, Door::Snapshot) }
    }
}

/// The newest verdict among the snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub rank: Rank,
    pub result: Verdict,
    /// The producer's severity in that snapshot.
    pub severity: Severity,
}

/// The hub's side of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hub {
    /// The envelope's time of the newest snapshot, absent while a newer import holds. A column reads it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time: Option<String>,
    /// The newest snapshot whose producer's part was applied.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub imported: Option<Rank>,
    /// The newest snapshot whose customer's part was applied.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub applied: Option<Rank>,
    /// The oldest snapshot, if the finding was first seen in one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<Rank>,
    /// The newest snapshot with a verdict.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub said: Option<Said>,
    /// The customers' members in the hub, see [`values`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub values: Option<Object>,
    /// For a member that was decided here: the newest snapshot known then.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub decided: BTreeMap<String, Rank>,
    /// For a member whose value the hub was told by us, and has not moved since.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub told: BTreeMap<String, Told>,
}

/// That the hub was told a member's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When it was recorded that the hub had taken it.
    pub at: Instant,
    /// What the hub had before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Value>,
}

impl Hub {
    /// The hub's side of a finding, brought up to `seen`: a snapshot that only moved timestamps wrote no document.
    pub fn of(standing: &Standing, seen: Option<&Seen>) -> Self {
        let stored = standing.hub.clone().map(|hub| serde_json::from_value::<Self>(Value::Object(hub)));
        let mut hub = stored.and_then(Result::ok).unwrap_or_default();
        let observed = seen.filter(|seen| seen.envelope.is_some());
        let (Some(seen), Some(imported), Some(applied)) = (observed, &hub.imported, &hub.applied) else { return hub };
        if imported == applied && *seen > imported.seen {
            let rank = Rank { seen: seen.clone(), content: applied.content.clone() };
            if let Some(said) = hub.said.as_mut().filter(|said| said.rank == *imported) {
                said.rank = rank.clone();
            }
            hub.time.clone_from(&seen.envelope);
            hub.imported = Some(rank.clone());
            hub.applied = Some(rank);
        }
        hub
    }

    /// Keeps it with the finding.
    pub fn store(&self, standing: &mut Standing) {
        if let Ok(Value::Object(object)) = serde_json::to_value(self) {
            standing.hub = Some(object);
        }
    }

    /// A customers' member as the hub last had it; before any snapshot, as a hub has it that nobody touched.
    pub fn value(&self, name: &str) -> Option<Value> {
        match &self.values {
            Some(values) => values.get(name).cloned(),
            None if name == "Workflow" => Some(serde_json::json!({ "Status": "NEW" })),
            None => None,
        }
    }

    /// Whether a snapshot of that time says nothing of a member but what the hub was told, or what it had before that. `shown` is
    /// the member as the snapshot shows it.
    pub fn echoes(&self, name: &str, shown: Option<&Value>, time: Option<Instant>) -> bool {
        let Some(told) = self.told.get(name) else { return false };
        let is_before = |end: Instant| time.is_some_and(|time| time <= end);
        same(name, shown, self.value(name).as_ref())
            || is_before(told.at)
            || (is_before(told.at.plus(SETTLES_MS)) && same(name, shown, told.before.as_ref()))
    }

    /// Learns a verdict.
    pub fn hear(&mut self, rank: &Rank, result: Verdict, asff: &Object) {
        if self.said.as_ref().is_none_or(|said| said.rank < *rank) {
            self.said = Some(Said { rank: rank.clone(), result, severity: severity::produced(asff) });
        }
    }
}

/// Whether two values of a customers' member say the same, however a hub writes what it was told: it dates notes itself, completes
/// severities, and need not show what has its initial value.
pub fn same(name: &str, one: Option<&Value>, other: Option<&Value>) -> bool {
    let part = |value: Option<&Value>, part: &str, initial: &str| {
        let text = value.and_then(|value| value.get(part)).and_then(Value::as_str);
        text.unwrap_or(initial).to_owned()
    };
    let agree = |name: &str, initial: &str| part(one, name, initial) == part(other, name, initial);
    match (name, one, other) {
        ("Workflow", ..) => agree("Status", "NEW"),
        ("Note", ..) => agree("Text", "") && agree("UpdatedBy", ""),
        ("VerificationState", ..) => {
            let word = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("UNKNOWN").to_owned();
            word(one) == word(other)
        }
        ("Severity", Some(Value::Object(one)), Some(Value::Object(other))) => {
            let numbers = (one.get("Normalized"), other.get("Normalized"));
            let is_one_number = !matches!(numbers, (Some(a), Some(b)) if a.as_f64() != b.as_f64());
            severity::of_block(one) == severity::of_block(other) && is_one_number
        }
        _ => one == other,
    }
}

/// The members that only customers can have set, in a snapshot: Note, UserDefinedFields, VerificationState, Workflow
/// and WorkflowState as they are; of the shared ones those whose top level is not the producer's value.
pub fn values(snapshot: &Object) -> Object {
    let owned = CUSTOMER_OWNED.into_iter().filter_map(|name| Some((name, present(snapshot, name)?)));
    let overrides = SHARED.into_iter().filter_map(|name| Some((name, override_of(snapshot, name)?)));
    owned.chain(overrides).map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

fn override_of<'a>(asff: &'a Object, name: &str) -> Option<&'a Value> {
    let top = present(asff, name)?;
    let produced = provider(asff, name)?;
    let differs = match (top, produced) {
        (Value::Object(top), Value::Object(produced)) if name == "Severity" => {
            let produced = severity::of_block(produced);
            produced.is_some() && severity::of_block(top) != produced
        }
        _ => top != produced,
    };
    differs.then_some(top)
}

/// A customers' member as it holds here, comparable with [`values`].
pub fn held(finding: &Finding, name: &str) -> Option<Value> {
    let held = CUSTOMER_OWNED.contains(&name) || finding.standing.customer_set.contains(name);
    held.then(|| present(&finding.asff, name).cloned()).flatten()
}

/// Notes that a customers' member was decided here, knowing the hub's newest snapshot.
pub fn mark_decided(standing: &mut Standing, name: &str) {
    if standing.hub.is_none() {
        return;
    }
    let mut hub = Hub::of(standing, None);
    if let Some(applied) = hub.applied.clone() {
        hub.decided.insert(name.to_owned(), applied);
        hub.store(standing);
    }
}

/// Forgets the envelope's time: from now on the newest timestamps are an import's.
pub fn forget_time(standing: &mut Standing) {
    if let Some(hub) = standing.hub.as_mut() {
        hub.remove("time");
    }
}
