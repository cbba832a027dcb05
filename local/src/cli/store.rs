//! Which store a command works on: the embedded one in a folder, one behind a URL, or a table on AWS.

use super::{masters, tell, tenant, web};
use crate::embedded::{self, Embedded, FILE};
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::RegionProviderChain;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use clap::Args;
use posture_functions::{App, Metrics};
use posture_shared::clock::Clock;
use posture_shared::config::{Settings, masters_of};
use posture_shared::domain::{Error, TenantId};
use posture_shared::ledger::Writer;
use posture_shared::operations::Model;
use posture_shared::secrets::Masters;
use posture_shared::upstream::Aws;
use std::collections::BTreeSet;
use std::path::Path;

const LOCAL_TABLE: &str = "posture-ledger";

const NOTHING_KEPT: &str = ":memory:";

const USUAL_FOLDER: &str = "./data";

/// Where the store is.
#[derive(Args, Clone)]
pub(super) struct Place {
    /// Folder of the embedded store, ./data when left out; `:memory:` keeps nothing
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// Use the DynamoDB behind this URL instead of the embedded one
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

/// Where the store is, for commands that also work on AWS.
#[derive(Args, Clone)]
pub(super) struct AnyPlace {
    #[command(flatten)]
    place: Place,
    /// Use this DynamoDB table, on AWS unless --endpoint-url says otherwise; needs POSTURE_MASTER_SECRET or POSTURE_MASTER
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
}

/// Which tenant's ledger, and where its store is.
#[derive(Args, Clone)]
pub(super) struct AnyLedger {
    #[command(flatten)]
    place: AnyPlace,
    /// The tenant; POSTURE_TENANT when left out, else `default`
    #[arg(long, value_name = "T", value_parser = tenant)]
    tenant: Option<TenantId>,
}

/// Whose ledger, and where its store is, for commands that read or change something in AWS beside it.
#[derive(Args, Clone)]
pub(super) struct BesideAws {
    /// Ask this URL instead of AWS
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Folder of the store, ./data when left out; no server may hold it
    #[arg(long, value_name = "DIR", conflicts_with = "table")]
    data: Option<String>,
    /// The DynamoDB table on AWS that is the store; needs POSTURE_MASTER_SECRET or POSTURE_MASTER
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// The tenant; POSTURE_TENANT when left out, else `default`
    #[arg(long, value_name = "T", value_parser = tenant)]
    tenant: Option<TenantId>,
}

/// Whether a command makes the store that it names when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// It begins one, and says so, because a name that is wrong makes one as well.
    Make,
    /// It only looks at what is there, or changes it: a name that is wrong would pass for a store in order.
    Fail,
}

/// A store that is open, and the embedded engine if it is one.
pub(super) struct Open {
    pub app: App,
    pub embedded: Option<Embedded>,
}

impl Place {
    /// Opens the store. [`Error::NotFound`] that names it when it is not there and is not to be made; one that is made is told on stderr.
    pub(super) async fn open(&self, clock: Clock, settings: &Settings, absent: Absent) -> Result<Open, Error> {
        let (config, engine) = match &self.endpoint_url {
            Some(url) => (own(url).await, None),
            None => {
                let is_new = !self.is_there();
                if is_new && absent == Absent::Fail {
                    let folder = self.data();
                    return Err(Error::NotFound(format!("there is no store in the folder {folder}: it has no {FILE}")));
                }
                let engine = self.engine()?;
                if is_new {
                    tell(&format_args!("there was no store in the folder {}: a new one is made", self.data()));
                }
                (embedded::config(engine.clone()), Some(engine))
            }
        };
        // Behind a URL a table that is missing is named by whoever asks it first.
        if absent == Absent::Make || engine.is_some() {
            Writer::connect(&config, LOCAL_TABLE, clock.clone(), masters::random()?).create_table().await?;
        }
        let masters = self.masters(&config, settings, absent).await?;
        over(&config, engine, LOCAL_TABLE, masters, clock, settings)
    }

    fn is_there(&self) -> bool {
        self.data() == NOTHING_KEPT || Path::new(self.data()).join(FILE).is_file()
    }

    fn engine(&self) -> Result<Embedded, Error> {
        if self.data() == NOTHING_KEPT { Embedded::memory() } else { Embedded::open(Path::new(self.data())) }
    }

    fn data(&self) -> &str {
        self.data.as_deref().unwrap_or(USUAL_FOLDER)
    }

    /// The environment's master, else the folder's, which is made for a store that nobody has used yet.
    async fn masters(&self, config: &SdkConfig, settings: &Settings, absent: Absent) -> Result<Masters, Error> {
        if settings.has_master() {
            return settings.masters();
        }
        if self.data() == NOTHING_KEPT {
            return masters::random();
        }
        let folder = Path::new(self.data());
        if let Some(masters) = masters::kept_in(folder)? {
            return Ok(masters);
        }
        let store = Writer::connect(config, LOCAL_TABLE, Clock::system(), masters::random()?);
        if absent == Absent::Fail
            || store.is_begun(&settings.tenant()?).await?
            || !store.tenant_list().await?.is_empty()
        {
            return Err(masters::missing(folder));
        }
        masters::made_in(folder)
    }
}

