//! Faults on the wire to the store, for tests: requests that never arrive, answers that are lost, crashes, and a table that takes no
//! more.

use crate::embedded::{operation_of, response};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong, and when. Requests count from 1, since the last [`Faults::plan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The request of that number fails before it reaches the store.
    Before(u64),
    /// The request of that number is executed, and its answer is lost.
    After(u64),
    /// From the request of that number on nothing reaches the store: the process is dead as far as the store can see.
    CrashBefore(u64),
    /// As [`Fault::CrashBefore`], but the request of that number is still executed.
    CrashAfter(u64),
    /// Every request whose number is a multiple of this one is refused, because there were too many.
    ThrottleEvery(u64),
}

/// What the service says then.
const THROTTLED: &str =
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"Rate exceeded"}"#;

/// What runs before a request: it gets the request's number and operation.
pub type Hook = Arc<dyn Fn(u64, &str) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Lets requests through to another client, except for what is planned. Clones share plan and count.
#[derive(Debug, Clone)]
pub struct Faults {
    inner: SharedHttpClient,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    fault: Fault,
    seen: u64,
    hook: Option<Hook>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("fault", &self.fault).field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl Faults {
    /// No faults yet before `inner`.
    pub fn new(inner: impl HttpClient + 'static) -> Self {
        Self { inner: SharedHttpClient::new(inner), state: Arc::default() }
    }

    /// Plans a fault, in place of an earlier one, and counts requests from 1 again.
    pub fn plan(&self, fault: Fault) {
        let mut state = self.state();
        state.fault = fault;
        state.seen = 0;
    }

    /// How many requests were made since the last plan, the failed ones included.
    pub fn seen(&self) -> u64 {
        self.state().seen
    }

    /// Runs `hook` before each request from now on; `None` ends that.
    pub fn before_each(&self, hook: Option<Hook>) {
        self.state().hook = hook;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> (u64, Fault, Option<Hook>) {
        let mut state = self.state();
        state.seen += 1;
        (state.seen, state.fault, state.hook.clone())
    }
}

impl HttpClient for Faults {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Faulty { faults: self.clone(), inner })
    }
}

#[derive(Debug)]
struct Faulty {
    faults: Faults,
    inner: SharedHttpConnector,
}

impl HttpConnector for Faulty {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (number, fault, hook) = self.faults.next();
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            if let Some(hook) = hook {
                hook(number, operation_of(&request)).await;
            }
            if matches!(fault, Fault::ThrottleEvery(n) if number.is_multiple_of(n)) {
                return response(400, THROTTLED.to_owned());
            }
            let (arrives, returns) = match fault {
                Fault::None | Fault::ThrottleEvery(_) => (true, true),
                Fault::Before(n) => (n != number, n != number),
                Fault::After(n) => (true, n != number),
                Fault::CrashBefore(n) => (number < n, number < n),
                Fault::CrashAfter(n) => (number <= n, number < n),
            };
            if !arrives {
                return Err(ConnectorError::io("planned: the request never arrived".into()));
            }
            let answer = inner.call(request).await?;
            if returns { Ok(answer) } else { Err(ConnectorError::io("planned: the answer was lost".into())) }
        })
    }
}
