//! What an answer costs that is made while it is sent: told once, when it has ended, by itself or by its client.

use crate::metrics::{Done, Metrics};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use posture_shared::domain::{Caller, Error};
use posture_shared::tally::Tally;
use std::time::Instant as Stopwatch;
use tracing::Span;

/// An answer on its way.
pub(crate) struct Outflow {
    metrics: Metrics,
    function: &'static str,
    request_id: String,
    caller: Option<Caller>,
    tally: Tally,
    started: Stopwatch,
    failure: Option<Error>,
}

impl Outflow {
    /// One that begins now.
    pub fn begin(metrics: &Metrics, function: &'static str, request_id: &str, caller: Option<&Caller>) -> Self {
        let (metrics, request_id, caller) = (metrics.clone(), request_id.to_owned(), caller.cloned());
        Self {
            metrics,
            function,
            request_id,
            caller,
            tally: Tally::default(),
            started: Stopwatch::now(),
            failure: None,
        }
    }

    /// Counts what making these pieces spends, and logs under their request's name.
    pub fn over(
        mut self,
        mut pieces: BoxStream<'static, Result<Bytes, Error>>,
        span: Span,
    ) -> BoxStream<'static, Result<Bytes, Error>> {
        stream::poll_fn(move |context| {
            let polled = span.in_scope(|| self.tally.while_polling(|| pieces.poll_next_unpin(context)));
            if let std::task::Poll::Ready(Some(Err(error))) = &polled {
                self.failure = Some(error.clone());
            }
            polled
        })
        .boxed()
    }
}

impl Drop for Outflow {
    fn drop(&mut self) {
        let Self { metrics, function, request_id, caller, tally, started, failure } = self;
        let ms = started.elapsed().as_secs_f64() * 1000.0;
        let (caller, failure) = (caller.as_ref(), failure.as_ref());
        let status = if failure.is_some() { 500 } else { 200 };
        metrics.log_rest(&Done { function, request_id, caller, status, failure, ms, tally });
    }
}
