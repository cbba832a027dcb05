//! The same report again changes nothing: "imported three times, the second and third shuffled, leaves state and
//! history byte-equal to once".

use super::dump::dump;
use super::findings::{day, finding, key};
use super::table::Table;
use super::world::World;
use posture_local::meter::Counts;
use posture_shared::domain::Outcome;
use posture_shared::ledger::Writer;
use posture_shared::operations::import_findings;
use serde_json::{Value, json};

/// Findings of the report, without those that come twice and those that are refused.
const FINDINGS: u32 = 300;
/// Findings of one request, as the API limits them.
const REQUEST: usize = 100;

/// A report as a scanner writes it: many findings by few rules, some that pass, some Ids twice, some not acceptable.
fn report() -> Vec<Value> {
    let mut report: Vec<Value> = (0..FINDINGS)
        .map(|n| {
            let mut finding = finding(&key(0, n), &day(10));
            finding["GeneratorId"] = format!("rule-{}", n % 17).into();
            finding["Title"] = format!("Rule {} is not followed", n % 17).into();
            finding["Severity"]["Label"] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"][n as usize % 4].into();
            finding["Compliance"] = json!({
                "Status": if n % 3 == 0 { "PASSED" } else { "FAILED" },
                "RelatedRequirements": [format!("CIS-2.0 {}.{}", n % 5 + 1, n % 9 + 1), "ISO27001-2022 A.8.20"],
            });
            finding["Resources"][0]["Tags"] = json!({ "team": format!("team-{}", n % 6) });
            finding["ProductFields"] = json!({ "ScannerVersion": "5.1.0" });
            finding["FirstObservedAt"] = day(10).into();
            finding
        })
        .collect();
    for n in [5_usize, 150, 299] {
        let mut again = report[n].clone();
        again["Description"] = "The same Id and UpdatedAt, and another text.".into();
        report.push(again);
    }
    for n in 0..4 {
        let mut refused = finding(&key(0, 900 + n), &day(10));
        refused["Compliance"]["Status"] = "MANUAL".into();
        report.insert(70 * n as usize, refused);
    }
    report
}

/// The same in another order.
fn shuffled(mut report: Vec<Value>, seed: usize) -> Vec<Value> {
    let mut state = seed;
    for place in (1..report.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        report.swap(place, (state >> 33) % (place + 1));
    }
    report
}

/// Imports a report: how many were created, changed, unchanged and rejected.
async fn import(world: &World, writer: &Writer, report: &[Value]) -> [usize; 4] {
    let mut counts = [0; 4];
    for request in report.chunks(REQUEST) {
        for outcome in import_findings(writer, &world.caller(), request).await.unwrap() {
            match outcome {
                Outcome::Created => counts[0] += 1,
                Outcome::Changed => counts[1] += 1,
                Outcome::Unchanged => counts[2] += 1,
                Outcome::Rejected(rejection) => {
                    assert!(rejection.message.contains("Compliance.Status"), "{rejection:?}");
                    counts[3] += 1;
                }
            }
        }
    }
    counts
}

/// Reads of an unchanged import: "≤ n + 4 read units" a request, and what is left undecided by hashes alone.
fn assert_cheap(counts: &Counts, writes: f64, reads: f64) {
    assert!(counts.write_units <= writes, "{counts:?}");
    assert!(counts.read_units <= reads, "{counts:?}");
}

#[tokio::test]
async fn a_report_that_comes_three_times_in_any_order_leaves_what_it_left_once() {
    let world = World::new().await;
    let writer = world.writer();
    assert_eq!(import(&world, &writer, &report()).await, [300, 0, 3, 4]);
    let once = dump(&world, &writer).await;
    let table = Table::read(&world).await;
    assert_eq!(once.len(), 300);
    let first: Value = serde_json::from_str(&once[&key(0, 5)].asff).unwrap();
    assert_ne!(first["Description"], "The same Id and UpdatedAt, and another text.", "the first of two equals wins");

    for (seed, writer) in [(1, writer), (2, world.writer())] {
        world.meter.take();
        assert_eq!(import(&world, &writer, &shuffled(report(), seed)).await, [0, 0, 303, 4]);
        let counts = world.meter.take();
        assert_eq!((counts.of("TransactWriteItems"), counts.of("PutItem")), (0, 0), "{counts:?}");
        // Beside the findings: heads, and documents and log for the three that come with another text.
        assert_cheap(&counts, 0.0, 303.0 + 3.0 * 4.0 + 3.0 * 2.0 + 60.0);
        assert_eq!(dump(&world, &writer).await, once, "the {seed}. repetition");
        let again = Table::read(&world).await;
        assert_eq!(again.log, table.log, "the {seed}. repetition");
        assert_eq!((again.documents, again.findings), (table.documents.clone(), table.findings.clone()));
    }
}

/// DESIGN §4: "import, n unchanged findings: ≤ n/16 + 4 write units per request; no finding or document written; ≤ n + 4
/// read units".
#[tokio::test]
async fn a_later_scan_with_the_same_result_writes_no_finding_and_no_document() {
    let world = World::new().await;
    let writer = world.writer();
    let report: Vec<Value> = report().into_iter().filter(|f| f["Compliance"]["Status"] != "MANUAL").take(300).collect();
    import(&world, &writer, &report).await;
    let once = dump(&world, &writer).await;
    let table = Table::read(&world).await;
    let mut later = report;
    for finding in &mut later {
        finding["UpdatedAt"] = day(11).into();
        finding["LastObservedAt"] = day(11).into();
    }
    world.meter.take();
    assert_eq!(import(&world, &writer, &shuffled(later.clone(), 3)).await, [0, 0, 300, 0]);
    let counts = world.meter.take();
    assert_cheap(&counts, 3.0 * (100.0 / 16.0 + 4.0), 3.0 * 104.0);
    let again = Table::read(&world).await;
    again.audit(&world, &writer).await;
    assert_eq!((again.documents, again.findings), (table.documents, table.findings));

    for reader in [writer, world.writer()] {
        let now = dump(&world, &reader).await;
        for (key, told) in &now {
            assert_eq!(told.history, once[key].history, "being seen again is no history");
            assert_eq!(told.own, once[key].own);
            assert!(told.asff.contains(&format!("\"UpdatedAt\":\"{}\"", day(11))), "{}", told.asff);
            assert!(told.asff.contains(&format!("\"LastObservedAt\":\"{}\"", day(11))), "{}", told.asff);
        }
    }
}
