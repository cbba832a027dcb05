//! `Idempotency-Key`: a decision that bears one is carried out once, however often it is sent within a day.
//!
//! The same request again gets the answer that was given, with `idempotency-replayed: true`. One that was cut short, or
//! of which only a part could be done, is completed: what it has done already is left as it is, and so is what somebody
//! else has decided since. A key that stands for another request is refused, and one whose request is being carried out is
//! a conflict. What was refused leaves its key free. Keys of different API keys never meet. Once begun it is carried out to its
//! end, also when the client has gone.
//!
//! Only decisions are kept: answers of other routes may hold secrets that are shown once.

use crate::{Answer, Call, Route};
use futures_util::FutureExt;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::once::{self, LARGEST_ANSWER, LONGEST_KEY, Once, State, Turn};
use posture_shared::domain::{Error, Scope, TenantId};
use posture_shared::ledger::Writer;
use posture_shared::secrets::{self, sha256_hex};
use posture_shared::tally::carried;
use std::panic::AssertUnwindSafe;

/// The header.
pub const HEADER: &str = "Idempotency-Key";

/// Tries to be the one that carries a request out.
const TRIES: usize = 4;

/// Headers of answers that are kept.
const HEADERS: [&str; 4] = ["content-type", "etag", "vary", "x-dialect-version"];

/// Whether a route's requests may bear a key: those of decisions. Security Hub's API has no such header.
pub(crate) fn is_kept(route: &Route) -> bool {
    route.scope == Some(Scope::FindingsWrite) && route.dialect != Dialect::SecurityHub
}

/// Carries a request out, once if it bears a key.
pub(crate) async fn carry_out(
    writer: &Writer,
    route: &Route,
    handler: for<'a> fn(&'a Writer, Call) -> Answer<'a, Reply>,
    mut call: Call,
) -> Result<Reply, Error> {
    let Some(key) = call.header("idempotency-key").filter(|_| is_kept(route)).map(str::to_owned) else {
        return handler(writer, call).await;
    };
    if key.trim().is_empty() || key.chars().count() > LONGEST_KEY {
        return Err(Error::invalid(HEADER, format!("must be 1 to {LONGEST_KEY} characters, not all of them blank")));
    }
    let (tenant, key_name) = (call.caller.tenant.clone(), call.caller.key_name.clone());
    let fingerprint = fingerprint(&call);
    let by = secrets::hex(&secrets::random::<16>()?);
    for _ in 0..TRIES {
        let known = writer.once_get(&tenant, &key_name, &key).await?;
        let named = format!("{key_name}\n{key}");
        match once::turn(known.as_ref(), &named, &fingerprint, writer.clock().now()) {
            Turn::Replay(answer) => return Ok(replayed(answer)),
            Turn::Taken => return Err(Error::invalid(HEADER, "stands for another request; send a new one")),
            Turn::Wait => break,
            Turn::Go(begun, attempt) => {
                let begun = Once { by: by.clone(), ..begun };
                let Some(begun) = begin(writer, &tenant, (&key_name, &key), begun).await? else { continue };
                call.attempt = Some(attempt);
                let work = finish(writer.clone(), handler, call, key, begun);
                // A task of its own, so that a client who goes away leaves nothing half done behind its key.
                return tokio::spawn(carried(work)).await.unwrap_or_else(|error| Err(Error::internal(error)));
            }
        }
    }
    Err(Error::Conflict(format!("{HEADER}: its request is being carried out; ask again in a moment")))
}

/// Records that a request is being carried out; as recorded, or `None` when somebody else was faster.
async fn begin(
    writer: &Writer,
    tenant: &TenantId,
    (key_name, key): (&str, &str),
    begun: Once,
) -> Result<Option<Once>, Error> {
    if let Some(recorded) = writer.once_put(tenant, key_name, key, begun.clone()).await? {
        return Ok(Some(recorded));
    }
    // A request to the table whose answer was lost is sent again, and then finds what it has done itself.
    let known = writer.once_get(tenant, key_name, key).await?;
    Ok(known.filter(|known| known.by == begun.by))
}

/// Carries a request out that is recorded as being carried out, and records how far it got.
async fn finish(
    writer: Writer,
    handler: for<'a> fn(&'a Writer, Call) -> Answer<'a, Reply>,
    call: Call,
    key: String,
    begun: Once,
) -> Result<Reply, Error> {
    let (tenant, key_name) = (call.caller.tenant.clone(), call.caller.key_name.clone());
    let is_first = call.attempt.as_ref().is_none_or(|attempt| attempt.since.is_none());
    let result = AssertUnwindSafe(handler(&writer, call)).catch_unwind().await;
    let result = result.unwrap_or_else(|_| Err(Error::internal("the handler panicked")));
    let ended = Once { state: state_of(&result, is_first), ..begun };
    if let Err(error) = writer.once_put(&tenant, &key_name, &key, ended).await {
        tracing::warn!(tenant = %tenant, %error, "an Idempotency-Key's request is not recorded as ended");
    }
    result
}

/// All that a request says.
fn fingerprint(call: &Call) -> String {
    let mut query = call.query.clone();
    query.sort();
    let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name:?}={value:?}")).collect();
    let text = format!("{}\n{}\n{}\n{}", call.method, call.path, query.join("&"), sha256_hex(&call.body));
    sha256_hex(text.as_bytes())
}

/// How far a request is. What is refused has done nothing, unless it was sent before and a part of it was done then.
fn state_of(result: &Result<Reply, Error>, is_first: bool) -> State {
    match result {
        Ok(reply) if (200..300).contains(&reply.status) => {
            let kept = |(name, value): &(&'static str, String)| {
                HEADERS.contains(name).then(|| ((*name).to_owned(), value.clone()))
            };
            let body = String::from_utf8(reply.body.clone()).ok().filter(|body| body.len() <= LARGEST_ANSWER);
            let headers = reply.headers.iter().filter_map(kept).collect();
            State::Done(once::Answer { status: reply.status, headers, body })
        }
        // A part may be done.
        Ok(_) | Err(Error::Throttled { .. } | Error::Internal(_)) => State::Open,
        Err(Error::Invalid { .. } | Error::NotFound(_) | Error::Conflict(_) | Error::Stale(_) | Error::Denied(_)) => {
            if is_first {
                State::Refused
            } else {
                State::Open
            }
        }
    }
}

fn replayed(answer: once::Answer) -> Reply {
    let once::Answer { status, headers, body } = answer;
    let known =
        |(name, value): (String, String)| HEADERS.into_iter().find(|known| *known == name).map(|known| (known, value));
    let headers = headers.into_iter().filter_map(known).collect();
    let reply = Reply { status, headers, body: body.unwrap_or_default().into_bytes() };
    reply.with_header("idempotency-replayed", "true")
}
