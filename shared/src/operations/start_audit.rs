//! Asks for an audit run. A worker finds it and begins.

use super::auditor::{check_framework, frameworks_of};
use super::run_expiries::all_tenants;
use super::tenant_rules::{self, Own};
use crate::audit::{self, Shipped};
use crate::domain::framework::{Control, FrameworkQuery};
use crate::domain::run::Run;
use crate::domain::{Error, TenantId};
use crate::ledger::{Reader, Writer};

/// Asks for a run of every rule, or of one framework's. While one of the same extent has not ended, that one is the answer.
/// [`Error::Invalid`] names `field` for a framework without rules.
pub async fn start_audit(
    writer: &Writer,
    tenant: &TenantId,
    framework: Option<&FrameworkQuery>,
    field: &str,
) -> Result<Run, Error> {
    // What the catalogue's rules check is known without reading them.
    let shipped: Vec<Vec<Control>> = audit::shipped().iter().map(Shipped::controls).collect();
    let own = tenant_rules::own(writer, tenant).await?;
    let own = own.iter().flat_map(Own::rules).map(|rule| rule.controls.as_slice());
    let rules = shipped.iter().map(Vec::as_slice).chain(own);
    let frameworks = match framework {
        None => frameworks_of(rules),
        Some(query) => check_framework(rules, query, field).map(|()| vec![query.framework.clone()])?,
    };
    let run = Run::new(framework.map(named), frameworks, writer.clock().now());
    let (run, _) = writer.run_start(tenant, run).await?;
    Ok(run)
}

/// Asks for a run of every rule in `own` and in every tenant that ever had a key and has an inventory; how many have one now.
///
/// Errors: the first one, after all tenants had their turn.
pub async fn start_audits(writer: &Writer, own: &TenantId) -> Result<usize, Error> {
    let (mut started, mut failed) = (0, None);
    for tenant in all_tenants(writer, own).await? {
        match start_where_needed(writer, &tenant).await {
            Ok(has_one) => started += usize::from(has_one),
            Err(error) => {
                tracing::warn!(tenant = %tenant, %error, "an audit run could not be started");
                failed = failed.or(Some(error));
            }
        }
    }
    failed.map_or(Ok(started), Err)
}

async fn start_where_needed(writer: &Writer, tenant: &TenantId) -> Result<bool, Error> {
    if writer.inventory_scopes(tenant).await?.is_empty() {
        return Ok(false);
    }
    start_audit(writer, tenant, None, "framework").await.map(|_| true)
}

/// A run by its id; [`Error::NotFound`] when there is none.
pub async fn get_audit(reader: &Reader, tenant: &TenantId, id: &str) -> Result<Run, Error> {
    let absent = || Error::NotFound("there is no such job".to_owned());
    if !Run::is_id(id) {
        return Err(absent());
    }
    reader.run_get(tenant, id).await?.ok_or_else(absent)
}

/// The last runs, newest first.
pub async fn list_audits(reader: &Reader, tenant: &TenantId) -> Result<Vec<Run>, Error> {
    reader.run_list(tenant).await
}

fn named(query: &FrameworkQuery) -> String {
    let FrameworkQuery { framework, version } = query;
    version.as_ref().map_or_else(|| framework.clone(), |version| format!("{framework}@{version}"))
}
