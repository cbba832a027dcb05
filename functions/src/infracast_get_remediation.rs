//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}/remediation`: how to mend it.

use crate::infracast::asked_and_pushed;
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::infracast::openapi;
use posture_shared::dialects::infracast::remediation::render;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{Words, get_remediation};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-get-remediation",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/findings/{findingID}/remediation",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_remediation,
    handler: Handler::Words(|ledger, words, call| Box::pin(handle(ledger, words, call))),
};

async fn handle(ledger: &Reader, words: Option<Words>, call: Call) -> Result<Reply, Error> {
    let (asked, pushed) = asked_and_pushed(ledger, &call).await?;
    let (tenant, at) = (&call.caller.tenant, asked.as_of.map(|as_of| as_of.at));
    let remediation = get_remediation(ledger, words.as_ref(), tenant, &asked.finding, at);
    let (remediation, shown) = tokio::join!(remediation, asked.shown(ledger, &pushed));
    render(&shown, &remediation?)
}
