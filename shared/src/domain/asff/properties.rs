//! What must hold for any sequence: order does not matter, repetition changes nothing, nothing panics.

use super::samples::{customer, day, failed, instant, object, producer, with};
use super::*;
use crate::domain::{Decision, Instant, Seen, Standing, Status, Verdict};
use proptest::prelude::*;
use serde_json::json;

/// What the ledger keeps of one finding: its newest document and the greatest timestamps.
#[derive(Default, Clone)]
struct Model {
    finding: Option<Finding>,
    seen: Option<Seen>,
}

impl Model {
    fn current(&self) -> Option<Finding> {
        let mut finding = self.finding.clone()?;
        if let Some(seen) = &self.seen {
            lay_over(&mut finding, seen);
        }
        Some(finding)
    }

    /// Takes a decision over; whether it wrote.
    fn take(&mut self, decision: Decision, sent: &Object, time: Option<&str>) -> bool {
        match decision {
            Decision::Write(write) => {
                let hub_time = write.finding.standing.hub.as_ref().and_then(|hub| json::text_at(hub, "time"));
                self.seen = Some(Seen::of(&write.finding.asff, hub_time));
                self.finding = Some(write.finding);
                true
            }
            Decision::Observed => {
                self.seen = self.seen.take().max(Some(Seen::of(sent, time)));
                false
            }
            Decision::Unchanged | Decision::Rejected(_) => false,
        }
    }

    fn import(&mut self, sent: &Object, at: Instant) -> Decision {
        let decision = import(self.current().as_ref(), self.seen.as_ref(), sent, &producer(), at);
        self.take(decision.clone(), sent, None);
        decision
    }

    /// Both steps of a snapshot; how many wrote.
    fn snapshot(&mut self, sent: &Object, time: &str, at: Instant) -> usize {
        let snapshot = Snapshot::read(sent, Some(time), at);
        let first = snapshot.import(self.current().as_ref(), self.seen.as_ref(), at);
        let wrote = usize::from(self.take(first, sent, Some(time)));
        let second = snapshot.update(self.current().as_ref(), self.seen.as_ref(), at);
        wrote + usize::from(self.take(second, sent, Some(time)))
    }

    /// The state without instants: of the hub's side, the values only.
    fn state(&self) -> Option<(Object, Standing)> {
        let mut finding = self.current()?;
        let own = &mut finding.standing;
        own.first_seen = Instant::default();
        own.evaluation_changed_at = Instant::default();
        own.unknown_since = own.unknown_since.map(|_| Instant::default());
        own.hub = own.hub.as_ref().and_then(|hub| hub.get("values")).map(|v| object(json!({ "values": v })));
        Some((finding.asff, finding.standing))
    }
}

fn words(words: &'static [&'static str]) -> proptest::sample::Select<&'static str> {
    proptest::sample::select(words)
}

/// A finding as a producer sends it on some day.
fn sent() -> impl Strategy<Value = Object> {
    let compliance = proptest::option::of(words(&["PASSED", "FAILED", "WARNING", "NOT_AVAILABLE"]));
    let top = proptest::option::of(words(&severity::LABELS));
    let fpf = proptest::option::of(words(&severity::LABELS));
    let types = proptest::option::of(words(&["a", "b"]));
    (1..60_i64, compliance, top, fpf, types, words(&["ACTIVE", "ARCHIVED"]), words(&["one", "two"])).prop_map(
        |(on, compliance, top, fpf, types, record, title)| {
            let members = json!({
                "UpdatedAt": day(on),
                "LastObservedAt": day(on),
                "Compliance": compliance.map(|status| json!({ "Status": status })),
                "Severity": top.or(if fpf.is_none() { Some("HIGH") } else { None }).map(|l| json!({ "Label": l })),
                "FindingProviderFields": fpf.map(|label| json!({ "Severity": { "Label": label } })),
                "Types": types.map(|t| json!([t])),
                "RecordState": record,
                "Title": title,
            });
            with(&failed(), members)
        },
    )
}

