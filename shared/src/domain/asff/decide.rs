//! Decisions made here and not in Security Hub, and the end of acceptances.
//!
//! Whatever dialect a decision is said in, it is one [`Ruling`]. Chosen where the contracts are silent:
//!
//! - Only what fails and is still there can be decided about. A status that holds already is no change unless the
//!   decision says something new about it; what is said to be fixed stays so whatever is said again.
//! - A decision that ends a false positive takes VerificationState FALSE_POSITIVE back to UNKNOWN, since Security Hub's
//!   clients would go on reading SUPPRESSED as a false positive.
//! - A finding of an audit of our own that somebody says is fixed is open again when a run that began later still
//!   finds it failing. What others import follows Security Hub's rule: RESOLVED stays until it has passed.

use super::standing::{next_standing, verdict};
use super::{hub, not_found, put, set_workflow, severity};
use crate::domain::finding::PRODUCT_ARN;
use crate::domain::json::{Object, text_at};
use crate::domain::{
    Acceptance, Actor, Attempt, Decided, Decision, Finding, HashAfter, Instant, Presence, Rejection, Row, Ruling, Seen,
    Source, Standing, Status, Terms, Verdict, Write,
};
use serde_json::{Value, json};

/// Who records that an acceptance ran out.
const LEDGER: &str = "posture-ledger";

/// The code of a rejection: the finding passes, is gone, or never had a verdict.
pub const NOT_FAILING: &str = "NotFailing";

/// The code of a rejection: the finding is not in a state that the caller has in mind.
pub const STALE: &str = "Stale";

/// The code of a rejection: the request is sent again, and somebody else has decided since it was first sent.
pub const DECIDED_SINCE: &str = "DecidedSince";

/// The code of a rejection: the finding does not pass any more what selected it.
pub const NOT_SELECTED: &str = "NotSelected";

const FALSE_POSITIVE: &str = "FALSE_POSITIVE";

/// Decides about a fail. Rejections: FindingNotFound, [`STALE`], [`DECIDED_SINCE`], [`NOT_FAILING`] and
/// [`NOT_SELECTED`]. Whether an acceptance's end lies ahead is the caller's to check.
pub fn decide(current: Option<&Finding>, ruling: &Ruling, terms: &Terms, actor: &Actor, at: Instant) -> Decision {
    let Some(current) = current else { return Decision::Rejected(not_found()) };
    // What counts is what everybody is shown.
    let shown = current.clone().evaluated(at);
    if let Some(decision) = refused(current, &shown, ruling, terms) {
        return decision;
    }
    if let Some(why) = not_failing(&shown.standing) {
        return reject(current, NOT_FAILING, why);
    }
    if let Some(filter) = &terms.among
        && !filter.accepts(&shown, &Row::of(&shown, at), at)
    {
        return reject(current, NOT_SELECTED, "no longer selected: it has changed since the filter was asked");
    }
    let is_meant = ruling.only.is_empty() || shown.standing.status.is_some_and(|status| ruling.only.contains(&status));
    if !is_meant || holds(&shown, ruling, actor) {
        return Decision::Unchanged;
    }
    let mut finding = current.clone();
    let mut touched = Vec::new();
    if let Some(status) = ruling.status {
        touched.extend(set_status(&mut finding, status));
        finding.standing.status = Some(status);
        finding.standing.acceptance = ruling.acceptance(&actor.identity, at);
    }
    if let Some(decided) = ruling.severity {
        let label = Object::from_iter([("Label".to_owned(), json!(severity::label(decided)))]);
        let block = severity::lay_over(finding.asff.get("Severity").and_then(Value::as_object), &label);
        put(&mut finding.asff, "Severity", Some(Value::Object(block)));
        finding.standing.customer_set.insert("Severity".to_owned());
        touched.push("Severity");
    }
    let mut standing = next_standing(Some(&finding.standing), &finding.asff, at);
    for name in touched {
        hub::mark_decided(&mut standing, name);
    }
    let Ruling { status, severity, remarks, severity_remarks, reason, .. } = ruling.clone();
    let request = terms.attempt.as_ref().map(|attempt| attempt.id.clone());
    let by = actor.identity.clone();
    record(&mut standing, Decided { status, severity, remarks, severity_remarks, reason, by, at, request });
    finding.standing = standing;
    let hash = match ruling.severity.is_some() || audit_must_look(&finding) {
        true => HashAfter::Clear,
        false => HashAfter::Keep,
    };
    Decision::Write(Box::new(Write { finding, actor: actor.clone(), hash }))
}

/// Keeps a decision as the newest one of what it is about.
pub(super) fn record(standing: &mut Standing, decided: Decided) {
    if decided.severity.is_some() {
        standing.rated = Some(decided.clone());
    }
    if decided.status.is_some() {
        standing.decided = Some(decided);
    }
}

/// What the terms say to a finding, if they do not let the decision through.
fn refused(current: &Finding, shown: &Finding, ruling: &Ruling, terms: &Terms) -> Option<Decision> {
    if let Some(attempt) = &terms.attempt {
        if is_decided_by(current, ruling, attempt) {
            return Some(Decision::Unchanged);
        }
        if attempt.since.is_some_and(|since| newest(current, ruling).any(|newest| newest.at > since)) {
            let why = "somebody else has decided about it since this request was first sent";
            return Some(reject(current, DECIDED_SINCE, why));
        }
    }
    let tags = terms.tags.as_ref()?;
    let is_it = tags.contains(&shown.tag());
    (!is_it).then(|| reject(current, STALE, "the finding has changed since it was read; read it again"))
}

