//! What the handlers of one of Infracast's findings have in common: the finding of a path, and how it is shown.

use crate::Call;
use posture_shared::dialects::as_of::AS_OF;
use posture_shared::dialects::infracast::Listed;
use posture_shared::dialects::infracast::get_finding::{FIELD, Wanted, among, not_found, parse};
use posture_shared::domain::{AsOf, Error, Finding, Instant, Uid};
use posture_shared::ledger::Reader;
use posture_shared::operations::{NamedQuery, get_finding_by_name, get_finding_by_uid, when};

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
    pub(crate) fn shown(&self, patchable: Option<bool>) -> Listed<'_> {
        Listed { uid: self.uid, finding: &self.finding, last_seen: self.last_seen, patchable }
    }
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
