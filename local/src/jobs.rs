//! Jobs in the background of a server: what a queue and schedules wake on AWS.

use posture_functions::verify_ledgers::tell;
use posture_shared::dialects::native::decisions::recall;
use posture_shared::domain::TenantId;
use posture_shared::ledger::Writer;
use posture_shared::operations::{
    fold_ledgers, run_audits_of_all, run_decisions_of_all, run_expiries_of_all, start_audits, verify_ledgers,
};
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How often it is looked for acceptances that ran out.
pub const PERIOD: Duration = Duration::from_secs(60);
/// How often an audit run is asked for.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How often it is looked for ledgers to fold.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// How often it is looked for audit runs and decisions, which somebody waits for.
const AUDITS: Duration = Duration::from_secs(1);

/// Works on the jobs of `own` and every other tenant, until it is dropped, which may be at any point: the next one goes on.
pub async fn run(writer: Writer, own: TenantId) {
    tokio::join!(
        expiries(writer.clone(), own.clone()),
        audits(writer.clone(), own.clone()),
        decisions(writer.clone(), own.clone()),
        folds(writer.clone(), own.clone()),
        verifications(writer.clone(), own.clone()),
        daily(writer, own)
    );
}

/// Asks for an audit run each day from now on.
async fn daily(writer: Writer, own: TenantId) {
    loop {
        tokio::time::sleep(DAY).await;
        if let Err(error) = start_audits(&writer, &own).await {
            tracing::warn!(%error, "an audit run could not be started");
        }
    }
}

async fn folds(writer: Writer, own: TenantId) {
    loop {
        tokio::time::sleep(HOUR).await;
        if let Err(error) = fold_ledgers(&writer, &own, || false).await {
            tracing::warn!(%error, "a ledger could not be folded");
        }
    }
}

/// Verifies each day from now on what was committed, and within a week everything.
async fn verifications(writer: Writer, own: TenantId) {
    loop {
        tokio::time::sleep(DAY).await;
        if let Err(error) = Box::pin(verify_ledgers(&writer, &own, &tell, || false)).await {
            tracing::warn!(%error, "a ledger could not be verified");
        }
    }
}

async fn audits(writer: Writer, own: TenantId) {
    let mut periods = tokio::time::interval(AUDITS);
    periods.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        periods.tick().await;
        match run_audits_of_all(&writer, &own, || false).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "audit runs have ended"),
            Err(error) => tracing::warn!(%error, "an audit run was interrupted"),
        }
    }
}

async fn decisions(writer: Writer, own: TenantId) {
    let mut periods = tokio::time::interval(AUDITS);
    periods.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        periods.tick().await;
        match run_decisions_of_all(&writer, &own, recall, || false).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "decisions about many findings have ended"),
            Err(error) => tracing::warn!(%error, "a decision about many findings was interrupted"),
        }
    }
}

async fn expiries(writer: Writer, own: TenantId) {
    let mut periods = tokio::time::interval(PERIOD);
    periods.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        periods.tick().await;
        match run_expiries_of_all(&writer, &own, || false).await {
            Ok(0) => {}
            Ok(recorded) => tracing::info!(recorded, "acceptances that ran out were recorded"),
            Err(error) => tracing::warn!(%error, "a job failed"),
        }
    }
}
