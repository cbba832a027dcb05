//! Imports: what changes nothing, what changes alone, what changes in full commits, and how fast.

use super::Options;
use super::data::{Data, Reading};
use super::load::{Ledger, REQUEST, Tally};
use super::report::Report;
use super::targets::Limit;
use super::world::World;
use crate::meter::Counts;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use posture_functions::{securityhub_batch_import_findings as import, securityhub_batch_update_findings as update};
use posture_shared::clock::Clock;
use posture_shared::domain::Error;
use posture_shared::secrets::Masters;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant as Stopwatch;

/// Findings of a full commit: DynamoDB takes 100 items, of which two are head and log entry.
const FULL: usize = 49;
/// Requests under way at a time when the rate is measured, as `posture import` sends them.
const AT_ONCE: usize = 4;

/// Measures imports.
pub(super) async fn measure(
    ledger: &mut Ledger,
    options: &Options,
    progress: &ProgressBar,
    report: &mut Report,
) -> Result<(), Error> {
    progress.set_length(8);
    progress.set_position(0);
    for n in [1, 10, REQUEST] {
        unchanged(ledger, options, n, report).await?;
        progress.inc(2);
    }
    full_commits(ledger, options, report).await?;
    changed_alone(ledger, options, report).await?;
    update_one(ledger, report).await
}

/// The same again, to the letter; and the same with newer timestamps.
async fn unchanged(ledger: &mut Ledger, options: &Options, n: usize, report: &mut Report) -> Result<(), Error> {
    let numbers: Vec<u32> = (0..ledger.data.count).step_by(17).take(n).collect();
    // What the rescan did not see again was sent with its own timestamps, so send all once.
    let at = ledger.world.clock.now();
    observe(ledger, &numbers, at.plus(-1));
    ledger.send(&numbers).await?;
    observe(ledger, &numbers, at);
    #[expect(clippy::cast_precision_loss, reason = "at most 100")]
    let (units, reads) = (n as f64 / options.targets.unchanged_per_unit + 4.0, n as f64 + 4.0);
    let limit = Limit { read: Some(reads), ..Limit::writing(units) };
    for name in ["newer timestamps", "to the letter"] {
        let answer = ledger.send(&numbers).await?;
        let written = ["finding", "document"].map(|kind| answer.counts.kind(kind).written);
        let wrong = (written != [0, 0]).then(|| format!("{written:?} findings and documents were written"));
        let (counts, folding) = without_folding(answer.counts);
        let note = if folding > 0.0 { format!(", and a fold of {folding}") } else { String::new() };
        report.judge(&format!("import of {n} unchanged, {name}{note}"), limit, counts, Some(answer.ms), wrong);
    }
    Ok(())
}

fn observe(ledger: &mut Ledger, numbers: &[u32], at: posture_shared::domain::Instant) {
    for number in numbers {
        if let Some(reading) = ledger.readings.get_mut(*number as usize) {
            reading.at = at;
        }
    }
}

/// The counts of a request without the fold that it happened to start, and that fold's write units.
fn without_folding(mut counts: Counts) -> (Counts, f64) {
    let folding = counts.write_units_of.get("PutItem").copied().unwrap_or(0.0);
    counts.write_units -= folding;
    (counts, folding)
}

async fn full_commits(ledger: &mut Ledger, options: &Options, report: &mut Report) -> Result<(), Error> {
    let mut tally = Tally::default();
    let (mut dearest, mut log) = (0.0_f64, 0);
    let numbers: Vec<u32> = (0..ledger.data.count).collect();
    for chunk in numbers.chunks_exact(FULL).take(20) {
        ledger.flip(chunk);
        let answer = ledger.send(chunk).await?;
        dearest = dearest.max(answer.counts.read_units);
        log += answer.counts.kind("log").bytes;
        tally.add(chunk.len(), answer.counts, answer.ms);
    }
    let commits = tally.each(tally.counts.write_units - tally.folding());
    report.at_most(
        "import of changed findings, full commits",
        options.targets.written_full,
        commits,
        "write a finding",
    );
    report.at_most("  reading, dearest request of 49", 2.0 * 49.0 + 20.0, dearest, "read");
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let bytes = tally.each(log as f64);
    report.at_most("  log, a changed verdict", 16.0, bytes, "bytes");
    Ok(())
}

