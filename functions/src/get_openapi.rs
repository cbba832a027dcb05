//! `GET /openapi.json`: every operation, in OpenAPI 3.1.

use crate::openapi::written;
use crate::{Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::ledger::Ahead;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "get-openapi",
    method: Method::GET,
    path: "/openapi.json",
    also: &[],
    dialect: Dialect::Native,
    scope: None,
    ahead: Ahead::NOTHING,
    describe: openapi::get_openapi,
    handler: Handler::Open(|base| Reply::json_text(200, written(base).concat())),
};