/// A finding as a hub shows it, and the envelope's time. UpdatedAt and times repeat often.
fn shown_by_hub() -> impl Strategy<Value = (Object, String)> {
    let workflow = proptest::option::of(words(&["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"]));
    let verification = proptest::option::of(words(&["FALSE_POSITIVE", "TRUE_POSITIVE"]));
    let note = proptest::option::of(words(&["n", "m"]));
    let fields = proptest::option::of(words(&["k", "l"]));
    (sent(), 1..4_i64, 1..5_i64, workflow, verification, note, fields, 0..3_i64).prop_map(
        |(sent, on, time, workflow, verification, note, fields, processed)| {
            let members = json!({
                "UpdatedAt": day(on),
                "LastObservedAt": day(on),
                "ProcessedAt": (processed > 0).then(|| day(on + processed)),
                "Workflow": workflow.map(|status| json!({ "Status": status })),
                "VerificationState": verification,
                "Note": note.map(|text| json!({ "Text": text, "UpdatedBy": "u", "UpdatedAt": day(1) })),
                "UserDefinedFields": fields.map(|key| json!({ key: "v" })),
            });
            (with(&sent, members), day(time))
        },
    )
}

/// Snapshots of a finding, all different or with few contents that come again and again under other times.
fn snapshots() -> impl Strategy<Value = Vec<(Object, String)>> {
    let compliance = words(&["FAILED", "FAILED", "PASSED", "WARNING"]);
    let workflow = words(&["NEW", "SUPPRESSED", "SUPPRESSED", "NOTIFIED"]);
    let verification = proptest::option::of(words(&["FALSE_POSITIVE"]));
    let content = (compliance, workflow, verification, words(&["LOW", "HIGH"])).prop_map(
        |(compliance, workflow, verification, label)| {
            let members = json!({
                "Compliance": { "Status": compliance },
                "Workflow": { "Status": workflow },
                "VerificationState": verification,
                "Severity": { "Label": label },
            });
            with(&failed(), members)
        },
    );
    let times = proptest::collection::vec((0..3_usize, 1..3_i64, 1..7_i64), 1..7);
    let few = (proptest::collection::vec(content, 1..4), times).prop_map(|(contents, times)| {
        let at = |(i, on, time): (usize, i64, i64)| {
            let content = contents.get(i % contents.len()).cloned().unwrap_or_default();
            (with(&content, json!({ "UpdatedAt": day(on) })), day(time))
        };
        times.into_iter().map(at).collect()
    });
    prop_oneof![few, proptest::collection::vec(shown_by_hub(), 1..6)]
}

/// An update that is valid.
fn change() -> impl Strategy<Value = Update> {
    let workflow = proptest::option::of(words(&["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"]));
    let verification = proptest::option::of(words(&["FALSE_POSITIVE", "TRUE_POSITIVE"]));
    let label = proptest::option::of(words(&severity::LABELS));
    let normalized = proptest::option::of(0..=100_i64);
    (workflow, verification, label, normalized, proptest::option::of(words(&["n", "m"]))).prop_map(
        |(workflow, verification, label, normalized, note)| {
            let block = with(&Object::new(), json!({ "Label": label, "Normalized": normalized }));
            let members = json!({
                "Workflow": workflow.map(|status| json!({ "Status": status })),
                "VerificationState": verification,
                "Severity": (!block.is_empty()).then_some(block),
                "Note": note.map(|text| json!({ "Text": text, "UpdatedBy": "u" })),
            });
            Update::parse(&object(members)).unwrap_or_default()
        },
    )
}

/// Indices of `n` items in any order, each at least once, some again.
fn any_order(n: usize) -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0..n, 0..n).prop_flat_map(move |again| {
        let all: Vec<usize> = (0..n).chain(again).collect();
        Just(all).prop_shuffle()
    })
}

