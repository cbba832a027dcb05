//! How well a tenant complies: a score of 0 to 100 per framework, and over all of them (CONTRACTS §5, compliance score).
//!
//! A control has data when a finding of it passes, or fails and nobody accepted that. It is passed when it has data and
//! no fail that nobody accepted; a fail that is said to be fixed counts as one until it is observed passing. A
//! framework's score is the share of its passed controls among those with data; the score over all is the mean of the
//! frameworks' shares before rounding. Halves are rounded up. Chosen where the contract is silent:
//!
//! - Each version of a framework is one of its own; a mapping that names no version belongs to the newest.
//! - A mapping that names a framework and no control is no control; its findings count all the same.
//! - Without any data there is no score.

use super::framework::Control;
use super::{MappingQuery, Newest, Severity, Status, Verdict};
use std::collections::BTreeMap;

/// Findings that are there and have the same controls and the same standing.
#[derive(Debug, Clone)]
pub struct Alike {
    /// What they map to.
    pub controls: Vec<Control>,
    /// Their verdict.
    pub result: Verdict,
    /// The status of a fail.
    pub status: Option<Status>,
    /// Their severity.
    pub severity: Severity,
    /// How many they are.
    pub count: u32,
}

/// What is counted of a framework.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Framework {
    /// Its controls with data, and whether they are passed.
    controls: BTreeMap<String, bool>,
    /// Findings that fail, and that nobody accepted or said to be fixed.
    pub findings: u64,
}

/// How well a tenant complies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// By id, and for versions that are not the newest by `id@version`.
    pub frameworks: BTreeMap<String, Framework>,
    /// Open findings by severity.
    pub by_severity: BTreeMap<Severity, u64>,
}

impl Framework {
    /// Its score, 0 to 100; `None` without data.
    pub fn score(&self) -> Option<u64> {
        let (passed, with_data) = self.counts();
        // round(100 × passed / with_data) in whole numbers.
        (200 * passed + with_data).checked_div(2 * with_data)
    }

    /// How many of its controls are passed, and how many have data.
    pub fn counts(&self) -> (u64, u64) {
        let passed = self.controls.values().filter(|passed| **passed).count();
        (passed as u64, self.controls.len() as u64)
    }
}

impl Summary {
    /// Counts findings, each in one group. With a query only mappings that it asks for count, and findings with one.
    pub fn of(groups: impl IntoIterator<Item = Alike>, newest: &Newest, asked: &MappingQuery) -> Self {
        let mut summary = Self::default();
        let mut asked = asked.clone();
        asked.settle(newest);
        for group in groups {
            summary.add(&group, newest, &asked);
        }
        summary
    }

    fn add(&mut self, group: &Alike, newest: &Newest, asked: &MappingQuery) {
        let any = *asked == MappingQuery::default();
        let controls: Vec<&Control> = group.controls.iter().filter(|control| asked.accepts(control)).collect();
        if controls.is_empty() && !any {
            return;
        }
        let count = u64::from(group.count);
        let is_open = is_open(group.result, group.status);
        if is_open {
            *self.by_severity.entry(group.severity).or_default() += count;
        }
        let passed = match (group.result, group.status) {
            (Verdict::Pass, _) => Some(true),
            (Verdict::Fail, Some(Status::RiskAccepted | Status::FalsePositive)) | (Verdict::Unknown, _) => None,
            (Verdict::Fail, _) => Some(false),
        };
        let mut counted: Vec<String> = Vec::new();
        for control in controls {
            let key = newest.key(control);
            let framework = self.frameworks.entry(key.clone()).or_default();
            if is_open && !counted.contains(&key) {
                framework.findings += count;
                counted.push(key);
            }
            if let Some(passed) = passed.filter(|_| !control.control.is_empty()) {
                let known = framework.controls.entry(control.control.clone()).or_insert(true);
                *known = *known && passed;
            }
        }
    }

    /// The score over all frameworks, 0 to 100; `None` without data.
    pub fn overall(&self) -> Option<u64> {
        let counts = self.frameworks.values().map(Framework::counts).filter(|(_, with_data)| *with_data > 0);
        let shares: Vec<f64> = counts.map(|(passed, with_data)| share(passed, with_data)).collect();
        if shares.is_empty() {
            return None;
        }
        let mean = shares.iter().sum::<f64>() / share(shares.len() as u64, 100);
        // A half that binary fractions make a little less than one is a half all the same.
        let rounded = (mean + 0.5 + 1e-9).floor();
        (0..=100_u32).find(|score| f64::from(*score) >= rounded).map(u64::from)
    }