async fn changed_alone(ledger: &mut Ledger, options: &Options, report: &mut Report) -> Result<(), Error> {
    let number = ledger.data.count / 7;
    ledger.flip(&[number]);
    let answer = ledger.send(&[number]).await?;
    let (counts, _) = without_folding(answer.counts);
    let limit = Limit { read: Some(22.0), ..Limit::writing(options.targets.written_alone) };
    report.judge("import of one changed finding", limit, counts, Some(answer.ms), None);
    let reading = Reading { failing: true, at: ledger.world.clock.now() };
    let new = Data::new(u64::MAX, 1).finding(0, reading);
    let answer = ledger.world.ask(&ledger.world.app, &import::ROUTE, &json!({"Findings": [new]})).await?.accepted()?;
    let (counts, _) = without_folding(answer.counts);
    report.judge("import of one new finding", limit, counts, Some(answer.ms), None);
    Ok(())
}

/// An update of one finding, for information.
async fn update_one(ledger: &Ledger, report: &mut Report) -> Result<(), Error> {
    let body = json!({"FindingIdentifiers": [ledger.identifier(11)], "Workflow": {"Status": "RESOLVED"}});
    let answer = ledger.world.ask(&ledger.world.app, &update::ROUTE, &body).await?.accepted()?;
    let (rounds, units) = (answer.counts.rounds, answer.counts.write_units);
    report.tell("update of one finding", format!("{rounds} rounds, {units} write"));
    Ok(())
}

/// How many changed findings a second go into a file. For information: it depends on the machine.
pub(super) async fn measure_rate(
    data: Data,
    folder: &Path,
    progress: &ProgressBar,
    report: &mut Report,
) -> Result<(), Error> {
    let world = World::new(Clock::machine(), Some(folder), None).await?;
    progress.set_length(u64::from(data.count) * 2);
    progress.set_position(0);
    for (name, flipped) in [("new", false), ("changed", true)] {
        let started = Stopwatch::now();
        import_all(data, &world, flipped, progress).await?;
        let rate = f64::from(data.count) / started.elapsed().as_secs_f64();
        report.tell(&format!("import into a file, {name} findings"), format!("{rate:.0} a second"));
    }
    Ok(())
}

/// Puts every finding into a new or empty folder, and measures nothing.
pub(super) async fn fill(data: Data, folder: &Path, masters: Masters, progress: &ProgressBar) -> Result<(), Error> {
    let world = World::new(Clock::machine(), Some(folder), Some(masters)).await?;
    progress.set_length(data.count.into());
    import_all(data, &world, false, progress).await
}

/// Imports what the first scan says of every finding, or the opposite, in requests of a client that has many.
async fn import_all(data: Data, world: &World, flipped: bool, progress: &ProgressBar) -> Result<(), Error> {
    let at = world.clock.now();
    let numbers: Vec<u32> = (0..data.count).collect();
    let requests = numbers.chunks(REQUEST).map(|chunk| async move {
        let findings = chunk.iter().map(|n| {
            let failing = data.fails_at_first(*n) != flipped;
            data.finding(*n, Reading { failing, at })
        });
        let body = json!({"Findings": findings.collect::<Vec<_>>()});
        let answer = world.ask(&world.app, &import::ROUTE, &body).await?.accepted()?;
        if answer.body.get("FailedCount").and_then(Value::as_u64) != Some(0) {
            return Err(Error::internal(format!("an import of the bench was refused: {}", answer.body)));
        }
        progress.inc(chunk.len() as u64);
        Ok(())
    });
    stream::iter(requests).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    Ok(())
}
