//! The one query type that every dialect's filters convert into.

use super::finding::Vocabulary;
use super::{Cell, Column, Finding, Instant, Severity, Verdict};

/// What a clause looks at.
#[derive(Debug, Clone, Copy)]
pub enum Field {
    /// A column: answered in memory, at no cost per finding.
    Column(Column),
    /// A fact that only the document holds: candidates are read and tested one by one.
    Document(&'static DocumentField),
}

/// A fact that only the document holds.
#[derive(Debug)]
pub struct DocumentField {
    /// The name as the dialect spells it.
    pub name: &'static str,
    /// Its value for a finding.
    pub of: fn(&Finding) -> Cell,
}

/// A condition on one field.
#[derive(Debug, Clone)]
pub struct Clause {
    /// What is looked at.
    pub field: Field,
    /// What must hold.
    pub test: Test,
}

/// All clauses must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The clauses; none means everything.
    pub clauses: Vec<Clause>,
}

/// What must hold of a field's values.
#[derive(Debug, Clone)]
pub enum Test {
    /// Some value matches one of `any` (or `any` is empty), and no value matches one of `none`.
    Text {
        /// At least one must match, unless there are none.
        any: Vec<Match>,
        /// None may match.
        none: Vec<Match>,
    },
    /// The instant lies in one of the ranges. Texts are read as AWS timestamps; what is none lies in no range.
    Instants(Vec<InstantRange>),
    /// The number lies in one of the ranges.
    Numbers(Vec<NumberRange>),
    /// The field is present, or absent.
    Present(bool),
}

/// How one text is compared. Case matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// The same text.
    Equals(String),
    /// It starts so.
    Prefix(String),
    /// It holds this somewhere.
    Contains(String),
    /// A pair (see [`super::column::pair`]) with this key whose value holds this somewhere.
    PairContains {
        /// The whole key.
        key: String,
        /// Part of the value.
        value: String,
    },
    /// An IP address within this network.
    Network {
        /// The network's address.
        address: std::net::IpAddr,
        /// How many leading bits count.
        bits: u8,
    },
}

/// A range of instants; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstantRange {
    /// From one instant to another, each if bounded.
    Between {
        /// The first instant.
        from: Option<Instant>,
        /// The last instant.
        to: Option<Instant>,
    },
    /// The last so many milliseconds before the query's instant, up to it.
    Within(i64),
    /// Longer ago than so many milliseconds before the query's instant.
    OlderThan(i64),
}

/// A range of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NumberRange {
    /// At least.
    pub gte: Option<f64>,
    /// More than.
    pub gt: Option<f64>,
    /// At most.
    pub lte: Option<f64>,
    /// Less than.
    pub lt: Option<f64>,
}

/// One key of an order; ties go by ordinal, ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    /// The column.
    pub column: Column,
    /// Largest first.
    pub descending: bool,
}

/// A cell in sortable form: absent first, then numbers and instants, then texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortValue {
    /// No value.
    Absent,
    /// A number, an instant, or a rank in a vocabulary.
    Number(i64),
    /// A text.
    Text(String),
}

impl Match {
    fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Equals(wanted) => text == wanted,
            Self::Prefix(wanted) => text.starts_with(wanted.as_str()),
            Self::Contains(wanted) => text.contains(wanted.as_str()),
            Self::PairContains { key, value } => {
                text.split_once('\u{1f}').is_some_and(|(k, v)| k == key && v.contains(value.as_str()))
            }
            Self::Network { address, bits } => within(text, *address, *bits),
        }
    }
}

fn within(text: &str, network: std::net::IpAddr, bits: u8) -> bool {
    use std::net::IpAddr;
    // An address may itself be written with a prefix length, which is then ignored.
    let bare = text.split('/').next().unwrap_or_default();
    let shifted = |value: u128, width: u32| {
        let drop = width.saturating_sub(u32::from(bits));
        value.checked_shr(drop).unwrap_or(0)
    };
    match (bare.parse(), network) {
        (Ok(IpAddr::V4(a)), IpAddr::V4(b)) => {
            shifted(u128::from(u32::from(a)), 32) == shifted(u128::from(u32::from(b)), 32)
        }
        (Ok(IpAddr::V6(a)), IpAddr::V6(b)) => shifted(u128::from(a), 128) == shifted(u128::from(b), 128),
        _ => false,
    }
}

