//! Where a function starts on Lambda: the app from its environment, and the loop over events.

use crate::event::Guard;
use crate::route::{Handler, Route, Trigger};
use crate::start::{self, Role};
use crate::streamed;
use futures_util::future::BoxFuture;
use lambda_http::{Adapter, Body, IntoResponse, LambdaEvent, Request, Response};
use lambda_runtime::{Error, service_fn};
use posture_shared::config::Settings;
use posture_shared::ledger::Table;
use serde_json::Value;
use std::future::ready;
use std::sync::Arc;

/// Serves the function of these that Lambda's `_HANDLER` names.
pub fn run_named(routes: &[&'static Route], triggers: &[&'static Trigger]) -> Result<(), Error> {
    let name = Settings::from_environment().handler.unwrap_or_default();
    let route = routes.iter().find(|route| route.function == name);
    let trigger = triggers.iter().find(|trigger| trigger.function == name);
    if route.is_none_or(|route| route.needs_key()) {
        // While logging and certificates are made ready. Without a thread to be had, the first client does it.
        let _ = std::thread::Builder::new().spawn(Table::prepare);
    }
    match (route, trigger) {
        (Some(route), _) => run(route),
        (None, Some(trigger)) => run_trigger(trigger),
        (None, None) => Err(format!("_HANDLER is {name:?}, and this program has no such function").into()),
    }
}

/// Serves one endpoint until Lambda stops the process.
fn run(route: &'static Route) -> Result<(), Error> {
    block_on(async {
        let app = Arc::new(start::app(Role::Endpoint(route)).await?);
        if matches!(route.handler, Handler::Streams(_)) {
            // What goes out in pieces has another form, which its gateway must expect.
            let runtime_api = Settings::from_environment().runtime_api.ok_or("AWS_LAMBDA_RUNTIME_API is not set")?;
            return streamed::run(app, route, &runtime_api).await;
        }
        let service = service_fn(move |request: Request| {
            let app = Arc::clone(&app);
            async move { Ok::<Answered, Error>(Answered(app.answer(route, request).await)) }
        });
        lambda_runtime::run(Guard(Adapter::from(service))).await
    })
}

/// Serves one trigger until Lambda stops the process.
fn run_trigger(trigger: &'static Trigger) -> Result<(), Error> {
    block_on(async {
        let app = Arc::new(start::app(Role::Trigger(trigger)).await?);
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

/// An answer whose body is text or bytes already: nothing is to be guessed from its headers.
struct Answered(Response<Body>);

impl IntoResponse for Answered {
    fn into_response(self) -> BoxFuture<'static, Response<Body>> {
        Box::pin(ready(self.0))
    }
}

fn block_on(work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
