//! What the handlers of one of Infracast's findings have in common: the finding of a path, how it is shown, and decisions about it.

use crate::Call;
use posture_shared::dialects::Reply;
use posture_shared::dialects::as_of::AS_OF;
use posture_shared::dialects::infracast::Listed;
use posture_shared::dialects::infracast::get_finding::{FIELD, among, is_shown, not_found, parse, render};
use posture_shared::domain::{AsOf, Error, Finding, Instant, Ruling, Uid, Wanted};
use posture_shared::ledger::{Reader, When, Writer};
use posture_shared::operations::{
    NamedQuery, Pushed, decide_finding, findings_of, get_finding_by_name, get_finding_by_uid, pushed, select_by_ids,
    when,
};

/// A finding that was asked for.
pub(crate) struct Asked {
    pub uid: Uid,
    pub finding: Finding,
    pub last_seen: Instant,
    /// The state that it is of.
    pub state: AsOf,
    /// The state that was asked for, if not the newest.
    pub as_of: Option<AsOf>,
}

impl Asked {
    /// The finding as it is shown.
    pub(crate) async fn shown(&self, ledger: &Reader, pushed: &Pushed) -> Listed<'_> {
        self.row(pushed.patchable(ledger, &[&self.finding]).await.pop().flatten())
    }

    /// The finding as it is shown where it is known whether there is a Terraform patch.
    pub(crate) fn row(&self, patchable: Option<bool>) -> Listed<'_> {
        Listed { uid: self.uid, finding: &self.finding, last_seen: self.last_seen, patchable }
    }
}

/// The finding of a path, and beside it what tells whether it has a patch.
pub(crate) async fn asked_and_pushed(ledger: &Reader, call: &Call) -> Result<(Asked, Pushed), Error> {
    let (asked, pushed) = tokio::join!(asked(ledger, call, &call.query), pushed(ledger, &call.caller.tenant));
    Ok((asked?, pushed))
}

/// The finding of a path.
pub(crate) async fn asked(ledger: &Reader, call: &Call, query: &[(String, String)]) -> Result<Asked, Error> {
    let request = parse(call.parameter(FIELD)?, query)?;
    let when = when(ledger, &call.caller.tenant, AS_OF, request.as_of).await?;
    let tenant = &call.caller.tenant;
    let found = match request.wanted {
        Wanted::Uid(uid) => get_finding_by_uid(ledger, tenant, uid, when).await?,
        Wanted::Named(name) => {
            let query = NamedQuery { name, among: among(), when, field: FIELD };
            get_finding_by_name(ledger, tenant, &query).await?
        }
    };
    let (found, view, uids) = found.ok_or_else(not_found)?;
    let (uid, state, as_of) = (uids.finding(found.ordinal), view.as_of(), request.as_of);
    Ok(Asked { uid, finding: found.finding, last_seen: found.last_seen, state, as_of })
}

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
    let tenant = &call.caller.tenant;
    let (found, pushed) = tokio::join!(get_finding_by_uid(ledger, tenant, uid, When::Now), pushed(ledger, tenant));
    let (found, view, _) = found?.ok_or_else(not_found)?;
    let state = view.as_of();
    let now = Asked { uid, finding: found.finding, last_seen: found.last_seen, state, as_of: None };
    render(&now.shown(ledger, &pushed).await, state)
}
