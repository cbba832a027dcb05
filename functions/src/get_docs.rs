//! `GET /docs`: every operation, as a page for people.

use crate::openapi::written;
use crate::{Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::Dialect;
use posture_shared::dialects::native::{docs, openapi};
use posture_shared::ledger::Ahead;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "get-docs",
    method: Method::GET,
    path: "/docs",
    also: &[],
    dialect: Dialect::Native,
    scope: None,
    ahead: Ahead::NOTHING,
    describe: openapi::get_docs,
    handler: Handler::Open(|base| docs::page(&written(base).each_ref().map(AsRef::as_ref))),
};
