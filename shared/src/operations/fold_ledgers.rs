//! Folds the ledgers whose readers would have to read too much log: writers do it as they commit, and this what they left.
//!
//! A fold is whole or unseen, so whoever folds may be killed at any point, and two at once do no harm.

use super::run_expiries::all_tenants;
use crate::domain::{Error, TenantId};
use crate::ledger::Writer;

/// Folds for `own` and every tenant that ever had a key what is due, until `enough` says so; how many ledgers were folded. A tenant
/// whose ledger cannot be folded does not keep the others from theirs.
///
/// Errors: the first one, after all tenants had their turn.
pub async fn fold_ledgers(writer: &Writer, own: &TenantId, enough: impl Fn() -> bool) -> Result<usize, Error> {
    let (mut folded, mut failed) = (0, None);
    let mut tenants: Vec<TenantId> = all_tenants(writer, own).await?.into_iter().collect();
    // Where one takes all the time that there is, others come first in the next hour.
    let hour = usize::try_from(writer.clock().now().0.div_euclid(3_600_000)).unwrap_or_default();
    let first = hour.checked_rem(tenants.len()).unwrap_or_default();
    tenants.rotate_left(first);
    for tenant in &tenants {
        if enough() {
            break;
        }
        match writer.fold_if_left(tenant).await {
            Ok(done) => folded += usize::from(done),
            Err(error) => {
                tracing::warn!(tenant = %tenant, %error, "a ledger could not be folded");
                failed = failed.or(Some(error));
            }
        }
    }
    failed.map_or(Ok(folded), Err)
}
