//! `GET /accounts`: DescribeHub.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::Reader;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "securityhub-describe-hub",
    method: Method::GET,
    path: "/accounts",
    dialect: Dialect::SecurityHub,
    scope: Some(Scope::FindingsRead),
    handler: Handler::Reads(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(_ledger: &Reader, _call: Call) -> Result<Reply, Error> {
    Err(Error::internal("securityhub-describe-hub waits for its operation"))
}
