//! `posture inventory sweep`: resources and what is to be known of an account, read from AWS into a store.

use super::progress::Progress;
use super::store::{Absent, BesideAws, aws};
use super::web::connector;
use super::{Ending, Failure, print, tell};
use clap::Args;
use posture_shared::config::Settings;
use posture_shared::domain::Error;
use posture_shared::operations::{Sweep as Wish, Swept, sweep_inventory};
use posture_shared::upstream::Aws;
use serde_json::{Value, json};

#[derive(Args)]
pub(super) struct Sweep {
    /// A region to read; may be given more than once. POSTURE_SWEEP_REGIONS when left out, else the credentials' own
    #[arg(long = "region", value_name = "R", value_delimiter = ',')]
    regions: Vec<String>,
    /// Ask this aggregator of AWS Config instead of each region; POSTURE_SWEEP_AGGREGATOR when left out
    #[arg(long, value_name = "NAME")]
    aggregator: Option<String>,
    #[command(flatten)]
    beside: BesideAws,
}

impl Sweep {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        let regions = if self.regions.is_empty() { settings.sweep_regions() } else { self.regions };
        let aggregator = self.aggregator.or_else(|| settings.sweep_aggregator.clone());
        let wish = wish(self.beside.aws_url(), regions, aggregator).await?;
        let (open, tenant) = self.beside.open(settings, Absent::Make).await?;
        let swept = {
            let progress = Progress::new("resources read", 0);
            let hear = |done, total| progress.hear(done, total);
            sweep_inventory(&open.app.writer, &tenant, &wish, None, &hear, || false).await?
        };
        for what in swept.notes.iter().chain(&swept.unread) {
            tell(what);
        }
        print(&shown(&swept))?;
        let is_whole = swept.unread.is_empty() && swept.rejected == 0;
        Ok(if is_whole { Ending::Done } else { Ending::SomethingRejected })
    }
}

/// A sweep of AWS as the environment and the machine's role say.
pub(super) async fn wish(url: Option<&str>, regions: Vec<String>, aggregator: Option<String>) -> Result<Wish, Error> {
    let config = aws(url, regions.first().cloned()).await;
    Ok(Wish { aws: Aws::new(&config, connector())?, regions, aggregator })
}

fn shown(swept: &Swept) -> Value {
    let Swept { account, read, created, changed, unchanged, deleted, rejected, covered, unread, notes: _, done: _ } =
        swept;
    json!({
        "account_id": account,
        "read": read,
        "created": created,
        "changed": changed,
        "unchanged": unchanged,
        "deleted": deleted,
        "rejected": rejected,
        "covered": covered,
        "unread": unread,
    })
}
