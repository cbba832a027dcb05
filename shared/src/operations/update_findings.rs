//! Updates findings as BatchUpdateFindings does: what customers may set.

use super::account_limits::within;
use crate::domain::asff::{self, Update};
use crate::domain::{Actor, Caller, Error, Finding, FindingKey, Outcome, Seen, Source};
use crate::ledger::{Intent, Writer};
use std::sync::Arc;

/// Applies one update to several findings; one outcome each. A finding that is not there, or of an account that the
/// caller's key is not good for, is rejected alone.
pub async fn update_findings(
    writer: &Writer,
    caller: &Caller,
    keys: Vec<FindingKey>,
    update: Update,
) -> Result<Vec<Outcome>, Error> {
    let update = Arc::new(update);
    let caller = Arc::new(caller.clone());
    let actor = Arc::new(Actor { source: Source::Update, identity: caller.identity() });
    let intents = keys.into_iter().map(|key| {
        let (update, actor, own) = (Arc::clone(&update), Arc::clone(&actor), Arc::clone(&caller));
        let decide = move |current: Option<&Finding>, _: Option<&Seen>, at| {
            asff::update(within(&own, current), &update, &actor, at)
        };
        Intent { key, sent: None, decide: Arc::new(decide) }
    });
    writer.submit(&caller.tenant, intents.collect()).await
}
