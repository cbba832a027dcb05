//! `posture export`: the log with everything that its proof rests on, as a file that `posture verify --offline` reads.

use super::progress::Progress;
use super::store::AnyLedger;
use super::{Ending, print, tell};
use clap::Args;
use posture_shared::config::Settings;
use posture_shared::domain::Error;
use posture_shared::ledger::Exported;
use serde_json::json;
use std::fs::File;
use std::io::BufWriter;

#[derive(Args)]
pub(super) struct Export {
    #[command(flatten)]
    ledger: AnyLedger,
    /// The file to write; one that is there is replaced
    #[arg(value_name = "FILE")]
    file: String,
}

impl Export {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Error> {
        let (open, tenant) = self.ledger.open(settings).await?;
        let failed = |error| Error::internal(format!("{}: {error}", self.file));
        let mut out = BufWriter::new(File::create(&self.file).map_err(failed)?);
        let progress = Progress::new("commits", 0);
        let exported = open.app.writer.export(&tenant, &mut out, &|done, total| progress.hear(done, total)).await?;
        out.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
        drop(progress);
        tell(&exported);
        let Exported { entries, documents, missing, expiries, seq, chain } = exported;
        print(&json!({
            "commits": entries,
            "documents": documents,
            "missing": missing,
            "expiries": expiries,
            "seq": seq,
            "chain": chain.hex(),
        }))?;
        Ok(if missing == 0 { Ending::Done } else { Ending::ProblemsFound })
    }
}
