//! `posture export`: the log with everything that its proof rests on, as a file that `posture verify --offline` reads.
//!
//! A file is replaced when the new one is whole. On stdout there is the export and nothing else; what it counts is said on
//! stderr.

use super::draft::Draft;
use super::progress::Progress;
use super::store::{AnyLedger, Open};
use super::{Ending, print, tell};
use clap::Args;
use posture_shared::config::Settings;
use posture_shared::domain::{Error, TenantId};
use posture_shared::ledger::Exported;
use serde_json::json;
use std::io::{self, BufWriter, Write};

#[derive(Args)]
pub(super) struct Export {
    #[command(flatten)]
    ledger: AnyLedger,
    /// The file to write; one that is there is replaced when the new one is whole. `-` is stdout
    #[arg(value_name = "FILE")]
    file: String,
}

impl Export {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Error> {
        let to_stdout = self.file == "-";
        let draft = if to_stdout { None } else { Some(Draft::begin(&self.file)?) };
        let (open, tenant) = self.ledger.open(settings).await?;
        let exported = match draft {
            None => {
                let mut out = BufWriter::new(io::stdout());
                let exported = write(&open, &tenant, &mut out).await?;
                out.flush().map_err(|error| Error::internal(format!("stdout: {error}")))?;
                exported
            }
            Some(mut draft) => {
                let exported = write(&open, &tenant, &mut draft).await?;
                draft.finish()?;
                exported
            }
        };
        tell(&exported);
        let Exported { entries, documents, missing, expiries, seq, chain } = exported;
        if !to_stdout {
            print(&json!({
                "commits": entries,
                "documents": documents,
                "missing": missing,
                "expiries": expiries,
                "seq": seq,
                "chain": chain.hex(),
            }))?;
        }
        Ok(if missing == 0 { Ending::Done } else { Ending::ProblemsFound })
    }
}

/// [`Error::Conflict`] when the head is missing: without it nothing says where the log ends.
async fn write(open: &Open, tenant: &TenantId, out: &mut (dyn Write + Send)) -> Result<Exported, Error> {
    let progress = Progress::new("commits", 0);
    let exported = open.app.writer.export(tenant, out, &|done, total| progress.hear(done, total)).await?;
    if exported.seq == 0 {
        let told = "has no head, so nothing says where its log ends; posture verify --repair tells and mends it";
        return Err(Error::Conflict(format!("tenant {tenant} {told}")));
    }
    Ok(exported)
}
