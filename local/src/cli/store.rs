//! Which store a command works on: the embedded one in a folder, one behind a URL, or a table on AWS.

use super::{masters, web};
use crate::embedded::{self, Embedded};
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::RegionProviderChain;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use clap::Args;
use posture_functions::App;
use posture_shared::clock::Clock;
use posture_shared::config::Settings;
use posture_shared::domain::Error;
use posture_shared::ledger::Writer;
use posture_shared::secrets::Masters;
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
    /// Use this DynamoDB table, on AWS unless --endpoint-url says otherwise; needs POSTURE_MASTER
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
}

/// A store that is open, and the embedded engine if it is one.
pub(super) struct Open {
    pub app: App,
    pub embedded: Option<Embedded>,
}

impl Place {
    /// Opens the store; makes its table if there is none.
    pub(super) async fn open(&self, clock: Clock, settings: &Settings) -> Result<Open, Error> {
        let open = match &self.endpoint_url {
            Some(url) => {
                let config = own(url).await;
                over(&config, None, LOCAL_TABLE, self.masters(settings)?, clock, settings)?
            }
            None => {
                let engine = self.engine()?;
                let masters = self.masters(settings)?;
                over(&embedded::config(engine.clone()), Some(engine), LOCAL_TABLE, masters, clock, settings)?
            }
        };
        open.app.writer.create_table().await?;
        Ok(open)
    }

    fn engine(&self) -> Result<Embedded, Error> {
        if self.data() == NOTHING_KEPT { Embedded::memory() } else { Embedded::open(Path::new(self.data())) }
    }

    fn data(&self) -> &str {
        self.data.as_deref().unwrap_or(USUAL_FOLDER)
    }

    /// The environment's master, else the folder's.
    fn masters(&self, settings: &Settings) -> Result<Masters, Error> {
        if settings.has_master() {
            settings.masters()
        } else if self.data() == NOTHING_KEPT {
            masters::random()
        } else {
            masters::kept_in(Path::new(self.data()))
        }
    }
}

impl AnyPlace {
    /// Whether the arguments say where the store is.
    pub(super) fn is_named(&self) -> bool {
        self.place.data.is_some() || self.place.endpoint_url.is_some() || self.table.is_some()
    }

    /// Opens the store. A named table must be there.
    pub(super) async fn open(&self, settings: &Settings) -> Result<Open, Error> {
        let clock = Clock::system();
        let Some(table) = &self.table else { return self.place.open(clock, settings).await };
        let config = aws(self.place.endpoint_url.as_deref()).await;
        over(&config, None, table, settings.masters()?, clock, settings)
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
    Ok(Open { app: App::new(writer, settings.tenant()?), embedded })
}

/// AWS as the environment and the machine's role say.
async fn aws(url: Option<&str>) -> SdkConfig {
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(web::client());
    match url {
        Some(url) => loader.endpoint_url(url).load().await,
        None => loader.load().await,
    }
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