    /// How many findings are open.
    pub fn total(&self) -> u64 {
        self.by_severity.values().sum()
    }
}

/// Whether a finding that is there waits for somebody to do something.
pub fn is_open(result: Verdict, status: Option<Status>) -> bool {
    result == Verdict::Fail
        && !matches!(status, Some(Status::RiskAccepted | Status::FalsePositive | Status::Remediated))
}

/// `part` of `whole` in hundredths.
fn share(part: u64, whole: u64) -> f64 {
    let exact = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    100.0 * exact(part) / exact(whole)
}

#[cfg(test)]
mod tests {
    use super::{Alike, Framework, Summary};
    use crate::domain::framework::{Control, FrameworkQuery};
    use crate::domain::{MappingQuery, Newest, Severity, Status, Verdict};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    type Standing = (Verdict, Option<Status>);
    type Made = (Vec<Control>, Verdict, Option<Status>, Severity, u32);

    fn summary(made: &[Made], asked: &MappingQuery) -> Summary {
        let newest = Newest::among(made.iter().flat_map(|(controls, ..)| controls.clone()));
        let groups = made.iter().map(|(controls, result, status, severity, count)| Alike {
            controls: controls.clone(),
            result: *result,
            status: *status,
            severity: *severity,
            count: *count,
        });
        Summary::of(groups, &newest, asked)
    }

    fn control(framework: &str, version: &str, control: &str) -> Control {
        let version = Some(version.to_owned()).filter(|version| !version.is_empty());
        Control { framework: framework.to_owned(), version, control: control.to_owned() }
    }

    fn one(control: Control, result: Verdict, status: Option<Status>) -> Made {
        (vec![control], result, status, Severity::High, 1)
    }

    /// CONTRACTS §5, compliance score: "passed = has data and no unaccepted fail (remediated counts as a fail until
    /// observed passing); only accepted fails = no data".
    #[test]
    fn what_passes_a_control() {
        use Status::{FalsePositive, NeedsReview, Open, Remediated, RiskAccepted};
        let of = |standings: &[Standing]| {
            let made: Vec<Made> = standings.iter().map(|(r, s)| one(control("f", "", "1"), *r, *s)).collect();
            summary(&made, &MappingQuery::default()).frameworks.get("f").and_then(Framework::score)
        };
        let (pass, fail) = ((Verdict::Pass, None), |status| (Verdict::Fail, Some(status)));
        let cases: &[(&[Standing], Option<u64>)] = &[
            (&[pass], Some(100)),
            (&[fail(Open)], Some(0)),
            (&[fail(NeedsReview)], Some(0)),
            (&[fail(Remediated)], Some(0)),
            (&[fail(RiskAccepted)], None),
            (&[fail(FalsePositive)], None),
            (&[(Verdict::Unknown, None)], None),
            (&[pass, fail(RiskAccepted), fail(FalsePositive)], Some(100)),
            (&[pass, pass, fail(Open)], Some(0)),
            (&[pass, (Verdict::Unknown, None)], Some(100)),
        ];
        for (standings, expected) in cases {
            assert_eq!(of(standings), *expected, "{standings:?}");
        }
    }

    #[test]
    fn versions_count_apart_and_the_overall_is_the_mean_of_all() {
        let pass = |c: Control| one(c, Verdict::Pass, None);
        let fail = |c: Control| one(c, Verdict::Fail, Some(Status::Open));
        let made = [
            pass(control("cis-aws", "3.0", "1.1")),
            pass(control("cis-aws", "", "1.2")),
            fail(control("cis-aws", "3.0", "1.3")),
            fail(control("cis-aws", "1.5", "1.1")),
            fail(control("soc2", "", "")),
        ];
        let all = summary(&made, &MappingQuery::default());
        let scores: Vec<(&str, Option<u64>)> =
            all.frameworks.iter().map(|(key, f)| (key.as_str(), f.score())).collect();
        assert_eq!(scores, [("cis-aws", Some(67)), ("cis-aws@1.5", Some(0)), ("soc2", None)]);
        assert_eq!((all.overall(), all.total()), (Some(33), 3), "(66.67 + 0) / 2");
        let newest = MappingQuery::new(FrameworkQuery::parse("cis-aws"), None);
        let only = summary(&made, &newest);
        assert_eq!((only.frameworks.len(), only.overall(), only.total()), (1, Some(67), 1));
        assert_eq!(summary(&[], &newest), Summary::default());
        assert_eq!(Summary::default().overall(), None);
    }

