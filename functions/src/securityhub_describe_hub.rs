//! `GET /accounts`: DescribeHub.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::securityhub::describe_hub::{parse, render};
use posture_shared::dialects::securityhub::hub::Hub;
use posture_shared::dialects::securityhub::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::list_accounts;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "securityhub-describe-hub",
    method: Method::GET,
    path: "/accounts",
    also: &[],
    dialect: Dialect::SecurityHub,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::FINDINGS,
    describe: openapi::describe_hub,
    handler: Handler::Reads(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let named = parse(call.query("HubArn"))?;
    let accounts = list_accounts(ledger, &call.caller).await?;
    let hub = match named {
        Some(hub) if call.caller.may_name_account(&hub.account) => hub,
        Some(_) => return Err(Error::NotFound("there is no such hub".to_owned())),
        None => Hub::first(call.caller.region.as_deref(), &accounts.ids),
    };
    Ok(render(&hub, accounts.since))
}
