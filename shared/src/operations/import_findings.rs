//! Imports findings as BatchImportFindings does: the producer's fields, by the producer's rules.

use super::account_limits::{check_current, check_sent};
use crate::domain::asff::{self, Door};
use crate::domain::json::{Object, text_at};
use crate::domain::{Actor, Caller, Decision, Error, Finding, FindingKey, Instant, Outcome, Rejection, Seen, Source};
use crate::ledger::{Intent, Sent, Writer};
use serde_json::Value;
use std::sync::Arc;

/// How far ahead of the clock an UpdatedAt may be before the log says so, in milliseconds.
const AHEAD: i64 = 5 * 60 * 1000;

/// Imports findings in their order; one outcome each. Invalid ones are rejected alone.
///
/// One from the future is taken as it is. Until its time has come nothing that its producer sends counts as newer, so the
/// log says how many there were.
pub async fn import_findings(writer: &Writer, caller: &Caller, findings: &[Value]) -> Result<Vec<Outcome>, Error> {
    let ahead = count_ahead(findings, writer.clock().now());
    if ahead > 0 {
        let (tenant, key) = (caller.tenant.as_str(), caller.key_name.as_str());
        tracing::warn!(tenant, key, findings = ahead, "UpdatedAt is more than five minutes ahead of the clock");
    }
    let own = Arc::new(caller.clone());
    let checked = findings.iter().map(|finding| {
        let sent = asff::validate(finding, Door::Import)?;
        check_sent(caller, &sent)?;
        Ok(intent(&own, sent))
    });
    submit_accepted(writer, caller, checked.collect()).await
}

/// Submits what was accepted and puts the rejections back in their places.
pub(super) async fn submit_accepted(
    writer: &Writer,
    caller: &Caller,
    checked: Vec<Result<Intent, Rejection>>,
) -> Result<Vec<Outcome>, Error> {
    let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(checked.len());
    let mut intents = Vec::new();
    for result in checked {
        match result {
            Ok(intent) => {
                intents.push(intent);
                outcomes.push(None);
            }
            Err(rejection) => outcomes.push(Some(Outcome::Rejected(rejection))),
        }
    }
    let mut submitted = Vec::new();
    if !intents.is_empty() {
        submitted = writer.submit(&caller.tenant, intents).await?;
    }
    let mut submitted = submitted.into_iter();
    let whole: Option<Vec<Outcome>> =
        outcomes.into_iter().map(|outcome| outcome.or_else(|| submitted.next())).collect();
    whole.ok_or_else(|| Error::internal("an import lacks an outcome"))
}

fn count_ahead(findings: &[Value], now: Instant) -> usize {
    let latest = now.plus(AHEAD);
    let updated = |finding: &Value| finding.get("UpdatedAt").and_then(Value::as_str).and_then(Instant::parse_aws);
    findings.iter().filter(|finding| updated(finding).is_some_and(|at| at > latest)).count()
}

/// The import of a document that was validated.
pub(super) fn intent(caller: &Arc<Caller>, sent: Object) -> Intent {
    let key = key_of(&sent);
    let seen = Seen::of(&sent, None);
    let short = Sent {
        hash: asff::producer_hash(&sent, Door::Import),
        seen_hash: asff::seen_hash(&seen),
        seen,
        tells_time: true,
    };
    let actor = Actor { source: Source::Import, identity: key.product_arn.clone() };
    let caller = Arc::clone(caller);
    let decide = move |current: Option<&Finding>, seen: Option<&Seen>, at| match check_current(&caller, current) {
        Ok(()) => asff::import(current, seen, &sent, &actor, at),
        Err(rejection) => Decision::Rejected(rejection),
    };
    Intent { key, sent: Some(short), decide: Arc::new(decide) }
}

/// The identity of a document that was validated.
pub(super) fn key_of(sent: &Object) -> FindingKey {
    let part = |name| text_at(sent, name).unwrap_or_default().to_owned();
    FindingKey { product_arn: part("ProductArn"), id: part("Id") }
}