impl AnyPlace {
    /// Whether the arguments say where the store is.
    pub(super) fn is_named(&self) -> bool {
        self.place.data.is_some() || self.place.endpoint_url.is_some() || self.table.is_some()
    }

    /// Opens the store. A named table must be there, whatever `absent` says.
    pub(super) async fn open(&self, settings: &Settings, absent: Absent) -> Result<Open, Error> {
        let clock = Clock::system();
        let Some(table) = &self.table else { return self.place.open(clock, settings, absent).await };
        let config = aws(self.place.endpoint_url.as_deref(), None).await;
        let masters = match settings.master_secret.as_deref().filter(|_| !settings.has_master()) {
            Some(secret) => stored(secret, settings).await?,
            None => settings.masters()?,
        };
        over(&config, None, table, masters, clock, settings)
    }
}

impl BesideAws {
    /// Where AWS is, if not where it is for everybody.
    pub(super) fn aws_url(&self) -> Option<&str> {
        self.endpoint_url.as_deref()
    }

    /// Whether the store is a folder, which has one holder. A table may have functions at work.
    pub(super) fn is_folder(&self) -> bool {
        self.table.is_none()
    }

    /// Opens the store.
    pub(super) async fn open(&self, settings: &Settings, absent: Absent) -> Result<(Open, TenantId), Error> {
        let place =
            AnyPlace { place: Place { data: self.data.clone(), endpoint_url: None }, table: self.table.clone() };
        let open = place.open(settings, absent).await?;
        let tenant = self.tenant.clone().unwrap_or_else(|| open.app.tenant.clone());
        Ok((open, tenant))
    }
}

impl AnyLedger {
    /// Opens the store, and says on stderr which tenant is meant.
    ///
    /// [`Error::NotFound`] when there is no store, or when that tenant has no commits: a name that is wrong would pass
    /// for a ledger in order.
    pub(super) async fn open(&self, settings: &Settings) -> Result<(Open, TenantId), Error> {
        let open = self.place.open(settings, Absent::Fail).await?;
        let own = &open.app.tenant;
        let tenant = self.tenant.as_ref().unwrap_or(own).clone();
        tell(&format_args!("tenant {tenant}"));
        let writer = &open.app.writer;
        if writer.is_begun(&tenant).await? {
            return Ok((open, tenant));
        }
        let mut others: BTreeSet<TenantId> = writer.tenant_list().await?.into_iter().collect();
        others.insert(own.clone());
        let mut begun = Vec::new();
        for other in &others {
            if writer.is_begun(other).await? {
                begun.push(other.as_str());
            }
        }
        let known = if begun.is_empty() { "none that is known".to_owned() } else { begun.join(", ") };
        Err(Error::NotFound(format!("tenant {tenant} has no commits here; those that have: {known}")))
    }
}

fn over(
    config: &SdkConfig,
    embedded: Option<Embedded>,
    table: &str,
    masters: Masters,
    clock: Clock,
    settings: &Settings,
) -> Result<Open, Error> {
    let writer = Writer::connect(config, table, clock, masters);
    let app = App::new(writer, settings.tenant()?).allowing(settings.allowed_origins());
    // Data goes to stdout here, and what is logged to stderr.
    let metrics = if settings.metrics()? { Metrics::to(|line| tell(&line)) } else { Metrics::default() };
    Ok(Open { app: app.measuring(metrics).telling_costs(settings.cost_header()?), embedded })
}

/// The masters in a secret of AWS Secrets Manager.
async fn stored(secret: &str, settings: &Settings) -> Result<Masters, Error> {
    let config = aws(settings.secrets_url(), None).await;
    let text = Aws::new(&config, web::connector())?.secret(secret).await;
    let text = text.map_err(|refusal| Error::internal(format!("POSTURE_MASTER_SECRET: {secret}: {refusal}")))?;
    masters_of(text.trim())
}

/// AWS as the environment and the machine's role say, in another region if one is named.
pub(super) async fn aws(url: Option<&str>, region: Option<String>) -> SdkConfig {
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(web::client());
    let loader = match region {
        Some(region) => loader.region(Region::new(region)),
        None => loader,
    };
    match url {
        Some(url) => loader.endpoint_url(url).load().await,
        None => loader.load().await,
    }
}

/// An app whose remediations a model words, if the environment names one.
pub(super) async fn with_words(app: App, settings: &Settings) -> Result<App, Error> {
    let Some(model) = &settings.bedrock_model else { return Ok(app) };
    let config = aws(settings.bedrock_url.as_deref(), settings.bedrock_region()).await;
    Ok(app.wording(Model::new(Aws::new(&config, web::connector())?, model)?))
}

/// A DynamoDB of one's own behind a URL. Credentials and region are the environment's; they may be missing, because
/// nobody may check them there, and no other machine is asked for them.
async fn own(url: &str) -> SdkConfig {
    let keys = CredentialsProviderChain::first_try("environment", EnvironmentVariableCredentialsProvider::new());
    let keys = keys.or_else("none", Credentials::from_keys("none", "none", None));
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new()).or_else("us-east-1");
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(web::client());
    loader.endpoint_url(url).credentials_provider(keys).region(region).load().await
}
