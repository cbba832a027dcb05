//! The Common Configuration Scoring System (NIST IR 7502): vectors and their scores, in whole numbers.
//!
//! Weights are thousandths, so that no rounding of binary fractions decides a score: every product is
//! exact in 128 bits, and is rounded once, half up, to one decimal place.

use std::fmt;

/// A metric of a vector, in the order in which vectors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Access vector.
    Av,
    /// Access complexity.
    Ac,
    /// Authentication.
    Au,
    /// Impact on confidentiality.
    C,
    /// Impact on integrity.
    I,
    /// Impact on availability.
    A,
    /// Privilege level; does not score.
    Pl,
    /// Exploitation method; does not score.
    Em,
    /// General exploit level.
    Gel,
    /// General remediation level.
    Grl,
    /// Local vulnerability prevalence.
    Lvp,
    /// Perceived target value.
    Ptv,
    /// Local remediation level.
    Lrl,
    /// Environment's impact on confidentiality.
    Ec,
    /// Environment's impact on integrity.
    Ei,
    /// Environment's impact on availability.
    Ea,
    /// Collateral damage potential.
    Cdp,
    /// Confidentiality requirement.
    Cr,
    /// Integrity requirement.
    Ir,
    /// Availability requirement.
    Ar,
}

/// A value of a metric, by its name in vectors, and its weight in thousandths.
type Value = (&'static str, i128);

const IMPACTS: &[Value] = &[("N", 0), ("P", 275), ("C", 660)];
const REQUIREMENTS: &[Value] = &[("L", 500), ("M", 1000), ("H", 1510), ("ND", 1000)];
/// The base metric stands in for what is not defined, so the weight of `ND` is never used.
const OVERRIDES: &[Value] = &[("N", 0), ("P", 275), ("C", 660), ("ND", 0)];
const REMEDIATIONS: &[Value] = &[("H", 400), ("M", 600), ("L", 800), ("N", 1000), ("ND", 1000)];
const LEVELS: &[Value] = &[("N", 600), ("L", 800), ("M", 1000), ("H", 1200), ("ND", 1000)];

/// Every metric with its name and values.
const METRICS: &[(Metric, &str, &[Value])] = &[
    (Metric::Av, "AV", &[("L", 395), ("A", 646), ("N", 1000)]),
    (Metric::Ac, "AC", &[("H", 350), ("M", 610), ("L", 710)]),
    (Metric::Au, "Au", &[("M", 450), ("S", 560), ("N", 704)]),
    (Metric::C, "C", IMPACTS),
    (Metric::I, "I", IMPACTS),
    (Metric::A, "A", IMPACTS),
    (Metric::Pl, "PL", &[("R", 0), ("U", 0), ("A", 0), ("ND", 0)]),
    (Metric::Em, "EM", &[("A", 0), ("P", 0), ("ND", 0)]),
    (Metric::Gel, "GEL", LEVELS),
    (Metric::Grl, "GRL", REMEDIATIONS),
    (Metric::Lvp, "LVP", LEVELS),
    (Metric::Ptv, "PTV", &[("L", 800), ("M", 1000), ("H", 1200), ("ND", 1000)]),
    (Metric::Lrl, "LRL", REMEDIATIONS),
    (Metric::Ec, "EC", OVERRIDES),
    (Metric::Ei, "EI", OVERRIDES),
    (Metric::Ea, "EA", OVERRIDES),
    (Metric::Cdp, "CDP", &[("N", 1000), ("L", 1250), ("LM", 1500), ("MH", 1750), ("H", 2000), ("ND", 1000)]),
    (Metric::Cr, "CR", REQUIREMENTS),
    (Metric::Ir, "IR", REQUIREMENTS),
    (Metric::Ar, "AR", REQUIREMENTS),
];

/// The six metrics that every vector has.
const BASE: [Metric; 6] = [Metric::Av, Metric::Ac, Metric::Au, Metric::C, Metric::I, Metric::A];

/// Bytes of a vector that are read.
const VECTOR_BYTES: usize = 512;

/// A vector. It prints its metrics in their order; those that are not defined are left out unless they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vector(Vec<(Metric, &'static str)>);

impl Metric {
    /// The name in vectors.
    pub fn name(self) -> &'static str {
        METRICS.iter().find(|(metric, _, _)| *metric == self).map_or("", |(_, name, _)| name)
    }

    /// The weight of one of the metric's values, in thousandths; 0 for what is none.
    pub(super) fn weight_of(self, value: &str) -> i128 {
        self.values().iter().find(|(known, _)| *known == value).map_or(0, |(_, weight)| *weight)
    }

    fn values(self) -> &'static [Value] {
        METRICS.iter().find(|(metric, _, _)| *metric == self).map_or(&[], |(_, _, values)| values)
    }
}