    #[test]
    fn halves_are_rounded_up() {
        let made: Vec<Made> = (0..8)
            .map(|n| {
                let verdict = if n < 5 { Verdict::Pass } else { Verdict::Fail };
                one(control("f", "", &n.to_string()), verdict, None)
            })
            .collect();
        let all = summary(&made, &MappingQuery::default());
        assert_eq!((all.frameworks.get("f").and_then(Framework::score), all.overall()), (Some(63), Some(63)), "62.5");
    }

    fn made() -> impl Strategy<Value = Made> {
        let control = (0..3_usize, 0..3_usize, 0..4_usize).prop_map(|(framework, version, id)| {
            let pick = |texts: &[&'static str], at: usize| texts.get(at).copied().unwrap_or_default();
            control(
                pick(&["cis-aws", "soc2", "x"], framework),
                pick(&["", "1.5", "3.0"], version),
                pick(&["", "1", "2", "3"], id),
            )
        });
        let standing = prop_oneof![
            Just((Verdict::Pass, None)),
            Just((Verdict::Unknown, None)),
            Just((Verdict::Fail, Some(Status::Open))),
            Just((Verdict::Fail, Some(Status::NeedsReview))),
            Just((Verdict::Fail, Some(Status::Remediated))),
            Just((Verdict::Fail, Some(Status::RiskAccepted))),
        ];
        let severity = prop_oneof![Just(Severity::Informational), Just(Severity::Critical)];
        (proptest::collection::vec(control, 0..4), standing, severity, 1..5_u32)
            .prop_map(|(controls, (result, status), severity, count)| (controls, result, status, severity, count))
    }

    proptest! {
        /// A recount that follows the sentences one by one.
        #[test]
        fn a_naive_recount_agrees(made in proptest::collection::vec(made(), 0..30)) {
            let all = summary(&made, &MappingQuery::default());
            let newest = Newest::among(made.iter().flat_map(|(controls, ..)| controls.clone()));
            let keys: BTreeSet<String> =
                made.iter().flat_map(|(controls, ..)| controls.iter().map(|c| newest.key(c))).collect();
            prop_assert_eq!(all.frameworks.keys().cloned().collect::<BTreeSet<_>>(), keys.clone());
            let mut shares = Vec::new();
            for key in keys {
                let maps = |m: &&Made, id: Option<&str>| {
                    m.0.iter().any(|c| newest.key(c) == key && id.is_none_or(|id| c.control == id))
                };
                let open = |m: &&Made| m.1 == Verdict::Fail && matches!(m.2, Some(Status::Open | Status::NeedsReview));
                let findings: u32 = made.iter().filter(|m| maps(m, None)).filter(open).map(|m| m.4).sum();
                let (mut passed, mut with_data) = (0.0, 0.0);
                for id in ["1", "2", "3"] {
                    let of: Vec<&Made> = made.iter().filter(|m| maps(m, Some(id))).collect();
                    let accepted = |m: &&&Made| m.2 == Some(Status::RiskAccepted);
                    let fails = of.iter().filter(|m| m.1 == Verdict::Fail && !accepted(m)).count();
                    let passes = of.iter().filter(|m| m.1 == Verdict::Pass).count();
                    if fails + passes > 0 {
                        with_data += 1.0;
                    }
                    if passes > 0 && fails == 0 {
                        passed += 1.0;
                    }
                }
                let found = all.frameworks.get(&key).cloned().unwrap_or_default();
                prop_assert_eq!(found.findings, u64::from(findings));
                let share: Option<f64> = (with_data > 0.0).then_some(100.0 * passed / with_data);
                prop_assert_eq!(found.score().map(|s| s.to_string()), share.map(|s| (s + 1e-9).round().to_string()));
                shares.extend(share);
            }
            let count: f64 = shares.iter().map(|_| 1.0).sum();
            let mean = (count > 0.0).then(|| shares.iter().sum::<f64>() / count);
            prop_assert_eq!(all.overall().map(|s| s.to_string()), mean.map(|m| (m + 1e-9).round().to_string()));
            let mut severities: BTreeMap<Severity, u64> = BTreeMap::new();
            for m in made.iter().filter(|m| matches!(m.2, Some(Status::Open | Status::NeedsReview))) {
                *severities.entry(m.3).or_default() += u64::from(m.4);
            }
            prop_assert_eq!(all.by_severity, severities);
        }
    }
}