impl NumberRange {
    fn holds(&self, number: f64) -> bool {
        self.gte.is_none_or(|bound| number >= bound)
            && self.gt.is_none_or(|bound| number > bound)
            && self.lte.is_none_or(|bound| number <= bound)
            && self.lt.is_none_or(|bound| number < bound)
    }
}

impl InstantRange {
    fn holds(&self, at: Instant, now: Instant) -> bool {
        match *self {
            Self::Between { from, to } => from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to),
            Self::Within(ms) => at <= now && at >= now.plus(-ms),
            Self::OlderThan(ms) => at < now.plus(-ms),
        }
    }
}

impl Test {
    /// Whether a cell passes at the query's instant.
    pub fn accepts(&self, cell: &Cell, now: Instant) -> bool {
        match self {
            Self::Text { any, none } => {
                let some = |matches: &[Match]| cell.texts().iter().any(|t| matches.iter().any(|m| m.accepts(t)));
                (any.is_empty() || some(any)) && !some(none)
            }
            Self::Instants(ranges) => {
                let holds = |at: Instant| ranges.iter().any(|range| range.holds(at, now));
                match cell {
                    Cell::Int(ms) => holds(Instant(*ms)),
                    other => other.texts().iter().filter_map(|t| Instant::parse_aws(t)).any(holds),
                }
            }
            Self::Numbers(ranges) => {
                let holds = |number: f64| ranges.iter().any(|range| range.holds(number));
                match cell {
                    #[expect(clippy::cast_precision_loss, reason = "filters compare as the JSON numbers they come as")]
                    Cell::Int(int) => holds(*int as f64),
                    other => other.texts().iter().filter_map(|t| t.parse().ok()).any(holds),
                }
            }
            Self::Present(wanted) => (*cell != Cell::None) == *wanted,
        }
    }
}

impl Filter {
    /// Whether a finding, already evaluated at the query's instant, passes every clause. This is the definition
    /// that columns must agree with.
    pub fn accepts(&self, finding: &Finding, row: &super::Row, now: Instant) -> bool {
        self.clauses.iter().all(|clause| match clause.field {
            Field::Column(column) => clause.test.accepts(row.get(column), now),
            Field::Document(field) => clause.test.accepts(&(field.of)(finding), now),
        })
    }

    /// The clauses that need documents.
    pub fn residual(&self) -> impl Iterator<Item = (&'static DocumentField, &Test)> {
        self.clauses.iter().filter_map(|clause| match clause.field {
            Field::Document(field) => Some((field, &clause.test)),
            Field::Column(_) => None,
        })
    }

    /// The clauses that columns answer.
    pub fn columnar(&self) -> impl Iterator<Item = (Column, &Test)> {
        self.clauses.iter().filter_map(|clause| match clause.field {
            Field::Column(column) => Some((column, &clause.test)),
            Field::Document(_) => None,
        })
    }
}

impl Column {
    /// A cell of this column in sortable form: vocabularies by rank, timestamps by time, lists by their first text.
    pub fn sort_value(self, cell: &Cell) -> SortValue {
        let rank = |text: &str| -> Option<i64> {
            let position = match self {
                Self::Severity | Self::OriginalSeverity => Severity::WORDS.iter().position(|(_, word)| *word == text),
                Self::SeverityLabel => Severity::WORDS.iter().position(|(_, word)| word.eq_ignore_ascii_case(text)),
                Self::Result => Verdict::WORDS.iter().position(|(_, word)| *word == text),
                Self::CreatedAt
                | Self::UpdatedAt
                | Self::FirstObservedAt
                | Self::LastObservedAt
                | Self::ProcessedAt => {
                    return Instant::parse_aws(text).map(|at| at.0);
                }
                _ => None,
            };
            position.and_then(|p| i64::try_from(p).ok())
        };
        match cell {
            Cell::None => SortValue::Absent,
            Cell::Int(int) => SortValue::Number(*int),
            other => other.texts().first().map_or(SortValue::Absent, |text| {
                rank(text).map_or_else(|| SortValue::Text(text.clone()), SortValue::Number)
            }),
        }
    }
}
