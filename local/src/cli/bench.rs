//! `posture bench`: the design's table of costs, counted over a store of its own.

use super::{Ending, masters};
use crate::bench::{Options, Targets, fill, run};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use posture_shared::domain::Error;
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct Bench {
    /// How many findings to measure with
    #[arg(long, value_name = "N", default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(500..=10_000_000))]
    findings: u32,
    /// How many resources to audit; 0 leaves audits out
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    resources: u32,
    /// Also measure the rate of imports into a file, in this new or empty folder
    #[arg(long, value_name = "DIR")]
    file: Option<PathBuf>,
    /// Measure nothing, and leave the findings in this new or empty folder, as tenant `bench`
    #[arg(long, value_name = "DIR", conflicts_with_all = ["file", "resources"])]
    fill: Option<PathBuf>,
    /// What the data is made from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
}

impl Bench {
    /// [`Error::Conflict`] when a target is missed.
    pub(super) async fn run(self) -> Result<Ending, Error> {
        let Self { findings, resources, file, fill: folder, seed } = self;
        let options = Options { findings, resources, file, seed, targets: Targets::at(findings), ..Options::default() };
        let progress = bar();
        if let Some(folder) = folder {
            fill(&options, &folder, masters::made_in(&folder)?, &progress).await?;
            progress.finish_and_clear();
            super::print(&json!({"findings": findings, "tenant": "bench"}))?;
            return Ok(Ending::Done);
        }
        let report = run(&options, &progress).await?;
        progress.finish_and_clear();
        let mut out = io::stdout().lock();
        let printed = out.write_all(report.table().as_bytes()).and_then(|()| out.flush());
        printed.map_err(|error| Error::internal(format!("stdout: {error}")))?;
        drop(out);
        let summary = report.summary();
        super::print(&summary)?;
        match summary.missed {
            0 => Ok(Ending::Done),
            missed => Err(Error::Conflict(format!("{missed} targets are missed"))),
        }
    }
}

/// A progress bar on stderr; nothing when that is no terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} {msg}, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
