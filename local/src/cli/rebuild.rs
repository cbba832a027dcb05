//! `posture rebuild`: write the index anew from the log alone.

use super::store::AnyPlace;
use super::{Ending, print, tenant};
use clap::Args;
use posture_shared::config::Settings;
use posture_shared::domain::{Error, TenantId};
use serde_json::json;

#[derive(Args)]
pub(super) struct Rebuild {
    #[command(flatten)]
    place: AnyPlace,
    /// The tenant
    #[arg(long, value_name = "T", default_value = "default", value_parser = tenant)]
    tenant: TenantId,
}

impl Rebuild {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Error> {
        let open = self.place.open(settings).await?;
        let seq = open.app.writer.rebuild(&self.tenant).await?;
        print(&json!({"seq": seq}))?;
        Ok(Ending::Done)
    }
}
