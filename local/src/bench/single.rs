//! Single findings, histories, and lists as of past instants.

use super::Options;
use super::lists::{query, sorted, total};
use super::load::{Ledger, Probe};
use super::report::Report;
use super::targets::Limit;
use crate::meter::Counts;
use indicatif::ProgressBar;
use posture_functions::App;
use posture_functions::{securityhub_get_finding_history as history, securityhub_get_findings as list};
use posture_shared::domain::Error;
use posture_shared::ledger::When;
use posture_shared::operations::{get_finding, get_findings};
use serde_json::json;

/// Records of the finding whose history is read; more than a page.
const RECORDS: u32 = 121;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 1_440 * MINUTE_MS;

/// Measures single reads.
pub(super) async fn measure(
    ledger: &mut Ledger,
    options: &Options,
    progress: &ProgressBar,
    report: &mut Report,
) -> Result<(), Error> {
    progress.set_length(u64::from(RECORDS) + 10);
    progress.set_position(0);
    let reader = ledger.world.container();
    ledger.world.ask(&reader, &list::ROUTE, &json!({})).await?.accepted()?;
    one_finding(ledger, options, &reader, report).await?;
    ledger.probe().await?;
    ledger.pass_time(ledger.world.clock.now().plus(10 * MINUTE_MS));
    for probe in ledger.probes.clone() {
        past(ledger, options, &reader, &probe, report).await?;
        progress.inc(1);
    }
    histories(ledger, options, progress, report).await
}

async fn one_finding(ledger: &Ledger, options: &Options, reader: &App, report: &mut Report) -> Result<(), Error> {
    let key = ledger.data.key(ledger.data.count / 3);
    let tenant = &ledger.world.tenant;
    let cold = ledger.world.container();
    let cases = [("warm", reader, options.targets.get_warm), ("cold", &cold, options.targets.get_cold)];
    for (name, app, limit) in cases {
        let work = get_finding(&app.writer, tenant, &key, When::Now);
        let (found, counts, ms) = ledger.world.beside_key(app, work).await?;
        let wrong = found.is_none().then(|| "it was not found".to_owned());
        // One unit for 4 KB of log comes on top: what a Query took beyond its first unit.
        let limit = limit.and_reading(log_units(&counts));
        report.judge(&format!("one finding by its full id, {name}"), limit, counts, Some(ms), wrong);
    }
    Ok(())
}

/// Units for reading the log.
fn log_units(counts: &Counts) -> f64 {
    counts.log_read_units
}

/// Lists as of an instant, in a container that knows the newest state and in one that knows nothing. They may cost so
/// many times what the cold list cost then.
async fn past(
    ledger: &Ledger,
    options: &Options,
    reader: &App,
    probe: &Probe,
    report: &mut Report,
) -> Result<(), Error> {
    let (world, at) = (&ledger.world, probe.at);
    let now = world.clock.now();
    let most = probe.counts.read_units * options.targets.past_factor;
    let limit = Limit { read: Some(most), ..options.targets.past };
    let failed = json!({"Filters": {"ComplianceStatus": [{"Value": "FAILED", "Comparison": "EQUALS"}]}});
    let expected = ledger.failing_at(at);
    let cold = world.container();
    for (name, app) in [("warm", reader), ("cold", &cold)] {
        let question = query(&sorted(), When::At(at))?;
        let work = get_findings(&app.writer, &world.tenant, &question);
        let (page, counts, ms) = world.beside_key(app, work).await?;
        let found = total(ledger, app, &failed, When::At(at)).await?;
        let right = !page.findings.is_empty() && expected == Some(found);
        let wrong = (!right).then(|| format!("{found} failed then, not {expected:?}"));
        let (days, minutes) = ((now.0 - at.0) / DAY_MS, (now.0 - at.0) / MINUTE_MS);
        let ago = if days > 0 { format!("{days} days") } else { format!("{minutes} minutes") };
        report.judge(&format!("list as of {ago} ago, {name}"), limit, counts, Some(ms), wrong);
    }
    Ok(())
}

async fn histories(
    ledger: &mut Ledger,
    options: &Options,
    progress: &ProgressBar,
    report: &mut Report,
) -> Result<(), Error> {
    let number = ledger.data.count / 5;
    let (mut alone, mut largest) = (Vec::new(), 0);
    for _ in 0..RECORDS {
        ledger.flip(&[number]);
        let answer = ledger.send(&[number]).await?;
        largest = answer.counts.kind("document").largest.max(largest);
        alone.push(answer.counts);
        progress.inc(1);
    }
    let body = json!({"FindingIdentifier": ledger.identifier(number), "MaxResults": 100});
    let reader = ledger.world.container();
    let answer = ledger.world.ask(&reader, &history::ROUTE, &body).await?.accepted()?;
    let records = answer.len_of("Records");
    let wrong = (records != 100).then(|| format!("{records} records came"));
    let name = format!("history, 100 records (documents <= {largest} bytes)");
    report.judge(&name, options.targets.history, answer.counts, Some(answer.ms), wrong);
    // One finding at a time, as its history was made: the dearest commit, and what folding adds on average.
    let commits = alone.iter().map(|counts| counts.write_units - folding(counts)).fold(0.0, f64::max);
    report.at_most("import of one changed finding, dearest", options.targets.written_alone, commits, "write");
    let folds: f64 = alone.iter().map(folding).sum();
    report.tell("  folding, on average", format!("{:.2} write", folds / f64::from(RECORDS)));
    let reads = alone.iter().map(|counts| counts.read_units).fold(0.0, f64::max);
    report.tell("  reading, dearest", format!("{reads} read"));
    Ok(())
}

fn folding(counts: &Counts) -> f64 {
    counts.write_units_of.get("PutItem").copied().unwrap_or(0.0)
}
