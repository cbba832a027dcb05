//! `posture rebuild`: write the index anew from the log alone.

use super::store::AnyLedger;
use super::{Ending, print};
use clap::Args;
use posture_shared::config::Settings;
use posture_shared::domain::Error;
use serde_json::json;

#[derive(Args)]
pub(super) struct Rebuild {
    #[command(flatten)]
    ledger: AnyLedger,
}

impl Rebuild {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Error> {
        let (open, tenant) = self.ledger.open(settings).await?;
        let seq = open.app.writer.rebuild(&tenant).await?;
        print(&json!({"seq": seq}))?;
        Ok(Ending::Done)
    }
}
