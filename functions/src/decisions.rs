//! What the handlers of decisions about several findings have in common.

use crate::Call;
use posture_shared::dialects::decision::Row;
use posture_shared::domain::query::Filter;
use posture_shared::domain::{Error, FindingKey, Ruling, Terms, Uid};
use posture_shared::ledger::Writer;
use posture_shared::operations::{Report, decide_findings, stale};
use std::sync::Arc;

/// Decides about findings, if they still pass what selected them; what became of each, and why that is not all.
pub(crate) async fn decide(
    ledger: &Writer,
    call: &Call,
    meant: Vec<(Uid, FindingKey)>,
    ruling: Ruling,
    among: Option<Arc<Filter>>,
) -> Result<(Vec<Row>, Option<Error>), Error> {
    let terms = Terms { among, ..call.terms_of(meant.len())? };
    let (uids, keys): (Vec<Uid>, Vec<FindingKey>) = meant.into_iter().unzip();
    let Report { fates, stopped } = decide_findings(ledger, &call.caller, keys, ruling, &terms).await?;
    if let Some(error) = stale(&fates) {
        return Err(error);
    }
    let rows = uids.into_iter().zip(fates).map(|(uid, fate)| Row { uid, fate });
    Ok((rows.collect(), stopped))
}