/// Any JSON, and any JSON with the names that matter to us.
fn anything() -> impl Strategy<Value = Value> {
    let names = words(&[
        "Id",
        "ProductArn",
        "AwsAccountId",
        "UpdatedAt",
        "CreatedAt",
        "Severity",
        "Label",
        "Normalized",
        "Workflow",
        "Status",
        "Compliance",
        "FindingProviderFields",
        "Types",
        "Note",
        "ProductFields",
        "Resources",
        "RecordState",
        "Confidence",
        "UserDefinedFields",
        "Region",
        "ProductName",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(|n| json!(n)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<String>().prop_map(Value::String),
        words(&["NEW", "PASSED", "HIGH", "2024-01-01T00:00:00Z", "123456789012", samples::PRODUCT])
            .prop_map(|t| json!(t)),
    ];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::vec((names.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().map(|(n, v)| (n.to_owned(), v)).collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_order_of_snapshots_ends_in_the_same_state(
        (snapshots, order) in snapshots()
            .prop_flat_map(|s| { let n = s.len(); (Just(s), any_order(n)) }),
    ) {
        let run = |order: &[usize]| {
            let mut model = Model::default();
            for (at, (sent, time)) in (100..).zip(order.iter().filter_map(|i| snapshots.get(*i))) {
                model.snapshot(sent, time, instant(at));
            }
            model
        };
        let mut sorted: Vec<usize> = (0..snapshots.len()).collect();
        sorted.sort_by_key(|i| snapshots.get(*i).map(|(sent, time)| hub::Rank::of(sent, time)));
        let (expected, mut got) = (run(&sorted), run(&order));
        prop_assert_eq!(expected.state(), got.state());
        let newest = sorted.last().and_then(|i| snapshots.get(*i)).map(|(sent, _)| sent);
        let shown = got.current();
        for (name, value) in newest.into_iter().flatten().filter(|(name, _)| *name != "Workflow") {
            let here = shown.as_ref().and_then(|f| f.asff.get(name));
            // The members that the hub fills have more in them than was sent.
            if name != "ProductFields" { prop_assert_eq!(here, Some(value), "{}", name); }
        }
        for (sent, time) in &snapshots {
            prop_assert_eq!(got.snapshot(sent, time, instant(200)), 0, "again");
        }
    }

    #[test]
    fn a_decision_made_here_meets_later_snapshots_in_any_order(
        first in shown_by_hub(),
        decision in words(&["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"]),
        (later, order) in snapshots()
            .prop_flat_map(|s| { let n = s.len(); (Just(s), any_order(n)) }),
    ) {
        // The resets of the Workflow follow the order of arrival, so compliance and record state stand still here.
        let still = |sent: &Object| with(sent, json!({ "Compliance": { "Status": "FAILED" }, "RecordState": "ACTIVE" }));
        let first = (still(&first.0), first.1);
        let later: Vec<(Object, String)> = later
            .into_iter()
            .map(|(sent, time)| (still(&sent), time))
            .filter(|(sent, time)| hub::Rank::of(sent, time) > hub::Rank::of(&first.0, &first.1))
            .collect();
        let run = |order: &[usize]| {
            let mut model = Model::default();
            model.snapshot(&first.0, &first.1, instant(100));
            let change = Update::parse(&object(json!({ "Workflow": { "Status": decision } }))).unwrap_or_default();
            let decided = update(model.current().as_ref(), &change, &customer(), instant(101));
            model.take(decided, &first.0, None);
            for (at, (sent, time)) in (102..).zip(order.iter().filter_map(|i| later.get(*i))) {
                model.snapshot(sent, time, instant(at));
            }
            model
        };
        let mut sorted: Vec<usize> = (0..later.len()).collect();
        sorted.sort_by_key(|i| later.get(*i).map(|(sent, time)| hub::Rank::of(sent, time)));
        prop_assert_eq!(run(&sorted).state(), run(&order).state());
    }

    #[test]
    fn imports_in_any_order_end_at_the_newest(
        (imports, order) in proptest::collection::vec(sent(), 1..6)
            .prop_flat_map(|s| { let n = s.len(); (Just(s), any_order(n)) }),
    ) {
        let mut imports = imports;
        imports.sort_by_key(|sent| Seen::of(sent, None));
        imports.dedup_by_key(|sent| sent.get("UpdatedAt").cloned());
        let mut model = Model::default();
        for (at, sent) in (100..).zip(order.iter().filter_map(|i| imports.get(*i))) {
            model.import(sent, instant(at));
        }
        let mut alone = Model::default();
        for sent in imports.last().into_iter().filter(|_| order.iter().any(|i| *i + 1 == imports.len())) {
            alone.import(sent, instant(100));
            prop_assert_eq!(model.current().map(|f| f.asff), alone.current().map(|f| f.asff));
        }
        for sent in &imports {
            prop_assert_eq!(model.import(sent, instant(200)), Decision::Unchanged);
        }
        let later = imports.last().map(|sent| with(sent, json!({ "UpdatedAt": day(300) })));
        for sent in later.iter() {
            prop_assert_eq!(model.import(sent, instant(300)), Decision::Observed);
            prop_assert_eq!(model.import(sent, instant(300)), Decision::Unchanged);
        }
    }

    #[test]
    fn updates_are_idempotent_and_survive_what_producers_send(sent in sent(), later in sent(), change in change()) {
        let mut model = Model::default();
        model.import(&sent, instant(100));
        let decided = update(model.current().as_ref(), &change, &customer(), instant(101));
        model.take(decided, &sent, None);
        let again = update(model.current().as_ref(), &change, &customer(), instant(102));
        prop_assert_eq!(again, Decision::Unchanged);
        let before = model.current();
        model.import(&later, instant(103));
        let after = model.current();
        for name in ["Note", "VerificationState"] {
            let of = |f: &Option<Finding>| f.as_ref().and_then(|f| f.asff.get(name)).cloned();
            prop_assert_eq!(of(&before), of(&after));
        }
        if before.as_ref().is_some_and(|f| f.standing.customer_set.contains("Severity")) {
            let of = |f: &Option<Finding>| f.as_ref().and_then(|f| f.asff.get("Severity")).cloned();
            prop_assert_eq!(of(&before), of(&after));
        }
    }

    #[test]
    fn standing_is_always_consistent(steps in proptest::collection::vec((sent(), shown_by_hub(), change(), 0..3_u8), 1..8)) {
        let mut model = Model::default();
        for (at, (sent, (shown, time), change, which)) in (100..).zip(&steps) {
            match which {
                0 => { model.import(sent, instant(at)); }
                1 => { model.snapshot(shown, time, instant(at)); }
                _ => {
                    let decided = update(model.current().as_ref(), change, &customer(), instant(at));
                    model.take(decided, sent, None);
                }
            }
            if let Some(own) = model.current().map(|f| f.standing) {
                prop_assert_eq!(own.status.is_some(), own.result == Verdict::Fail);
                prop_assert!(own.ever_failed || own.result != Verdict::Fail);
                prop_assert!(own.acceptance.is_none() || own.status != Some(Status::FalsePositive));
            }
        }
    }

    #[test]
    fn nothing_panics_and_what_is_accepted_can_be_merged(values in proptest::collection::vec(anything(), 1..4)) {
        let base = failed();
        let mut model = Model::default();
        for value in &values {
            let merged = match value {
                Value::Object(members) => Value::Object(with(&base, Value::Object(members.clone()))),
                other => other.clone(),
            };
            for candidate in [value, &merged] {
                if let Ok(sent) = validate(candidate, Door::Import) {
                    model.import(&sent, instant(100));
                }
                if let Ok(sent) = validate(candidate, Door::Snapshot) {
                    model.snapshot(&sent, &day(1), instant(100));
                }
                let members = candidate.as_object().cloned().unwrap_or_default();
                if let Ok(change) = Update::parse(&members) {
                    let decided = update(model.current().as_ref(), &change, &customer(), instant(101));
                    model.take(decided, &members, None);
                }
                // Whatever got in is rendered, hashed and stored.
                if let Some(finding) = model.current() {
                    let text = finding.to_text().unwrap_or_default();
                    prop_assert_eq!(Finding::from_text(&text), Ok(finding));
                }
                producer_hash(&members, Door::Snapshot);
                severity::shown(&members);
            }
        }
    }
}
