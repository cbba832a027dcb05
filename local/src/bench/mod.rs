//! `posture bench`: what the ledger's promises cost, counted at the store's door.
//!
//! Everything goes through the routes or operations that clients use, over a store of the bench's own. Requests, rounds
//! and capacity units are counted and judged; times are printed and judged by nobody.

mod audits;
mod changes;
mod data;
mod decisions;
mod dialects;
mod filters;
mod full;
mod imports;
mod lists;
mod load;
mod patches;
mod report;
mod single;
mod targets;
mod world;

pub use report::{Report, Row, Summary, Verdict};
pub use targets::{Limit, Targets};

use data::Data;
use indicatif::ProgressBar;
use load::Ledger;
use posture_shared::domain::Error;
use posture_shared::secrets::Masters;
use std::path::{Path, PathBuf};

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many findings.
    pub findings: u32,
    /// How many resources are audited; 0 leaves audits out.
    pub resources: u32,
    /// What the data is made from.
    pub seed: u64,
    /// How often a question is asked for its median time.
    pub repeat: usize,
    /// A new or empty folder, to measure the rate of imports into a file as well.
    pub file: Option<PathBuf>,
    /// What is judged.
    pub targets: Targets,
}

impl Default for Options {
    fn default() -> Self {
        Self { findings: 30_000, resources: 100_000, seed: 1, repeat: 3, file: None, targets: Targets::default() }
    }
}

/// Fills a store of its own and measures it.
///
/// Errors: whatever keeps it from measuring. A missed target is no error but a row of the report.
pub async fn run(options: &Options, progress: &ProgressBar) -> Result<Report, Error> {
    let data = Data::new(options.seed, options.findings);
    let mut report = Report { findings: options.findings, ..Report::default() };
    begin(progress, "audits");
    audits::measure(options, progress, &mut report)?;
    begin(progress, "whether findings have patches");
    Box::pin(patches::measure(options, &mut report)).await?;
    // On the heap, because all of them together are more than a thread's stack may hold in a debug build.
    let mut ledger = Box::pin(Ledger::load(data, options, progress, &mut report)).await?;
    // Before anything is flipped: what changed on which day is known now.
    begin(progress, "net changes");
    Box::pin(changes::measure(&ledger, options, progress, &mut report)).await?;
    begin(progress, "lists of three dialects");
    Box::pin(dialects::measure(&ledger, options, progress, &mut report)).await?;
    begin(progress, "the same without a ledger");
    Box::pin(full::measure(&ledger, progress, &mut report)).await?;
    begin(progress, "lists of Security Hub");
    Box::pin(lists::measure(&mut ledger, options, progress, &mut report)).await?;
    begin(progress, "single findings and histories");
    Box::pin(single::measure(&mut ledger, options, progress, &mut report)).await?;
    begin(progress, "imports");
    Box::pin(imports::measure(&mut ledger, options, progress, &mut report)).await?;
    if let Some(folder) = &options.file {
        begin(progress, "imports into a file");
        Box::pin(imports::measure_rate(data, folder, progress, &mut report)).await?;
    }
    begin(progress, "decisions");
    Box::pin(decisions::measure(&ledger, options, progress, &mut report)).await?;
    report.not_built("package size, start to first answer");
    Ok(report)
}

/// Puts a bench's findings into a new or empty folder, as tenant `bench`, for whoever wants to measure something else over them.
pub async fn fill(options: &Options, folder: &Path, masters: Masters, progress: &ProgressBar) -> Result<(), Error> {
    begin(progress, "findings");
    imports::fill(Data::new(options.seed, options.findings), folder, masters, progress).await
}

/// Says what is measured next: on the bar, and in the log where there is no terminal for one.
fn begin(progress: &ProgressBar, part: &'static str) {
    progress.set_message(part);
    if progress.is_hidden() {
        tracing::info!(part, "bench");
    }
}
