//! Net changes: how a finding's state at the end of an interval differs from that just before its beginning.

use super::{Instant, Ordinal, Presence, Severity, Status, Verdict};

/// What is judged of a finding that is there and has a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Pass or fail.
    pub result: Verdict,
    /// How bad it is.
    pub severity: Severity,
    /// Of a fail only.
    pub status: Option<Status>,
    /// Whether it is still reported.
    pub presence: Presence,
}

/// What a row of net changes can tell of a state. A finding changes when this does: the severity of a pass, or an
/// acceptance that ends while its finding is gone, shows in no row and gives none another instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// There never was a verdict.
    Nothing,
    /// It is no longer reported.
    Gone,
    /// It passes.
    Pass,
    /// It fails, so badly, and this is what was decided on it.
    Fail(Severity, Option<Status>),
}

/// What became of a finding in the interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NetKind {
    /// It fails now and did not before.
    New,
    /// It failed before and no longer does.
    Resolved,
    /// It fails, and severity or status differ.
    Modified,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NetReason {
    /// Never seen before, or never with a verdict.
    FirstSeen,
    /// It passed.
    PassToFail,
    /// It was gone.
    Reappeared,
    /// It passes.
    FailToPass,
    /// It is gone.
    Disappeared,
    /// The severity differs, and the status may.
    SeverityChanged,
    /// Only the status differs.
    StatusChanged,
}

/// One finding's net change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetChange {
    /// The finding.
    pub ordinal: Ordinal,
    /// When it last changed in the interval, in what a row can show.
    pub at: Instant,
    /// Why it is in the answer.
    pub reason: NetReason,
    /// Just before the interval; `None` when it was not there.
    pub before: Option<Judged>,
    /// At the end of the interval.
    pub after: Option<Judged>,
}

impl NetReason {
    /// What it amounts to.
    pub fn kind(self) -> NetKind {
        match self {
            Self::FirstSeen | Self::PassToFail | Self::Reappeared => NetKind::New,
            Self::FailToPass | Self::Disappeared => NetKind::Resolved,
            Self::SeverityChanged | Self::StatusChanged => NetKind::Modified,
        }
    }
}

impl Judged {
    fn is_fail(&self) -> bool {
        self.result == Verdict::Fail
    }

    fn is_gone(&self) -> bool {
        self.presence == Presence::Gone
    }

    /// What a row of net changes can tell of it.
    pub fn shown(&self) -> Shown {
        match self.result {
            Verdict::Unknown => Shown::Nothing,
            _ if self.is_gone() => Shown::Gone,
            Verdict::Pass => Shown::Pass,
            Verdict::Fail => Shown::Fail(self.severity, self.status),
        }
    }
}

/// Why two states of a finding differ; `None` when nothing is to be reported. A finding that never had a verdict counts
/// as one that is not there: could not check is neither passed nor fixed.
pub fn compare(before: Option<Judged>, after: Option<Judged>) -> Option<NetReason> {
    let judged = |state: Option<Judged>| state.filter(|state| state.result != Verdict::Unknown);
    let after = judged(after)?;
    match judged(before) {
        None => (after.is_fail() && !after.is_gone()).then_some(NetReason::FirstSeen),
        Some(before) if before.is_gone() => (after.is_fail() && !after.is_gone()).then_some(NetReason::Reappeared),
        Some(before) if !before.is_fail() => (after.is_fail() && !after.is_gone()).then_some(NetReason::PassToFail),
        Some(_) if after.is_gone() => Some(NetReason::Disappeared),
        Some(_) if !after.is_fail() => Some(NetReason::FailToPass),
        Some(before) if before.severity != after.severity => Some(NetReason::SeverityChanged),
        Some(before) if before.status != after.status => Some(NetReason::StatusChanged),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Judged, NetKind, NetReason, Shown, compare};
    use crate::domain::{Presence, Severity, Status, Verdict};

    fn state(result: Verdict, presence: Presence) -> Option<Judged> {
        let status = (result == Verdict::Fail).then_some(Status::Open);
        Some(Judged { result, severity: Severity::High, status, presence })
    }

    /// DESIGN §2, net change over an interval.
    #[test]
    fn every_pair_of_states_has_its_reason() {
        let fail = state(Verdict::Fail, Presence::Active);
        let pass = state(Verdict::Pass, Presence::Active);
        let unknown = state(Verdict::Unknown, Presence::Active);
        let gone = state(Verdict::Fail, Presence::Gone);
        let gone_pass = state(Verdict::Pass, Presence::Gone);
        let other = |change: fn(&mut Judged)| {
            fail.map(|mut state| {
                change(&mut state);
                state
            })
        };
        let worse = other(|state| state.severity = Severity::Critical);
        let accepted = other(|state| state.status = Some(Status::RiskAccepted));
        let both = other(|state| (state.severity, state.status) = (Severity::Low, Some(Status::Remediated)));
        let cases = [
            (None, fail, Some(NetReason::FirstSeen)),
            (unknown, fail, Some(NetReason::FirstSeen)),
            (pass, fail, Some(NetReason::PassToFail)),
            (gone, fail, Some(NetReason::Reappeared)),
            (gone_pass, fail, Some(NetReason::Reappeared)),
            (fail, pass, Some(NetReason::FailToPass)),
            (fail, gone, Some(NetReason::Disappeared)),
            (fail, gone_pass, Some(NetReason::Disappeared)),
            (fail, worse, Some(NetReason::SeverityChanged)),
            (fail, both, Some(NetReason::SeverityChanged)),
            (fail, accepted, Some(NetReason::StatusChanged)),
            (fail, fail, None),
            (None, pass, None),
            (None, gone, None),
            (None, unknown, None),
            (pass, pass, None),
            (pass, gone_pass, None),
            (gone, pass, None),
            (gone, gone, None),
            (unknown, pass, None),
        ];
        for (before, after, expected) in cases {
            assert_eq!(compare(before, after), expected, "{before:?} {after:?}");
        }
        assert_eq!(NetReason::Reappeared.kind(), NetKind::New);
        for (before, after, reason) in cases {
            let shown = |state: Option<Judged>| state.map_or(Shown::Nothing, |state| state.shown());
            assert!(
                reason.is_none() || shown(before) != shown(after),
                "{before:?} {after:?} is a row without a change"
            );
        }
    }
}
