//! Where a function starts on Lambda: logging, the app from the environment, and the loop over events.

use crate::App;
use crate::event::Guard;
use crate::output::Outgoing;
use crate::route::{Handler, Route, Trigger};
use aws_config::BehaviorVersion;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use lambda_http::{Adapter, Body, LambdaEvent, Request, Response, StreamAdapter};
use lambda_runtime::{Error, service_fn};
use posture_shared::clock::Clock;
use posture_shared::config::Settings;
use posture_shared::ledger::Writer;
use posture_shared::operations::{Hubs, Model, Sweep};
use posture_shared::upstream::Aws;
use serde_json::Value;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Serves one endpoint until Lambda stops the process.
pub fn run(route: &'static Route) -> Result<(), Error> {
    block_on(async {
        let app = Arc::new(app_from_environment(false, matches!(route.handler, Handler::Words(_))).await?);
        if matches!(route.handler, Handler::Streams(_)) {
            // What goes out in pieces has another form, which its gateway must expect.
            let service = service_fn(move |request: Request| {
                let app = Arc::clone(&app);
                async move { Ok::<Response<Outgoing>, Error>(app.respond(route, request).await) }
            });
            return lambda_runtime::run(Guard(StreamAdapter::from(service))).await;
        }
        let service = service_fn(move |request: Request| {
            let app = Arc::clone(&app);
            async move { Ok::<Response<Body>, Error>(app.answer(route, request).await) }
        });
        lambda_runtime::run(Guard(Adapter::from(service))).await
    })
}

/// Serves one trigger until Lambda stops the process.
pub fn run_trigger(trigger: &'static Trigger) -> Result<(), Error> {
    block_on(async {
        let app = Arc::new(app_from_environment(trigger.reads_aws, false).await?);
        let service = service_fn(move |event: LambdaEvent<Value>| {
            let app = Arc::clone(&app);
            async move {
                let LambdaEvent { payload, context } = event;
                app.wake(trigger, payload, &context.request_id).await.map_err(Error::from)
            }
        });
        lambda_runtime::run(service).await
    })
}

fn block_on(work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

async fn app_from_environment(reads_aws: bool, words: bool) -> Result<App, Error> {
    let settings = Settings::from_environment();
    let filter = EnvFilter::try_new(settings.log.as_deref().unwrap_or("info"))?;
    tracing_subscriber::fmt().json().with_env_filter(filter).init();
    let masters = settings.masters()?;
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    let clock = Clock::system();
    let writer = Writer::connect(&config, settings.table()?, clock, masters);
    let aws = || Aws::new(&config, Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).build());
    let mut app = App::new(writer, settings.tenant()?).allowing(settings.allowed_origins());
    if reads_aws {
        let (regions, aggregator) = (settings.sweep_regions(), settings.sweep_aggregator.clone());
        app = app.sweeping(Sweep { aws: aws()?, regions, aggregator }).synchronising(Hubs::of(aws()?, &settings));
    }
    if let Some(model) = settings.bedrock_model.as_deref().filter(|_| words) {
        let aws = aws()?.elsewhere(settings.bedrock_region(), settings.bedrock_url.as_deref());
        app = app.wording(Model::new(aws, model)?);
    }
    Ok(app)
}
