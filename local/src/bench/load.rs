//! Filling the store: all findings once, then thirty days of which each changes two in a hundred, and a full rescan.

use super::data::{Data, Reading};
use super::lists::sorted;
use super::report::Report;
use super::world::{Answer, World};
use super::{Options, Targets, begin};
use crate::meter::Counts;
use indicatif::ProgressBar;
use posture_functions::{
    securityhub_batch_import_findings as import, securityhub_batch_update_findings as update,
    securityhub_get_findings as get_findings,
};
use posture_shared::clock::Clock;
use posture_shared::domain::{Error, Instant};
use serde_json::{Value, json};

/// Days of changes.
pub(super) const DAYS: u32 = 30;
/// The day on which every finding is scanned again.
const RESCAN: u32 = 29;
/// Days after whose changes the cold list is measured, beside the first.
const PROBED: [u32; 2] = [10, 28];
const DAY_MS: i64 = 86_400_000;
/// Findings of a request.
pub(super) const REQUEST: usize = 100;

/// A time in which nothing happened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quiet {
    from: Instant,
    until: Instant,
    failing: usize,
}

/// What the cold list cost at an instant at which nothing happened.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Probe {
    pub at: Instant,
    pub counts: Counts,
}

/// A filled store, and what is known to be in it.
#[derive(Debug)]
pub(super) struct Ledger {
    pub world: World,
    pub data: Data,
    /// What the newest scan said of each finding.
    pub readings: Vec<Reading>,
    /// How many failed at what time.
    quiet: Vec<Quiet>,
    /// What the cold list cost in some of those times.
    pub probes: Vec<Probe>,
    started: Instant,
}

impl Ledger {
    /// Fills a store, and reports what writing cost.
    pub async fn load(
        data: Data,
        options: &Options,
        progress: &ProgressBar,
        report: &mut Report,
    ) -> Result<Self, Error> {
        let started = Clock::machine().plus(-i64::from(DAYS) * DAY_MS - 3_600_000);
        let world = World::new(started, None, None).await?;
        let mut ledger = Self { world, data, readings: Vec::new(), quiet: Vec::new(), probes: Vec::new(), started };
        progress.set_length(u64::from(data.count) * 2);
        begin(progress, "first scan");
        let first = ledger.first_scan(progress).await?;
        ledger.probe().await?;
        let (mut changes, mut rescan) = (Tally::default(), Tally::default());
        begin(progress, "days of changes");
        for day in 1..=DAYS {
            ledger.pass_day(day, progress, &mut changes).await?;
            if PROBED.contains(&day) {
                ledger.probe().await?;
            }
            if day == RESCAN {
                begin(progress, "rescan of all");
                rescan = ledger.rescan(progress).await?;
            }
        }
        // What has expired by now is gone on the service, too.
        let engine = ledger.world.engine.clone();
        tokio::task::spawn_blocking(move || engine.sweep()).await.map_err(Error::internal)??;
        ledger.decide().await?;
        judge_writes(&first, "import of new findings, requests of 100", options, report);
        judge_writes(&changes, "import of changed findings, requests of 100", options, report);
        tell_sizes(&first.counts, &changes, options, report);
        rescan.tell("rescan of all, nothing changed", report);
        Ok(ledger)
    }

