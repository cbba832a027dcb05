//! What the handlers of decisions about several findings have in common.

use crate::Call;
use posture_shared::dialects::decision::Row;
use posture_shared::domain::{Error, FindingKey, Ruling, Uid};
use posture_shared::ledger::Writer;
use posture_shared::operations::{Report, decide_findings, stale};

/// Decides about findings; what became of each, and why that is not all.
pub(crate) async fn decide(
    ledger: &Writer,
    call: &Call,
    meant: Vec<(Uid, FindingKey)>,
    ruling: Ruling,
) -> Result<(Vec<Row>, Option<Error>), Error> {
    let terms = call.terms_of(meant.len())?;
    let (uids, keys): (Vec<Uid>, Vec<FindingKey>) = meant.into_iter().unzip();
    let Report { outcomes, stopped } = decide_findings(ledger, &call.caller, keys, ruling, &terms).await?;
    if let Some(error) = stale(&outcomes) {
        return Err(error);
    }
    let rows = uids.into_iter().zip(outcomes).map(|(uid, outcome)| Row { uid, outcome });
    Ok((rows.collect(), stopped))
}