impl Vector {
    /// Reads `AV:N/AC:L/Au:N/C:P/I:P/A:P`, and whatever other metrics follow, in any order. `None` when one of the six
    /// base metrics is missing, and for unknown metrics, unknown values and repetitions.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > VECTOR_BYTES {
            return None;
        }
        let mut vector = Self(Vec::new());
        for part in text.split('/') {
            let (name, value) = part.split_once(':')?;
            let (metric, _, values) = METRICS.iter().find(|(_, known, _)| *known == name)?;
            let (value, _) = values.iter().find(|(known, _)| *known == value)?;
            if vector.value(*metric).is_some() {
                return None;
            }
            vector.0.push((*metric, value));
        }
        vector.0.sort_by_key(|(metric, _)| *metric);
        BASE.iter().all(|metric| vector.value(*metric).is_some()).then_some(vector)
    }

    /// A vector of values for AV, AC, Au, C, I and A.
    pub(super) fn of_base(values: [&'static str; 6]) -> Self {
        Self(BASE.into_iter().zip(values).collect())
    }

    /// The value that a metric was given.
    pub fn value(&self, metric: Metric) -> Option<&'static str> {
        self.0.iter().find(|(known, _)| *known == metric).map(|(_, value)| *value)
    }

    /// Gives a metric a value; what it does not know changes nothing.
    pub fn set(&mut self, metric: Metric, value: &str) {
        let Some((value, _)) = metric.values().iter().find(|(known, _)| *known == value) else { return };
        self.0.retain(|(known, _)| *known != metric);
        self.0.push((metric, value));
        self.0.sort_by_key(|(metric, _)| *metric);
    }

    /// Whether a metric is given and defined.
    pub fn defines(&self, metric: Metric) -> bool {
        self.value(metric).is_some_and(|value| value != "ND")
    }

    /// The score of the base metrics, in tenths: 0 to 100.
    pub fn base(&self) -> u8 {
        self.score(self.base_impact(), self.exploitability(&[]))
    }

    /// The score with the temporal metrics, in tenths: 0 to 100.
    pub fn temporal(&self) -> u8 {
        self.score(self.base_impact(), self.exploitability(&[Metric::Gel, Metric::Grl]))
    }

    /// The score with the environmental metrics, in tenths: 0 to 100.
    pub fn environmental(&self) -> u8 {
        let pairs = [
            (Metric::Ec, Metric::C, Metric::Cr),
            (Metric::Ei, Metric::I, Metric::Ir),
            (Metric::Ea, Metric::A, Metric::Ar),
        ];
        let weights = pairs.map(|(own, base, required)| {
            let impact = if self.defines(own) { self.weight(own) } else { self.weight(base) };
            impact * self.weight(required)
        });
        let impact = cap(impact(weights, 1_000_000) * self.weight(Metric::Cdp) / 1000);
        let local = [Metric::Gel, Metric::Lvp, Metric::Ptv, Metric::Lrl];
        self.score(impact, self.exploitability(&local))
    }

    fn weight(&self, metric: Metric) -> i128 {
        metric.weight_of(self.value(metric).unwrap_or("ND"))
    }

    fn base_impact(&self) -> i128 {
        impact([self.weight(Metric::C), self.weight(Metric::I), self.weight(Metric::A)], 1000)
    }

    /// Twenty times the three ways of access, times some levels; at most 10.
    fn exploitability(&self, levels: &[Metric]) -> i128 {
        let access = 20 * self.weight(Metric::Av) * self.weight(Metric::Ac) * self.weight(Metric::Au);
        // Thousandths cubed, in parts of SCALE.
        let plain = access * (SCALE / 1_000_000_000);
        cap(levels.iter().fold(plain, |so_far, level| so_far * self.weight(*level) / 1000))
    }

    /// `(0.6 i + 0.4 e - 1.5) × 1.176`, in tenths.
    fn score(&self, impact: i128, exploitability: i128) -> u8 {
        if impact == 0 {
            return 0;
        }
        // Ten times i and e, and 1.176 in thousandths: parts of SCALE × 10,000.
        let exact = (6 * impact + 4 * exploitability - 15 * SCALE) * 1176;
        let unit = SCALE * 1000;
        let tenths = (2 * exact + unit).div_euclid(2 * unit);
        u8::try_from(tenths.clamp(0, 100)).unwrap_or(0)
    }
}

/// What one is in scores: large enough that every product of weights is exact, and small enough for 128 bits.
const SCALE: i128 = 1_000_000_000_000_000_000_000_000_000;

/// `10.41 × (1 - (1-a)(1-b)(1-c))` in parts of [`SCALE`], where the weights are parts of `one`: a thousand, or a million
/// where a requirement is multiplied in.
fn impact(weights: [i128; 3], one: i128) -> i128 {
    let [a, b, c] = weights.map(|weight| one - weight);
    let whole = one * one * one;
    1041 * (whole - a * b * c) * (SCALE / (100 * whole))
}

fn cap(number: i128) -> i128 {
    number.min(10 * SCALE)
}

impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (metric, value)) in self.0.iter().enumerate() {
            let between = if place == 0 { "" } else { "/" };
            write!(f, "{between}{}:{value}", metric.name())?;
        }
        Ok(())
    }
}
