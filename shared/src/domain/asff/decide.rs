//! Decisions made here and not in Security Hub: accepting a risk, and its end.

use super::standing::next_standing;
use super::{hub, not_found, set_workflow};
use crate::domain::{
    Acceptance, Actor, Decision, Finding, HashAfter, Instant, Rejection, Source, Status, Verdict, Write,
};

/// Who records that an acceptance ran out.
const LEDGER: &str = "posture-ledger";

/// Accepts the risk of a fail: status risk_accepted, Workflow SUPPRESSED. The same acceptance again is no change,
/// whenever it comes; another one takes the place of the one in force.
///
/// Rejections: FindingNotFound, and InvalidInput for a finding that does not fail. Whether the end lies ahead is the
/// caller's to check.
pub fn accept(current: Option<&Finding>, acceptance: &Acceptance, actor: &Actor, at: Instant) -> Decision {
    let Some(current) = current else { return Decision::Rejected(not_found()) };
    if current.standing.result != Verdict::Fail {
        let message = "Status: only a finding that fails can be accepted".to_owned();
        return Decision::Rejected(Rejection { id: current.key().id, code: "InvalidInput".to_owned(), message });
    }
    let timeless = |a: &Acceptance| Acceptance { at: Instant::default(), ..a.clone() };
    let in_force = current.standing.acceptance.as_ref().map(timeless);
    if current.standing.status == Some(Status::RiskAccepted) && in_force == Some(timeless(acceptance)) {
        return Decision::Unchanged;
    }
    let mut finding = current.clone();
    set_workflow(&mut finding.asff, "SUPPRESSED");
    finding.standing.status = Some(Status::RiskAccepted);
    finding.standing.acceptance = Some(acceptance.clone());
    let mut standing = next_standing(Some(&finding.standing), &finding.asff, at);
    hub::mark_decided(&mut standing, "Workflow");
    finding.standing = standing;
    Decision::Write(Box::new(Write { finding, actor: actor.clone(), hash: HashAfter::Keep }))
}

/// Records that the acceptance which ends at `expires_at` has ended: status needs_review, Workflow NOTIFIED, as
/// [`Finding::evaluated`] shows it from that instant on. Unchanged when that acceptance is no longer in force, or not
/// over at `at`.
pub fn expire(current: Option<&Finding>, expires_at: Instant, at: Instant) -> Decision {
    let Some(current) = current else { return Decision::Unchanged };
    let ends = current.standing.acceptance.as_ref().and_then(|a| a.expires_at);
    if ends != Some(expires_at) || current.standing.status != Some(Status::RiskAccepted) || expires_at > at {
        return Decision::Unchanged;
    }
    let mut finding = current.clone().evaluated(at);
    finding.standing.acceptance = None;
    let actor = Actor { source: Source::Expiry, identity: LEDGER.to_owned() };
    Decision::Write(Box::new(Write { finding, actor, hash: HashAfter::Keep }))
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
