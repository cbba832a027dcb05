//! `posture hub`: findings of Security Hub, read from AWS into a store, and decisions of the store told to Security Hub.

use super::progress::Progress;
use super::store::{Absent, BesideAws, aws};
use super::web::connector;
use super::{Ending, Failure, print, tell};
use clap::{Args, Subcommand};
use posture_shared::config::Settings;
use posture_shared::domain::Error;
use posture_shared::domain::inventory::Scope;
use posture_shared::domain::synchronisation::Tally;
use posture_shared::operations::{
    Extent, Hubs, Synchronised, ToldHubs, Untold, synchronise_hubs, tell_hubs, untold_hubs,
};
use posture_shared::upstream::{Aws, account_of_role};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Findings that a dry run prints.
const MOST_SHOWN: usize = 10_000;

#[derive(Args)]
pub(super) struct Hub {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read findings from Security Hub
    Sync(Sync),
    /// Tell Security Hub of decisions made here
    Tell(Tell),
}

/// Which hubs, and whose ledger.
#[derive(Args)]
struct Which {
    /// A region of a hub; may be given more than once. POSTURE_HUB_REGIONS when left out, else the credentials' own
    #[arg(long = "region", value_name = "R", value_delimiter = ',')]
    regions: Vec<String>,
    /// A role in another account that has hubs too, by its ARN; may be given more than once. POSTURE_MEMBER_ROLES when left out
    #[arg(long = "role", value_name = "ARN", value_delimiter = ',', value_parser = role)]
    roles: Vec<String>,
    /// The external id that the roles want; POSTURE_MEMBER_EXTERNAL_ID when left out
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    #[command(flatten)]
    beside: BesideAws,
}

#[derive(Args)]
struct Sync {
    #[command(flatten)]
    which: Which,
    /// Read everything, and not only what was updated since the last time
    #[arg(long)]
    whole: bool,
}

#[derive(Args)]
struct Tell {
    #[command(flatten)]
    which: Which,
    /// Look through the whole log for decisions, and not only behind what hubs have been told of
    #[arg(long)]
    whole: bool,
    /// Print what would be told, a finding a line, and tell nothing
    #[arg(long)]
    dry_run: bool,
}

impl Hub {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        match self.command {
            Command::Sync(sync) => sync.run(settings).await,
            Command::Tell(tell) => tell.run(settings).await,
        }
    }
}

impl Which {
    async fn hubs(&self, settings: &Settings) -> Result<Hubs, Error> {
        let mut hubs = hubs(self.beside.aws_url(), settings, self.regions.first().cloned()).await?;
        if !self.regions.is_empty() {
            hubs.regions.clone_from(&self.regions);
        }
        if !self.roles.is_empty() {
            hubs.roles.clone_from(&self.roles);
        }
        hubs.external_id = self.external_id.clone().or(hubs.external_id);
        hubs.alone = self.beside.is_folder();
        Ok(hubs)
    }
}

impl Sync {
    async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        let hubs = self.which.hubs(settings).await?;
        let (open, tenant) = self.which.beside.open(settings, Absent::Make).await?;
        let extent = if self.whole { Extent::Whole } else { Extent::Now };
        let found = {
            let progress = Progress::new("findings read", 0);
            let hear = |read| progress.hear(read, 0);
            synchronise_hubs(&open.app.writer, &tenant, &hubs, extent, &hear, || false).await?
        };
        found.rejected.iter().for_each(tell);
        tell_unheard("could not be read", &found.unread);
        print(&shown(&found))?;
        let is_whole = found.unread.is_empty() && found.tally.rejected == 0 && found.done;
        Ok(if is_whole { Ending::Done } else { Ending::SomethingRejected })
    }
}

impl Tell {
    async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        let hubs = self.which.hubs(settings).await?;
        let (open, tenant) = self.which.beside.open(settings, Absent::Fail).await?;
        let extent = if self.whole { Extent::Whole } else { Extent::Now };
        if self.dry_run {
            let (untold, is_all) = untold_hubs(&open.app.writer, &tenant, &hubs, extent, MOST_SHOWN).await?;
            untold.iter().try_for_each(|one| print(&shown_untold(one)))?;
            if !is_all {
                tell(&format_args!("there are more than {MOST_SHOWN} findings to tell of"));
            }
            return Ok(Ending::Done);
        }
        let found = tell_hubs(&open.app.writer, &tenant, &hubs, extent, || false).await?;
        found.passed_over.iter().for_each(tell);
        let ToldHubs { tally, hubs, untold, passed_over: _, done } = &found;
        tell_unheard("could not be told", untold);
        if !done && untold.is_empty() {
            tell(&"somebody else is telling these hubs; what is left is told then");
        }
        let (told, unknown, refused) = (tally.told, tally.unknown, tally.refused);
        print(&json!({
            "told": told,
            "unknown": unknown,
            "refused": refused,
            "hubs": named(hubs.iter()),
            "untold": reasons(untold),
            "done": done,
        }))?;
        let is_whole = untold.is_empty() && unknown + refused == 0 && *done;
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
    json!({
        "read": read,
        "created": created,
        "changed": changed,
        "unchanged": unchanged,
        "rejected": rejected,
        "hubs": named(hubs.iter()),
        "unread": reasons(unread),
        "done": done,
    })
}

fn shown_untold(one: &Untold) -> Value {
    let Untold { hub, key, members, .. } = one;
    json!({
        "account_id": hub.account,
        "region": hub.region,
        "finding": {"Id": key.id, "ProductArn": key.product_arn},
        "set": members,
    })
}

/// Says which hubs a command did not get through to, because it ends with 3 for them.
fn tell_unheard(what: &str, hubs: &BTreeMap<Scope, String>) {
    for (Scope { account, region }, reason) in hubs {
        tell(&format_args!("{account}/{region} {what}: {reason}"));
    }
}

fn named<'a>(hubs: impl Iterator<Item = &'a Scope>) -> Vec<Value> {
    hubs.map(|hub| json!({"account_id": hub.account, "region": hub.region})).collect()
}

fn reasons(hubs: &BTreeMap<Scope, String>) -> Vec<Value> {
    let shown =
        |(hub, reason): (&Scope, &String)| json!({"account_id": hub.account, "region": hub.region, "reason": reason});
    hubs.iter().map(shown).collect()
}
