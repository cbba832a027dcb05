//! What the handlers of Infracast's decisions have in common: which finding is meant, and how it stands afterwards.

use crate::Call;
use posture_shared::dialects::Reply;
use posture_shared::dialects::infracast::Listed;
use posture_shared::dialects::infracast::get_finding::{FIELD, among, is_shown, not_found, render};
use posture_shared::domain::{Error, Finding, Ruling, Uid, Wanted};
use posture_shared::ledger::{Reader, When, Writer};
use posture_shared::operations::{decide_finding, findings_of, get_finding_by_uid, select_by_ids};

/// Decides about the finding of the path; the answer is the finding as it is then.
pub(crate) async fn decide(ledger: &Writer, call: &Call, ruling: Ruling) -> Result<Reply, Error> {
    let terms = call.terms()?;
    let wanted = Wanted::parse(call.parameter(FIELD)?);
    let is_known: fn(&Finding) -> bool = is_shown;
    let meant = match wanted {
        Wanted::Uid(uid) => findings_of(ledger, &call.caller, &[uid], is_known).await,
        named @ Wanted::Named(_) => select_by_ids(ledger, &call.caller, &[named], &among(), is_known, FIELD).await,
    };
    let meant = meant.map_err(|error| if matches!(error, Error::NotFound(_)) { not_found() } else { error })?;
    let (uid, key) = meant.into_iter().next().ok_or_else(not_found)?;
    decide_finding(ledger, &call.caller, key, ruling, &terms).await?;
    shown(ledger, call, uid).await
}

async fn shown(ledger: &Reader, call: &Call, uid: Uid) -> Result<Reply, Error> {
    let found = get_finding_by_uid(ledger, &call.caller.tenant, uid, When::Now).await?;
    let (found, view, _) = found.ok_or_else(not_found)?;
    render(&Listed { uid, finding: &found.finding, last_seen: found.last_seen }, view.as_of())
}
