//! `posture verify`: recompute everything and compare, in the store or in an exported file.
//!
//! What was found is one JSON object, the last line on stdout; every problem is a line on stderr, in plain words.

use super::progress::Progress;
use super::store::AnyLedger;
use super::{Ending, print, tell};
use clap::Args;
use posture_shared::config::Settings;
use posture_shared::domain::Error;
use posture_shared::ledger::{Hash, Verified, verify_export};
use serde_json::json;
use std::fs::File;
use std::io::BufReader;

#[derive(Args)]
pub(super) struct Verify {
    #[command(flatten)]
    ledger: AnyLedger,
    /// Verify this exported file and open no store
    #[arg(long, value_name = "FILE", conflicts_with_all = ["repair", "tenant", "data", "endpoint_url", "table"])]
    offline: Option<String>,
    /// Prove that the log extends the commit with this chain hash, which was kept elsewhere
    #[arg(long, value_name = "HASH", value_parser = hash)]
    anchor: Option<Hash>,
    /// After a restore: cut the log where it no longer verifies and move the rest aside; then verify. Stop every
    /// writer first
    #[arg(long)]
    repair: bool,
}

impl Verify {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Error> {
        let verified = match &self.offline {
            Some(path) => offline(path, self.anchor)?,
            None => self.online(settings).await?,
        };
        tell(&verified);
        let Verified { entries, documents, erased, expiries, findings, seq, chain, problems } = &verified;
        print(&json!({
            "commits": entries,
            "findings": findings,
            "documents": documents,
            "erased": erased,
            "expiries": expiries,
            "seq": seq,
            "chain": chain.hex(),
            "problems": problems.len(),
        }))?;
        Ok(if verified.is_clean() { Ending::Done } else { Ending::ProblemsFound })
    }

    async fn online(&self, settings: &Settings) -> Result<Verified, Error> {
        let (open, tenant) = self.ledger.open(settings).await?;
        let writer = &open.app.writer;
        if self.repair {
            tell(&writer.repair(&tenant).await?);
        }
        let progress = Progress::new("commits and findings", 0);
        writer.verify(&tenant, self.anchor, &|done, total| progress.hear(done, total)).await
    }
}

fn offline(path: &str, anchor: Option<Hash>) -> Result<Verified, Error> {
    let failed = |error| Error::internal(format!("{path}: {error}"));
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let progress = Progress::new("bytes", size);
    Ok(verify_export(BufReader::new(file), anchor, &|done, _| progress.hear(done, size)))
}

fn hash(text: &str) -> Result<Hash, String> {
    Hash::parse(text).ok_or_else(|| "is not 64 lower-case hexadecimal digits".to_owned())
}
