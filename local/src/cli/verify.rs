//! `posture verify`: recompute everything and compare, in the store or in an exported file.
//!
//! What was found is one JSON object, the last line on stdout; every problem is a line on stderr, in plain words.

use super::progress::Progress;
use super::store::AnyLedger;
use super::{Ending, print, tell};
use clap::Args;
use posture_shared::config::Settings;
use posture_shared::domain::Error;
use posture_shared::ledger::{Anchor, Hash, Verified, verify_export};
use posture_shared::secrets::Masters;
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
    /// Prove that the log extends the commit with this chain hash, which was kept elsewhere; or the whole anchor that the log
    /// told, whose signature is checked too
    #[arg(long, value_name = "HASH|ANCHOR", value_parser = kept)]
    anchor: Option<Kept>,
    /// After a restore: cut the log where it no longer verifies and move the rest aside; then verify. Stop every
    /// writer first
    #[arg(long)]
    repair: bool,
}

/// What was kept elsewhere.
#[derive(Debug, Clone)]
enum Kept {
    Hash(Hash),
    Anchor(Anchor),
}

impl Kept {
    fn chain(&self) -> Hash {
        match self {
            Self::Hash(hash) => *hash,
            Self::Anchor(anchor) => anchor.chain,
        }
    }

    /// Refuses what these masters did not sign.
    fn check(&self, masters: &Masters) -> Result<(), Error> {
        match self {
            Self::Anchor(anchor) if !anchor.is_genuine(masters)? => {
                Err(Error::invalid("anchor", "was not signed with this deployment's master"))
            }
            Self::Anchor(_) | Self::Hash(_) => Ok(()),
        }
    }
}

impl Verify {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Error> {
        let verified = match &self.offline {
            Some(path) => self.offline(path, settings)?,
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
        if let Some(kept) = &self.anchor {
            kept.check(writer.masters())?;
        }
        if self.repair {
            tell(&writer.repair(&tenant).await?);
        }
        let progress = Progress::new("commits and findings", 0);
        writer.verify(&tenant, self.chain(), &|done, total| progress.hear(done, total)).await
    }

    fn chain(&self) -> Option<Hash> {
        self.anchor.as_ref().map(Kept::chain)
    }

    fn offline(&self, path: &str, settings: &Settings) -> Result<Verified, Error> {
        match &self.anchor {
            Some(kept) if settings.has_master() => kept.check(&settings.masters()?)?,
            Some(Kept::Anchor(_)) => tell(&"the anchor's signature is not checked, because POSTURE_MASTER is not set"),
            _ => {}
        }
        let failed = |error| Error::internal(format!("{path}: {error}"));
        let file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let progress = Progress::new("bytes", size);
        Ok(verify_export(BufReader::new(file), self.chain(), &|done, _| progress.hear(done, size)))
    }
}

fn kept(text: &str) -> Result<Kept, String> {
    let read = Hash::parse(text).map(Kept::Hash).or_else(|| Anchor::parse(text).map(Kept::Anchor));
    read.ok_or_else(|| "is neither 64 lower-case hexadecimal digits nor an anchor as the log tells it".to_owned())
}
