//! Takes resources into the inventory, from callers and from AWS Config itself.
//!
//! A caller's items are what it found when it looked, so that what says the same as before is written nowhere. AWS Config
//! sends an item when something changed, so that each of its own is a version. What is called covered is so only if
//! everything beside it was taken: coverage is what lets rules say that something is missing.

use crate::audit::intake::{self, Context, Intake, Oversized};
use crate::domain::error::Denial;
use crate::domain::inventory::{ConfigurationItem, Imported, Outcome};
use crate::domain::{Caller, Error, TenantId};
use crate::ledger::{Repeats, Stored, Writer};
use serde_json::Value;

/// Takes whatever a caller sent. [`Error::Invalid`] when it is nothing that could hold resources.
pub async fn import_resources(writer: &Writer, caller: &Caller, sent: &Value) -> Result<Imported, Error> {
    let intake = read(writer, sent)?;
    if intake.covered.iter().any(|covered| !caller.may_name_account(&covered.scope.account)) {
        return Err(Error::Denied(Denial::Account));
    }
    let outcomes = put(writer, &caller.tenant, &intake, Some(caller), Repeats::Skip).await?;
    let is_whole = !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Rejected { .. }));
    let mut covered = 0;
    if is_whole && intake.oversized.is_empty() {
        for coverage in &intake.covered {
            writer.inventory_cover(&caller.tenant, coverage).await?;
            covered += coverage.types.len();
        }
    }
    Ok(Imported { outcomes, covered })
}

/// What became of an event of AWS Config.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Why it was not taken, if it was not.
    pub refused: Option<String>,
    /// Resources that it did not describe, because they were too large for it. Their types are not known completely
    /// any more, until somebody reads them.
    pub oversized: Vec<Oversized>,
}

/// Takes events in which AWS Config told of changes; what became of each, in their order.
pub async fn record_resources(writer: &Writer, tenant: &TenantId, events: &[Value]) -> Result<Vec<Recorded>, Error> {
    let mut recorded = vec![Recorded::default(); events.len()];
    let (mut whole, mut owners) = (Intake::default(), Vec::new());
    for (event, recorded) in events.iter().zip(&mut recorded) {
        match read(writer, event) {
            Ok(intake) => {
                owners.push(intake.items.len());
                whole.items.extend(intake.items);
                recorded.oversized = intake.oversized;
            }
            Err(error) => {
                owners.push(0);
                recorded.refused = Some(error.to_string());
            }
        }
    }
    let mut outcomes = put(writer, tenant, &whole, None, Repeats::Keep).await?.into_iter();
    for (count, recorded) in owners.into_iter().zip(&mut recorded) {
        for outcome in outcomes.by_ref().take(count) {
            if let Outcome::Rejected { field, message } = outcome {
                recorded.refused = Some(format!("{field}: {message}"));
            }
        }
        for Oversized { key, location: _ } in &recorded.oversized {
            writer.inventory_uncover(tenant, &key.scope(), &key.kind).await?;
        }
    }
    Ok(recorded)
}

fn read(writer: &Writer, sent: &Value) -> Result<Intake, Error> {
    let context = Context { account: None, region: None, at: writer.clock().now() };
    intake::read(sent, &context).map_err(|rejection| {
        let field = if rejection.field.is_empty() { "body".to_owned() } else { rejection.field };
        Error::invalid(field, rejection.message)
    })
}

async fn put(
    writer: &Writer,
    tenant: &TenantId,
    intake: &Intake,
    caller: Option<&Caller>,
    repeats: Repeats,
) -> Result<Vec<Outcome>, Error> {
    let may_name = |item: &ConfigurationItem| caller.is_none_or(|caller| caller.may_name_account(&item.account));
    let mut items = Vec::with_capacity(intake.items.len());
    let mut refused = Vec::with_capacity(intake.items.len());
    for read in &intake.items {
        let refusal = match read {
            Err(rejection) => Some((rejection.field.as_str(), rejection.message.as_str())),
            Ok(item) if !may_name(item) => Some(("accountId", "the key is not good for this account")),
            Ok(item) => {
                items.push(item.clone());
                None
            }
        };
        refused.push(refusal.map(|(field, message)| rejected(field, message)));
    }
    let stored = if items.is_empty() { Vec::new() } else { writer.inventory_put(tenant, &items, repeats).await? };
    let mut stored = stored.into_iter().map(outcome);
    let outcomes: Option<Vec<Outcome>> = refused.into_iter().map(|refusal| refusal.or_else(|| stored.next())).collect();
    outcomes.ok_or_else(|| Error::internal("an item lacks an outcome"))
}

fn outcome(stored: Stored) -> Outcome {
    match stored {
        Stored::Created => Outcome::Created,
        Stored::Changed => Outcome::Changed,
        Stored::Unchanged => Outcome::Unchanged,
        Stored::Deleted => Outcome::Deleted,
        Stored::Earlier => Outcome::Earlier,
        Stored::TooLarge => rejected("configuration", "does not fit into the store: 380 KB compressed are the most"),
    }
}

fn rejected(field: &str, message: &str) -> Outcome {
    Outcome::Rejected { field: field.to_owned(), message: message.to_owned() }
}
