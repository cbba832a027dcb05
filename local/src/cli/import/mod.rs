//! `posture import`: findings from files, through a server's HTTP interface.
//!
//! Bare findings are import calls. Event envelopes go to the snapshots route. Findings arrive in the order of the file,
//! because of two with the same Id and UpdatedAt the first counts. An import that ends in the middle still counts what was
//! answered; repeating it is safe, because what is there already is unchanged.

mod send;
mod source;
mod tally;

use super::door::web;
use super::{Ending, Failure, print, tell};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use posture_shared::config::Settings;
use send::Sender;
use source::Record;
use std::fs::{Metadata, metadata};
use std::os::unix::fs::MetadataExt;
use tally::Tally;

#[derive(Args)]
pub(super) struct Import {
    /// Files of ASFF findings or of Security Hub events; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Write what was rejected here, with the reason, one JSON object a line; mended, it can be imported in turn
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
        if let Some(rejects) =
            self.rejects.as_ref().filter(|rejects| self.files.iter().any(|file| is_one(rejects, file)))
        {
            return Err(Failure::usage("--rejects", format_args!("{rejects} is a file to import; choose another")));
        }
        let mut records = Vec::new();
        for file in &self.files {
            records.extend(source::records_in(file)?);
        }
        let mut tally = Tally::new(self.rejects.as_deref())?;
        let whole = records.iter().map(Record::len).sum();
        let progress = bar(whole);
        let sent = Sender::new(web, tenant.as_str()).send(records, &mut tally, &progress).await;
        progress.finish_and_clear();
        let answered = tally.received();
        if let (Err(error), 0) = (&sent, answered) {
            return Err(error.clone().into());
        }
        let counts = tally.finish()?;
        print(&counts)?;
        if let Err(error) = sent {
            let told =
                format_args!("{answered} of {whole} findings were answered; importing all of them again is safe");
            tell(&told);
            return Err(error.into());
        }
        Ok(if counts.rejected == 0 { Ending::Done } else { Ending::SomethingRejected })
    }
}

/// Whether two names are those of one file.
fn is_one(one: &str, other: &str) -> bool {
    let same = |(one, other): (Metadata, Metadata)| (one.dev(), one.ino()) == (other.dev(), other.ino());
    metadata(one).ok().zip(metadata(other).ok()).is_some_and(same)
}

/// A progress bar on stderr; nothing when that is no terminal.
fn bar(findings: u64) -> ProgressBar {
    let bar = ProgressBar::new(findings);
    match ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} findings, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
