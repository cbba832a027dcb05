//! What the handlers of one of Infracast's findings have in common: the finding of a path, how it is shown, and decisions about it.

use crate::Call;
use posture_shared::dialects::Reply;
use posture_shared::dialects::as_of::AS_OF;
use posture_shared::dialects::infracast::Listed;
use posture_shared::dialects::infracast::get_finding::{FIELD, among, is_shown, not_found, parse, render};
use posture_shared::domain::{AsOf, Error, Finding, Instant, Ruling, Uid, Wanted};
use posture_shared::ledger::{Reader, Writer};
use posture_shared::operations::{
    Decided, Meant, NamedQuery, Prepared, Pushed, decide_one, get_finding_by_name, get_finding_by_uid,
    prepare_decision, pushed, when,
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

/// Reads what a decision about the finding of the path needs.
pub(crate) async fn prepare(ledger: &Reader, call: &Call) -> Result<Prepared, Error> {
    prepare_decision(ledger, &call.caller.tenant, &Wanted::parse(call.parameter(FIELD)?)).await
}

/// Decides about the finding of the path; the answer is the finding as it is then.
pub(crate) async fn decide(ledger: &Writer, call: &Call, ruling: Ruling) -> Result<Reply, Error> {
    let terms = call.terms()?;
    let (wanted, caller) = (Wanted::parse(call.parameter(FIELD)?), &call.caller);
    let meant = Meant { wanted, among: among(), is_known: is_shown, field: FIELD, caller };
    // No decision changes whether there is a patch, so that is found out meanwhile.
    let patch = async {
        let before = call.prepared.as_ref()?;
        Some(before.pushed().patchable(ledger, &[before.finding()?]).await.pop().flatten())
    };
    let decided = decide_one(ledger, &meant, call.prepared.clone(), ruling, &terms);
    let (decided, patch) = tokio::join!(decided, patch);
    let Decided { uid, found, state } =
        decided.map_err(|error| if matches!(error, Error::NotFound(_)) { not_found() } else { error })?;
    let now = Asked { uid, finding: found.finding, last_seen: found.last_seen, state, as_of: None };
    match (patch, &call.prepared) {
        (Some(patch), _) => render(&now.row(patch), state),
        (None, Some(before)) => render(&now.shown(ledger, before.pushed()).await, state),
        (None, None) => render(&now.shown(ledger, &pushed(ledger, &caller.tenant).await).await, state),
    }
}
