//! `posture hub sync`: findings of Security Hub, read from AWS into a store.

use super::progress::Progress;
use super::store::{Absent, AnyPlace, aws};
use super::web::connector;
use super::{Ending, Failure, print, tell, tenant};
use clap::{Args, Subcommand};
use posture_shared::config::Settings;
use posture_shared::domain::synchronisation::Tally;
use posture_shared::domain::{Error, TenantId};
use posture_shared::operations::{Extent, Hubs, Synchronised, synchronise_hubs};
use posture_shared::upstream::{Aws, account_of_role};
use serde_json::{Value, json};

#[derive(Args)]
pub(super) struct Hub {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read findings from Security Hub
    Sync(Sync),
}

#[derive(Args)]
struct Sync {
    /// A region whose hub is read; may be given more than once. POSTURE_HUB_REGIONS when left out, else the credentials' own
    #[arg(long = "region", value_name = "R", value_delimiter = ',')]
    regions: Vec<String>,
    /// A role in another account whose hubs are read too, by its ARN; may be given more than once. POSTURE_MEMBER_ROLES when left out
    #[arg(long = "role", value_name = "ARN", value_delimiter = ',', value_parser = role)]
    roles: Vec<String>,
    /// The external id that the roles want; POSTURE_MEMBER_EXTERNAL_ID when left out
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// Read everything, and not only what was updated since the last time
    #[arg(long)]
    whole: bool,
    /// Ask this URL instead of AWS
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Folder of the store, ./data when left out; no server may hold it
    #[arg(long, value_name = "DIR", conflicts_with = "table")]
    data: Option<String>,
    /// The DynamoDB table on AWS that is the store; needs POSTURE_MASTER
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// The tenant; POSTURE_TENANT when left out, else `default`
    #[arg(long, value_name = "T", value_parser = tenant)]
    tenant: Option<TenantId>,
}

impl Hub {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        match self.command {
            Command::Sync(sync) => sync.run(settings).await,
        }
    }
}

impl Sync {
    async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        let mut hubs = hubs(self.endpoint_url.as_deref(), settings, self.regions.first().cloned()).await?;
        if !self.regions.is_empty() {
            hubs.regions = self.regions;
        }
        if !self.roles.is_empty() {
            hubs.roles = self.roles;
        }
        hubs.external_id = self.external_id.or(hubs.external_id);
        // A folder has one holder, a table may have functions at work.
        hubs.alone = self.table.is_none();
        let open = AnyPlace::of(self.data, self.table).open(settings, Absent::Make).await?;
        let tenant = self.tenant.unwrap_or_else(|| open.app.tenant.clone());
        let extent = if self.whole { Extent::Whole } else { Extent::Now };
        let found = {
            let progress = Progress::new("findings read", 0);
            let hear = |read| progress.hear(read, 0);
            synchronise_hubs(&open.app.writer, &tenant, &hubs, extent, &hear, || false).await?
        };
        found.rejected.iter().for_each(tell);
        print(&shown(&found))?;
        let is_whole = found.unread.is_empty() && found.tally.rejected == 0 && found.done;
        Ok(if is_whole { Ending::Done } else { Ending::SomethingRejected })
    }
}

/// The hubs that settings name, on AWS as the environment and the machine's role say.
pub(super) async fn hubs(url: Option<&str>, settings: &Settings, region: Option<String>) -> Result<Hubs, Error> {
    let region = region.or_else(|| settings.hub_regions().into_iter().next());
    let config = aws(url, region).await;
    Ok(Hubs::of(Aws::new(&config, connector())?, settings))
}

fn role(text: &str) -> Result<String, String> {
    let known = account_of_role(text).map(|_| text.to_owned());
    known.ok_or_else(|| "is no role's ARN such as arn:aws:iam::123456789012:role/name".to_owned())
}

fn shown(found: &Synchronised) -> Value {
    let Synchronised { tally, hubs, unread, rejected: _, done } = found;
    let Tally { read, created, changed, unchanged, rejected } = tally;
    let hubs: Vec<Value> = hubs.iter().map(|hub| json!({"account_id": hub.account, "region": hub.region})).collect();
    let unread: Vec<Value> = unread
        .iter()
        .map(|(hub, reason)| json!({"account_id": hub.account, "region": hub.region, "reason": reason}))
        .collect();
    json!({
        "read": read,
        "created": created,
        "changed": changed,
        "unchanged": unchanged,
        "rejected": rejected,
        "hubs": hubs,
        "unread": unread,
        "done": done,
    })
}