/// Whether the newest decision about what a ruling is about was made by this request.
pub fn is_decided_by(finding: &Finding, ruling: &Ruling, attempt: &Attempt) -> bool {
    newest(finding, ruling).any(|newest| newest.request.as_ref() == Some(&attempt.id))
}

/// The newest decisions about what a ruling is about.
fn newest<'a>(finding: &'a Finding, ruling: &Ruling) -> impl Iterator<Item = &'a Decided> {
    let Standing { decided, rated, .. } = &finding.standing;
    let decided = decided.as_ref().filter(|_| ruling.status.is_some());
    let rated = rated.as_ref().filter(|_| ruling.severity.is_some());
    decided.into_iter().chain(rated)
}

/// Why nobody can decide about a finding, if so.
fn not_failing(standing: &Standing) -> Option<&'static str> {
    match (standing.presence, standing.result) {
        (Presence::Gone, _) => Some("the finding is gone"),
        (Presence::Active, Verdict::Pass) => Some("the finding passes"),
        (Presence::Active, Verdict::Unknown) => Some("the finding has no verdict"),
        (Presence::Active, Verdict::Fail) => None,
    }
}

fn reject(current: &Finding, code: &str, message: &str) -> Decision {
    let (id, code) = (current.key().id, code.to_owned());
    Decision::Rejected(Rejection { id, code, message: message.to_owned() })
}

/// Whether all that a decision says holds already.
fn holds(shown: &Finding, ruling: &Ruling, actor: &Actor) -> bool {
    let own = &shown.standing;
    let is_status = match ruling.status {
        None => true,
        Some(Status::Remediated) => own.status == Some(Status::Remediated),
        Some(status) => own.status == Some(status) && says_nothing_new(own, ruling, actor),
    };
    let remarks = |decided: &Decided| decided.severity_remarks.clone();
    let is_severity = ruling.severity.is_none_or(|severity| {
        let is_told = own.rated.as_ref().and_then(remarks) == ruling.severity_remarks;
        own.severity == severity && own.customer_set.contains("Severity") && is_told
    });
    is_status && is_severity
}

fn says_nothing_new(own: &Standing, ruling: &Ruling, actor: &Actor) -> bool {
    let timeless = |a: &Acceptance| Acceptance { at: Instant::default(), ..a.clone() };
    let accepts = ruling.acceptance(&actor.identity, Instant::default());
    let is_same_acceptance = own.acceptance.as_ref().map(timeless) == accepts;
    let decided = own.decided.as_ref().filter(|decided| decided.status == ruling.status);
    let is_told = match decided {
        Some(decided) => decided.reason == ruling.reason && decided.remarks == ruling.remarks,
        None => ruling.reason.is_none() && (ruling.remarks.is_none() || accepts.is_some()),
    };
    // Only acceptances say who holds them.
    is_same_acceptance && is_told
}

/// Sets what Security Hub's clients read a status from; the members that were touched.
fn set_status(finding: &mut Finding, status: Status) -> Vec<&'static str> {
    let workflow = match status {
        Status::Open => "NEW",
        Status::NeedsReview => "NOTIFIED",
        Status::Remediated => "RESOLVED",
        Status::RiskAccepted | Status::FalsePositive => "SUPPRESSED",
    };
    set_workflow(&mut finding.asff, workflow);
    let is_false = text_at(&finding.asff, "VerificationState") == Some(FALSE_POSITIVE);
    let ends = finding.standing.status == Some(Status::FalsePositive) || status == Status::RiskAccepted;
    let word = match status {
        Status::FalsePositive if !is_false => FALSE_POSITIVE,
        Status::Open | Status::NeedsReview | Status::Remediated | Status::RiskAccepted if is_false && ends => "UNKNOWN",
        _ => return vec!["Workflow"],
    };
    finding.asff.insert("VerificationState".to_owned(), json!(word));
    vec!["Workflow", "VerificationState"]
}

/// Whether the next audit must look at a finding even if it has nothing new to say.
pub(super) fn audit_must_look(finding: &Finding) -> bool {
    finding.standing.status == Some(Status::Remediated) && is_own(&finding.asff)
}

fn is_own(asff: &Object) -> bool {
    text_at(asff, "ProductArn") == Some(PRODUCT_ARN)
}

/// What an audit of our own decides about a finding that it judged before, when `decision` is what its import comes to:
/// a fail that somebody said is fixed is open again, if the run began after that.
pub fn judged_again(current: &Finding, sent: &Object, decision: Decision, actor: &Actor, at: Instant) -> Decision {
    let own = &current.standing;
    let said = own.decided.as_ref();
    let is_later = said.is_none_or(|decided| Seen::of(sent, None).updated_at() > decided.at);
    if own.status != Some(Status::Remediated) || verdict(sent) != Some(Verdict::Fail) {
        return decision;
    }
    if !is_later {
        // The run began before; the next one must look, whatever this one has to say.
        return match decision {
            Decision::Write(write) => Decision::Write(Box::new(Write { hash: HashAfter::Clear, ..*write })),
            other => other,
        };
    }
    let mut write = match decision {
        Decision::Write(write) => write,
        Decision::Observed => {
            let mut finding = current.clone();
            Seen::of(sent, None).lay_over(&mut finding.asff);
            Box::new(Write { finding, actor: actor.clone(), hash: HashAfter::Set })
        }
        // The same run has judged it already, or a later one has.
        Decision::Unchanged | Decision::Rejected(_) => return decision,
    };
    set_workflow(&mut write.finding.asff, "NEW");
    write.finding.standing = next_standing(Some(&write.finding.standing), &write.finding.asff, at);
    Decision::Write(write)
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
