//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}`: one finding.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::as_of::AS_OF;
use posture_shared::dialects::infracast::Listed;
use posture_shared::dialects::infracast::get_finding::{FIELD, among, not_found, parse, render};
use posture_shared::dialects::infracast::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope, Wanted};
use posture_shared::ledger::Reader;
use posture_shared::operations::{NamedQuery, get_finding_by_name, get_finding_by_uid, when};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-get-finding",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/findings/{findingID}",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::FindingsRead),
    describe: openapi::get_finding,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let request = parse(call.parameter(FIELD)?, &call.query)?;
    let when = when(ledger, &call.caller.tenant, AS_OF, request.as_of).await?;
    let tenant = &call.caller.tenant;
    let found = match request.wanted {
        Wanted::Uid(uid) => get_finding_by_uid(ledger, tenant, uid, when).await?,
        Wanted::Named(name) => {
            let query = NamedQuery { name, among: among(), when, field: FIELD };
            get_finding_by_name(ledger, tenant, &query).await?
        }
    };
    let (found, view, uids) = found.ok_or_else(not_found)?;
    let uid = uids.finding(found.ordinal);
    render(&Listed { uid, finding: &found.finding, last_seen: found.last_seen }, view.as_of())
}