    async fn first_scan(&mut self, progress: &ProgressBar) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        let numbers: Vec<u32> = (0..self.data.count).collect();
        for chunk in numbers.chunks(REQUEST) {
            let at = self.world.clock.now();
            self.readings.extend(chunk.iter().map(|n| Reading { failing: self.data.fails_at_first(*n), at }));
            self.import(chunk, &mut tally).await?;
            progress.inc(chunk.len() as u64);
        }
        Ok(tally)
    }

    async fn pass_day(&mut self, day: u32, progress: &ProgressBar, tally: &mut Tally) -> Result<(), Error> {
        self.pass_time(self.started.plus(i64::from(day) * DAY_MS));
        let at = self.world.clock.now();
        let mut numbers = Vec::new();
        for (number, reading) in (0..).zip(&mut self.readings) {
            if self.data.changes(number, day, reading.failing) {
                *reading = Reading { failing: !reading.failing, at };
                numbers.push(number);
            }
        }
        for chunk in numbers.chunks(REQUEST) {
            self.import(chunk, tally).await?;
            progress.inc(chunk.len() as u64);
        }
        Ok(())
    }

    async fn rescan(&mut self, progress: &ProgressBar) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        let at = self.world.clock.now().plus(1_000);
        self.readings.iter_mut().for_each(|reading| reading.at = at);
        let numbers: Vec<u32> = (0..self.data.count).collect();
        for chunk in numbers.chunks(REQUEST) {
            self.import(chunk, &mut tally).await?;
            progress.inc(chunk.len() as u64 / 2);
        }
        Ok(tally)
    }

    /// A few decisions, so that attributes which only people set have values.
    async fn decide(&self) -> Result<(), Error> {
        let keys: Vec<Value> = (0..self.data.count).step_by(97).take(REQUEST).map(|n| self.identifier(n)).collect();
        let body = json!({"FindingIdentifiers": keys, "VerificationState": "TRUE_POSITIVE", "Workflow": {"Status": "NOTIFIED"}});
        self.world.ask(&self.world.app, &update::ROUTE, &body).await?.accepted().map(drop)
    }

    /// Lets time pass in which nothing happens.
    pub fn pass_time(&mut self, until: Instant) {
        let failing = self.readings.iter().filter(|reading| reading.failing).count();
        self.quiet.push(Quiet { from: self.world.clock.now(), until, failing });
        self.world.clock.set(until);
    }

    /// Half a day after the changes of a day, when nothing happened.
    pub fn after_day(&self, day: u32) -> Instant {
        self.started.plus(i64::from(day) * DAY_MS + DAY_MS / 2)
    }

    /// Whether a finding failed after the changes of a day, from what the data is made of.
    pub fn failed_after_day(&self, number: u32, day: u32) -> bool {
        let first = self.data.fails_at_first(number);
        (1..=day).fold(first, |failing, day| failing != self.data.changes(number, day, failing))
    }

    /// How many failed at an instant at which nothing happened.
    pub fn failing_at(&self, at: Instant) -> Option<usize> {
        let quiet = self.quiet.iter().find(|quiet| quiet.from < at && at < quiet.until);
        quiet.map(|quiet| quiet.failing)
    }

    /// Asks for the cold list, and remembers what it cost.
    pub async fn probe(&mut self) -> Result<(), Error> {
        let world = &self.world;
        let counts = world.ask(&world.container(), &get_findings::ROUTE, &sorted()).await?.accepted()?.counts;
        self.probes.push(Probe { at: world.clock.now().plus(60_000), counts });
        Ok(())
    }

    async fn import(&self, numbers: &[u32], tally: &mut Tally) -> Result<(), Error> {
        let answer = self.send(numbers).await?;
        tally.add(numbers.len(), answer.counts, answer.ms);
        Ok(())
    }

    /// Imports what the newest scan says of these findings.
    pub async fn send(&self, numbers: &[u32]) -> Result<Answer, Error> {
        let body = json!({"Findings": numbers.iter().filter_map(|n| self.finding(*n)).collect::<Vec<_>>()});
        let answer = self.world.ask(&self.world.app, &import::ROUTE, &body).await?.accepted()?;
        if answer.body.get("FailedCount").and_then(Value::as_u64) != Some(0) {
            return Err(Error::internal(format!("an import of the bench was refused: {}", answer.body)));
        }
        Ok(answer)
    }

    /// What the newest scan says of a finding.
    pub fn finding(&self, number: u32) -> Option<Value> {
        self.readings.get(number as usize).map(|reading| self.data.finding(number, *reading))
    }

    /// Changes the verdict of these findings, as of now.
    pub fn flip(&mut self, numbers: &[u32]) {
        let at = self.world.clock.now();
        for number in numbers {
            if let Some(reading) = self.readings.get_mut(*number as usize) {
                *reading = Reading { failing: !reading.failing, at };
            }
        }
    }

    /// A finding's identity as requests spell it.
    pub fn identifier(&self, number: u32) -> Value {
        let key = self.data.key(number);
        json!({"Id": key.id, "ProductArn": key.product_arn})
    }
}

/// What several requests cost together.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub findings: usize,
    pub counts: Counts,
    times: Vec<f64>,
}

impl Tally {
    pub fn add(&mut self, findings: usize, counts: Counts, ms: f64) {
        self.findings += findings;
        self.counts.add(counts);
        self.times.push(ms);
    }

    /// Something for each finding.
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench are far below 2^52")]
    pub fn each(&self, sum: f64) -> f64 {
        sum / self.findings.max(1) as f64
    }

    /// Write units of folds: nothing else is written outside transactions.
    pub fn folding(&self) -> f64 {
        self.counts.write_units_of.get("PutItem").copied().unwrap_or(0.0)
    }

    fn tell(&self, name: &str, report: &mut Report) {
        let (commits, folds) = (self.each(self.counts.write_units - self.folding()), self.each(self.folding()));
        let ms = median(self.times.clone());
        report.tell(name, format!("{commits:.3} + {folds:.3} write a finding, {ms:.0} ms a request"));
    }
}

fn judge_writes(tally: &Tally, name: &str, options: &Options, report: &mut Report) {
    let Targets { written_full, folded, .. } = options.targets;
    let (commits, folds) = (tally.each(tally.counts.write_units - tally.folding()), tally.each(tally.folding()));
    report.at_most(name, written_full, commits, "write a finding");
    report.at_most("  folding", folded, folds, "write a finding");
    report.tell("  reading", format!("{:.2} read a finding", tally.each(tally.counts.read_units)));
    let ms = median(tally.times.clone());
    report.tell("  time", format!("{ms:.0} ms a request"));
}

#[expect(clippy::cast_precision_loss, reason = "counts of a bench are far below 2^52")]
fn tell_sizes(first: &Counts, changes: &Tally, options: &Options, report: &mut Report) {
    let mut all = first.clone();
    all.add(changes.counts.clone());
    let (documents, log, changed) = (all.kind("document"), first.kind("log"), changes.counts.kind("log"));
    let mean = documents.bytes as f64 / documents.written.max(1) as f64;
    report.tell("stored document, mean", format!("{mean:.0} bytes"));
    report.at_most("stored document, largest", options.targets.document_bytes, documents.largest as f64, "bytes");
    for (name, kind) in all.kinds.iter().filter(|(name, _)| name.starts_with("segment")) {
        let rows = f64::from(options.findings.min(8_192));
        report.tell(&format!("{name}, largest"), format!("{:.1} bytes a finding", kind.largest as f64 / rows));
    }
    let log = log.bytes as f64 / f64::from(options.findings.max(1));
    report.tell("log, a created finding (design: about 200)", format!("{log:.1} bytes"));
    let changed = changes.each(changed.bytes as f64);
    report.tell("log, a changed verdict, requests of 100", format!("{changed:.1} bytes"));
}

/// The middle of some figures; 0 of none.
pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}
