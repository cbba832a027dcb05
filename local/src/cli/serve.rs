//! `posture serve`: every endpoint in one process.

use super::store::{Absent, Place, with_words};
use super::{Ending, instant, print};
use crate::embedded::Embedded;
use crate::jobs;
use crate::server::Server;
use clap::Args;
use posture_functions::App;
use posture_shared::auth::{Credentials, mint};
use posture_shared::clock::Clock;
use posture_shared::config::Settings;
use posture_shared::domain::{Error, Instant, Scope, TenantId};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// How often the embedded engine deletes what has expired. The service takes its time too.
const SWEEP: Duration = Duration::from_secs(60);

/// How far the clock may be from the machine's before something is said, in milliseconds.
const APART: u64 = 5 * 60 * 1000;

/// How far the newest commit may be ahead of the clock, in milliseconds: commits in quick succession run ahead of it.
const SLACK: i64 = 1000;

/// The name of the first key; later ones add a number.
const KEY: &str = "admin";

#[derive(Args)]
pub(super) struct Serve {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9000")]
    listen: String,
    #[command(flatten)]
    place: Place,
    /// Start the clock at this instant and let it run
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    clock: Option<Instant>,
    /// Make another key and print it
    #[arg(long)]
    new_key: bool,
}

/// The first line on stdout.
#[derive(Serialize)]
struct Ready {
    url: String,
    tenant: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Credentials>,
}

impl Serve {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Error> {
        // Before anything else, so that a signal during the start is not lost.
        let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
        let clock = self.clock.map_or_else(Clock::system, Clock::starting_at);
        let server = Server::bind(&self.listen).await?;
        let open = self.place.open(clock, settings, Absent::Make).await?;
        if !server.is_loopback() {
            tracing::warn!(
                url = server.url(),
                "there is no TLS here: keys and findings can be read on the way; put a proxy before it"
            );
        }
        for warning in warnings(&open.app).await? {
            tracing::warn!("{warning}");
        }
        let key = first_key(&open.app, self.new_key).await?;
        let app = with_words(open.app, settings).await?;
        let mut background = JoinSet::new();
        background.spawn(jobs::run(app.writer.clone(), app.tenant.clone()));
        if let Some(engine) = open.embedded {
            background.spawn(sweep(engine));
        }
        print(&Ready { url: server.url(), tenant: app.tenant.to_string(), key })?;
        let stop = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
        };
        server.run(Arc::new(app), stop).await;
        background.abort_all();
        Ok(Ending::Done)
    }
}

/// What is odd about the clock. Instants in the log never go back, so it cannot be put right afterwards.
async fn warnings(app: &App) -> Result<Vec<String>, Error> {
    let (writer, mut warnings) = (&app.writer, Vec::new());
    let (now, machine) = (writer.clock().now(), Clock::machine());
    if now.0.abs_diff(machine.0) > APART {
        warnings.push(format!(
            "the clock shows {now} and the machine's {machine}: changes are recorded at the first, and instants in the log \
             never go back"
        ));
    }
    let mut tenants: BTreeSet<TenantId> = writer.tenant_list().await?.into_iter().collect();
    tenants.insert(app.tenant.clone());
    for tenant in tenants {
        let newest = writer.newest_commit(&tenant).await?;
        if let Some(newest) = newest.filter(|newest| now.plus(SLACK) < *newest) {
            warnings.push(format!(
                "the clock shows {now}, and tenant {tenant} has a commit of {newest}: instants in the log never go back, so \
                 until the clock is there, changes are recorded just after that commit"
            ));
        }
    }
    Ok(warnings)
}

/// A new key when the tenant has none, or when one is wanted.
async fn first_key(app: &App, wanted: bool) -> Result<Option<Credentials>, Error> {
    let tenant = &app.tenant;
    let keys = app.writer.key_list(tenant).await?;
    if !wanted && !keys.is_empty() {
        return Ok(None);
    }
    let (masters, now) = (app.writer.masters(), app.writer.clock().now());
    for number in 1_u32.. {
        let name = if number == 1 { KEY.to_owned() } else { format!("{KEY}-{number}") };
        if keys.iter().any(|key| key.name == name) {
            continue;
        }
        let (record, credentials) = mint(masters, tenant, &name, [Scope::Admin].into(), None, None, now)?;
        if app.writer.key_create(&record).await? {
            return Ok(Some(credentials));
        }
    }
    Err(Error::internal("there is no name left for a key"))
}

async fn sweep(engine: Embedded) {
    let mut minutes = tokio::time::interval(SWEEP);
    loop {
        minutes.tick().await;
        let engine = engine.clone();
        match tokio::task::spawn_blocking(move || engine.sweep()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(items)) => tracing::info!(items, "expired items deleted"),
            Ok(Err(error)) => tracing::warn!(%error, "sweep failed"),
            Err(error) => tracing::warn!(%error, "sweep failed"),
        }
    }
}
