//! What a function has before its first event: logging, its clients with open connections, the masters, and the app over them.
//!
//! All of it happens while Lambda starts the process, when it has more of a processor than later: credentials and region come
//! from the environment and nobody is asked for them, certificates are Amazon's own few roots and not the hundred of the system, and the
//! master secret is read beside the first connection to the table.

use crate::connector::Http;
use crate::route::{Handler, Route, Trigger};
use crate::{App, Metrics, log};
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_runtime_api::client::http::http_client_fn;
use lambda_runtime::Error;
use posture_shared::clock::Clock;
use posture_shared::config::{Settings, masters_of};
use posture_shared::ledger::{Ahead, Table, Writer};
use posture_shared::operations::{Hubs, Model, Sweep};
use posture_shared::secrets::{self, Master, Masters};
use posture_shared::upstream::Aws;
use tracing_subscriber::filter::Targets;

/// What a function answers.
#[derive(Clone, Copy)]
pub enum Role {
    /// Requests.
    Endpoint(&'static Route),
    /// Events.
    Trigger(&'static Trigger),
}

/// The app of a function, from its environment.
pub async fn app(role: Role) -> Result<App, Error> {
    let settings = Settings::from_environment();
    let filter: Targets = settings.log("info")?.parse()?;
    log::begin(filter)?;
    let (reads_aws, words, ahead) = match role {
        Role::Endpoint(route) => (false, matches!(route.handler, Handler::Words(_)), route.ahead),
        Role::Trigger(trigger) => (trigger.reads_aws, false, Ahead::NOTHING),
    };
    let (clock, tenant) = (Clock::system(), settings.tenant()?);
    if let Role::Endpoint(route) = role
        && !route.needs_key()
    {
        // It has no rights on anything, and no use for them.
        let nothing = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        let masters = Masters::only(Master::new(1, secrets::random::<32>()?.to_vec())?);
        let table = Table::unused(&nothing, settings.table()?);
        return told(App::new(Writer::over(table, clock, masters), tenant), &settings);
    }
    let surroundings = Surroundings::of(&settings)?;
    let table = Table::new(&surroundings.for_dynamodb(&settings), settings.table()?);
    if ahead == Ahead::NOTHING {
        surroundings.open_dynamodb(&settings)?;
    }
    let (masters, seen) = tokio::join!(surroundings.masters(&settings), table.look_ahead(&tenant, ahead));
    let writer = Writer::over(table, clock, masters?);
    writer.learn(&tenant, seen);
    let mut app = told(App::new(writer, tenant), &settings)?;
    if reads_aws {
        let (regions, aggregator) = (settings.sweep_regions(), settings.sweep_aggregator.clone());
        app = app.sweeping(Sweep { aws: surroundings.aws()?, regions, aggregator });
        app = app.synchronising(Hubs::of(surroundings.aws()?, &settings));
    }
    if let Some(model) = settings.bedrock_model.as_deref().filter(|_| words) {
        let aws = surroundings.aws()?.elsewhere(settings.bedrock_region(), settings.bedrock_url.as_deref());
        app = app.wording(Model::new(aws, model)?);
    }
    Ok(app)
}

/// An app that says what settings ask for.
fn told(app: App, settings: &Settings) -> Result<App, Error> {
    let metrics = if settings.metrics()? { Metrics::to_stdout() } else { Metrics::default() };
    Ok(app.allowing(settings.allowed_origins()).measuring(metrics).telling_costs(settings.cost_header()?))
}

/// How AWS is reached.
struct Surroundings {
    config: SdkConfig,
    http: Http,
}

impl Surroundings {
    fn of(settings: &Settings) -> Result<Self, Error> {
        let region = settings.region.clone().ok_or("AWS_REGION is not set")?;
        let http = Http::new(&region)?;
        let shared = http.shared();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                EnvironmentVariableCredentialsProvider::new(),
            ))
            .retry_config(RetryConfig::standard())
            .http_client(http_client_fn(move |_, _| shared.clone()));
        config.set_endpoint_url(settings.aws_url().map(str::to_owned));
        Ok(Self { config: config.build(), http })
    }

    fn for_dynamodb(&self, settings: &Settings) -> SdkConfig {
        let mut config = self.config.clone().into_builder();
        config.set_endpoint_url(settings.dynamodb_url().map(str::to_owned));
        config.build()
    }

    /// Begins the connection that the first request to the table would wait for.
    fn open_dynamodb(&self, settings: &Settings) -> Result<(), Error> {
        match settings.dynamodb_url() {
            Some(url) => self.http.open(url),
            None => self.http.open(&self.aws()?.url_of("dynamodb")),
        }
        Ok(())
    }

    /// AWS for signed requests of our own.
    fn aws(&self) -> Result<Aws, Error> {
        Ok(Aws::new(&self.config, self.http.clone())?)
    }

    /// The masters, from the secret that the environment names, else from the environment itself.
    async fn masters(&self, settings: &Settings) -> Result<Masters, Error> {
        let Some(secret) = settings.master_secret.as_deref() else { return Ok(settings.masters()?) };
        let aws = self.aws()?.elsewhere(None, settings.secrets_url());
        let text = aws.secret(secret).await.map_err(|refusal| format!("the master secret: {refusal}"))?;
        Ok(masters_of(text.trim())?)
    }
}
