//! Infracast's words for severities and statuses (infracast-findings, Finding Severity; DESIGN §2's table).

use crate::domain::finding::Vocabulary;
use crate::domain::query::{Clause, Filter, Test};
use crate::domain::{Column, Presence, Severity, Standing, Status, Verdict};

/// What a finding is to Infracast's clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Listing {
    /// It fails, and nobody has accepted that or said that it is fixed.
    Open,
    /// It is said to be fixed, passes after a fail, or is gone after one.
    Resolved,
    /// It fails, and that is accepted or said to be wrong.
    Accepted,
}

const OPEN: &[Status] = &[Status::Open, Status::NeedsReview];
const ACCEPTED: &[Status] = &[Status::RiskAccepted, Status::FalsePositive];

impl Listing {
    /// Every one with its word.
    pub const WORDS: [(Self, &'static str); 3] =
        [(Self::Open, "open"), (Self::Resolved, "resolved"), (Self::Accepted, "accepted")];

    /// What a finding is; `None` for what never failed, which is no finding here.
    pub fn of(standing: &Standing) -> Option<Self> {
        let of_fail = |status: Status| match status {
            Status::Open | Status::NeedsReview => Self::Open,
            Status::Remediated => Self::Resolved,
            Status::RiskAccepted | Status::FalsePositive => Self::Accepted,
        };
        match (standing.presence, standing.result, standing.status) {
            (Presence::Active, Verdict::Fail, Some(status)) => Some(of_fail(status)),
            _ if standing.ever_failed => Some(Self::Resolved),
            _ => None,
        }
    }

    /// The word.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(value, _)| *value == self).map_or("", |(_, word)| word)
    }

    /// The findings that are this; one of the filters must hold.
    pub fn filters(self) -> Vec<Filter> {
        match self {
            Self::Open => vec![fails(OPEN)],
            Self::Accepted => vec![fails(ACCEPTED)],
            Self::Resolved => {
                let failed = || Clause::on(Column::EverFailed, Test::Present(true));
                let is = |column, word: &str| Clause::on(column, Test::one_of([word]));
                vec![
                    fails(&[Status::Remediated]),
                    Filter::of([is(Column::Result, Verdict::Pass.word()), failed()]),
                    Filter::of([is(Column::Presence, Presence::Gone.word()), failed()]),
                ]
            }
        }
    }

    /// Every finding that clients may see.
    pub fn all() -> Filter {
        Filter::default().and_one_of(Self::WORDS.iter().flat_map(|(listing, _)| listing.filters()).collect())
    }
}

/// Fails that are there, in one of these statuses.
fn fails(statuses: &[Status]) -> Filter {
    Filter::of([
        Clause::on(Column::Result, Test::one_of([Verdict::Fail.word()])),
        Clause::on(Column::Presence, Test::one_of([Presence::Active.word()])),
        Clause::on(Column::Status, Test::one_of(statuses.iter().map(|status| status.word()))),
    ])
}

/// Every severity with its word, gravest first.
pub(super) const SEVERITIES: [(Severity, &str); 5] = [
    (Severity::Critical, "CRITICAL"),
    (Severity::High, "HIGH"),
    (Severity::Medium, "MEDIUM"),
    (Severity::Low, "LOW"),
    (Severity::Informational, "INFO"),
];

/// The word of a severity.
pub(super) fn severity_word(severity: Severity) -> &'static str {
    SEVERITIES.iter().find(|(known, _)| *known == severity).map_or("", |(_, word)| word)
}

/// The severity of a word in any case; our own word for INFO is understood too.
pub(super) fn severity_of(word: &str) -> Option<Severity> {
    let found = SEVERITIES.iter().find(|(_, known)| known.eq_ignore_ascii_case(word)).map(|(severity, _)| *severity);
    found.or_else(|| word.eq_ignore_ascii_case("informational").then_some(Severity::Informational))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{finding, judged};
    use super::Listing;
    use crate::domain::{Instant, Presence, Row, Status, Verdict};

    /// DESIGN §2's table, column Infracast, and that the filters agree with it.
    #[test]
    fn statuses_are_those_of_the_table() {
        use Listing::{Accepted, Open, Resolved};
        use Presence::{Active, Gone};
        use Verdict::{Fail, Pass, Unknown};
        let cases = [
            (Fail, Some(Status::Open), Active, true, Some(Open)),
            (Fail, Some(Status::NeedsReview), Active, true, Some(Open)),
            (Fail, Some(Status::Remediated), Active, true, Some(Resolved)),
            (Fail, Some(Status::RiskAccepted), Active, true, Some(Accepted)),
            (Fail, Some(Status::FalsePositive), Active, true, Some(Accepted)),
            (Pass, None, Active, true, Some(Resolved)),
            (Pass, None, Active, false, None),
            (Unknown, None, Active, false, None),
            (Fail, Some(Status::Open), Gone, true, Some(Resolved)),
            (Fail, Some(Status::RiskAccepted), Gone, true, Some(Resolved)),
            (Pass, None, Gone, true, Some(Resolved)),
            (Pass, None, Gone, false, None),
            (Unknown, None, Gone, false, None),
        ];
        for (result, status, presence, ever_failed, expected) in cases {
            let finding = judged(finding(), result, status, presence, ever_failed);
            assert_eq!(Listing::of(&finding.standing), expected, "{result:?} {status:?} {presence:?} {ever_failed}");
            let row = Row::of(&finding, Instant(0));
            let accepts = |filter: &crate::domain::query::Filter| filter.accepts(&finding, &row, Instant(0));
            for (listing, _) in Listing::WORDS {
                assert_eq!(listing.filters().iter().any(accepts), Some(listing) == expected, "{listing:?}");
            }
            assert_eq!(accepts(&Listing::all()), expected.is_some());
        }
    }
}
