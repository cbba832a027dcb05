//! `posture import`: findings from files, through a server's HTTP interface.
//!
//! Bare findings are import calls. Event envelopes go to the snapshots route. Findings arrive in the order of the file,
//! because of two with the same Id and UpdatedAt the first counts.

mod send;
mod source;
mod tally;

use super::door::web;
use super::{Ending, Failure, print, read_text};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use posture_shared::config::Settings;
use send::Sender;
use source::Record;
use tally::Tally;

#[derive(Args)]
pub(super) struct Import {
    /// Files of ASFF findings or of Security Hub events; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Write what was rejected here, with the reason, one JSON object a line
    #[arg(long, value_name = "FILE")]
    rejects: Option<String>,
    /// The server; POSTURE_URL when left out
    #[arg(long)]
    url: Option<String>,
    /// The key's token; POSTURE_TOKEN when left out
    #[arg(long)]
    token: Option<String>,
}

impl Import {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        let (web, tenant) = web(self.url.as_ref(), self.token.as_ref(), settings)?;
        let mut tally = Tally::new(self.rejects.as_deref())?;
        let mut records = Vec::new();
        for file in &self.files {
            records.extend(source::records_of(&read_text(file)?, file)?);
        }
        let progress = bar(records.iter().map(Record::len).sum());
        Sender::new(web, tenant.as_str()).send(records, &mut tally, &progress).await?;
        progress.finish_and_clear();
        let counts = tally.finish()?;
        print(&counts)?;
        Ok(if counts.rejected == 0 { Ending::Done } else { Ending::SomethingRejected })
    }
}

/// A progress bar on stderr; nothing when that is no terminal.
fn bar(findings: u64) -> ProgressBar {
    let bar = ProgressBar::new(findings);
    match ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} findings, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
