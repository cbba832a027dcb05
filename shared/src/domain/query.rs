//! The one query type that every dialect's filters convert into.

use super::finding::Vocabulary;
use super::{Cell, Column, Finding, Instant, MappingQuery, Newest, Severity, Uids, Verdict};

pub use super::matching::{Folded, Match, Showing};

/// What a clause looks at.
#[derive(Debug, Clone, Copy)]
pub enum Field {
    /// A column: answered in memory, at no cost per finding.
    Column(Column),
    /// What several columns tell together: answered in memory, finding by finding.
    Derived(&'static DerivedField),
    /// A fact that only the document holds: candidates are read and tested one by one.
    Document(&'static DocumentField),
}

/// What several columns tell together.
#[derive(Debug)]
pub struct DerivedField {
    /// What it is called.
    pub name: &'static str,
    /// The columns, all of families whose segments are one block.
    pub columns: &'static [Column],
    /// Its value, from the columns' values in this order.
    pub of: fn(&[Cell]) -> Cell,
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

/// All clauses must hold, and one filter of each alternative.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The clauses; none means everything.
    pub clauses: Vec<Clause>,
    /// Of each, at least one filter must hold. No documents may be asked for in them.
    pub alternatives: Vec<Vec<Filter>>,
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

/// An order by what several columns tell together.
#[derive(Debug, Clone, Copy)]
pub struct DerivedKey {
    /// What is compared: its first text.
    pub field: &'static DerivedField,
    /// Largest first.
    pub descending: bool,
}

/// A cell in sortable form: absent first, then numbers and instants, then texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SortValue {
    /// No value.
    Absent,
    /// An instant, a rank in a vocabulary, or a number. Of columns whose numbers may have fractions all are in the form
    /// of `sortable`.
    Number(i64),
    /// A text.
    Text(String),
}

impl DerivedField {
    /// Its value where `cell` gives those of columns.
    pub fn value<E>(&self, cell: &dyn Fn(Column) -> Result<Cell, E>) -> Result<Cell, E> {
        let cells = self.columns.iter().map(|column| cell(*column)).collect::<Result<Vec<Cell>, E>>()?;
        Ok((self.of)(&cells))
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

impl Clause {
    /// A condition on a column.
    pub fn on(column: Column, test: Test) -> Self {
        Self { field: Field::Column(column), test }
    }

    /// A condition on what several columns tell together.
    pub fn on_derived(field: &'static DerivedField, test: Test) -> Self {
        Self { field: Field::Derived(field), test }
    }
}

impl Test {
    /// Some value is one of these texts.
    pub fn one_of<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::any(texts.into_iter().map(|text| Match::Equals(text.into())))
    }

    /// Some value matches one of these. None of them at all matches nothing.
    pub fn any(matches: impl IntoIterator<Item = Match>) -> Self {
        let any: Vec<Match> = matches.into_iter().collect();
        if any.is_empty() { Self::Instants(Vec::new()) } else { Self::Text { any, none: Vec::new() } }
    }

    /// No value matches one of these.
    pub fn none(matches: impl IntoIterator<Item = Match>) -> Self {
        Self::Text { any: Vec::new(), none: matches.into_iter().collect() }
    }

    /// What texts are compared with.
    fn matches(&self) -> impl Iterator<Item = &Match> {
        let (any, none) = match self {
            Self::Text { any, none } => (any.as_slice(), none.as_slice()),
            Self::Instants(_) | Self::Numbers(_) | Self::Present(_) => (&[][..], &[][..]),
        };
        any.iter().chain(none)
    }

    fn change(&mut self, change: &dyn Fn(&mut Match)) {
        let Self::Text { any, none } = self else { return };
        any.iter_mut().chain(none).for_each(change);
    }
}

impl Filter {
    /// A filter of these clauses.
    pub fn of(clauses: impl IntoIterator<Item = Clause>) -> Self {
        Self { clauses: clauses.into_iter().collect(), alternatives: Vec::new() }
    }

    /// The same with one more clause.
    #[must_use]
    pub fn and(mut self, clause: Clause) -> Self {
        self.clauses.push(clause);
        self
    }

    /// The same where one of these filters must hold, too.
    #[must_use]
    pub fn and_one_of(mut self, alternatives: Vec<Self>) -> Self {
        self.alternatives.push(alternatives);
        self
    }

    /// Tells uids apart from now on.
    pub fn resolve(&mut self, ours: &Uids) {
        self.change(&|entry| {
            if let Match::Named { uids, .. } = entry {
                *uids = Some(ours.clone());
            }
        });
    }

    /// Says from now on which version a framework without one means.
    pub fn settle(&mut self, newest: &Newest) {
        self.change(&|entry| {
            if let Match::Control(query) = entry {
                query.settle(newest);
            }
        });
    }

    fn change(&mut self, change: &dyn Fn(&mut Match)) {
        self.clauses.iter_mut().for_each(|clause| clause.test.change(change));
        self.alternatives.iter_mut().flatten().for_each(|filter| filter.change(change));
    }

    /// The mappings that its own clauses ask for, alternatives apart; the first, if there are several.
    pub fn mapping(&self) -> Option<&MappingQuery> {
        self.clauses.iter().flat_map(|clause| clause.test.matches()).find_map(Match::mapping)
    }

    /// Whether it names a framework without saying which version.
    pub fn asks_newest(&self) -> bool {
        self.has(&|entry| entry.mapping().is_some_and(MappingQuery::asks_newest))
    }

    /// Whether it names things by their uids, and is to be [resolved](Self::resolve) before it is of use.
    pub fn names_uids(&self) -> bool {
        self.has(&|entry| matches!(entry, Match::Named { .. }))
    }

    fn has(&self, is_meant: &dyn Fn(&Match) -> bool) -> bool {
        self.clauses.iter().flat_map(|clause| clause.test.matches()).any(is_meant)
            || self.alternatives.iter().flatten().any(|filter| filter.has(is_meant))
    }

    /// Every column that it looks at.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = self.columnar().map(|(column, _)| column).collect();
        columns.extend(self.derived().flat_map(|(field, _)| field.columns));
        columns.extend(self.alternatives.iter().flatten().flat_map(Self::columns));
        columns
    }

    /// Whether a finding, already evaluated at the query's instant, passes every clause. This is the definition
    /// that columns must agree with.
    pub fn accepts(&self, finding: &Finding, row: &super::Row, now: Instant) -> bool {
        self.clauses.iter().all(|clause| match clause.field {
            Field::Column(column) => clause.test.accepts(row.get(column), now),
            Field::Derived(field) => {
                let value = field.value::<std::convert::Infallible>(&|column| Ok(row.get(column).clone()));
                value.is_ok_and(|value| clause.test.accepts(&value, now))
            }
            Field::Document(field) => clause.test.accepts(&(field.of)(finding), now),
        }) && self.alternatives.iter().all(|filters| filters.iter().any(|filter| filter.accepts(finding, row, now)))
    }

    /// Whether a finding passes all that columns answer, where `cell` gives its values.
    pub fn accepts_cells<E>(&self, cell: &dyn Fn(Column) -> Result<Cell, E>, now: Instant) -> Result<bool, E> {
        for (column, test) in self.columnar() {
            if !test.accepts(&cell(column)?, now) {
                return Ok(false);
            }
        }
        for (field, test) in self.derived() {
            if !test.accepts(&field.value(cell)?, now) {
                return Ok(false);
            }
        }
        for filters in &self.alternatives {
            let mut some = false;
            for filter in filters {
                some = some || filter.accepts_cells(cell, now)?;
            }
            if !some {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The clauses that need documents.
    pub fn residual(&self) -> impl Iterator<Item = (&'static DocumentField, &Test)> {
        self.clauses.iter().filter_map(|clause| match clause.field {
            Field::Document(field) => Some((field, &clause.test)),
            Field::Column(_) | Field::Derived(_) => None,
        })
    }

    /// The clauses that several columns answer together.
    pub fn derived(&self) -> impl Iterator<Item = (&'static DerivedField, &Test)> {
        self.clauses.iter().filter_map(|clause| match clause.field {
            Field::Derived(field) => Some((field, &clause.test)),
            Field::Column(_) | Field::Document(_) => None,
        })
    }

    /// The clauses that columns answer.
    pub fn columnar(&self) -> impl Iterator<Item = (Column, &Test)> {
        self.clauses.iter().filter_map(|clause| match clause.field {
            Field::Column(column) => Some((column, &clause.test)),
            Field::Derived(_) | Field::Document(_) => None,
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
        if matches!(self, Self::SeverityNormalized | Self::SeverityProduct | Self::Confidence | Self::Criticality) {
            let number = match cell {
                Cell::Int(int) => int.to_string().parse().ok(),
                other => other.text().and_then(|text| text.parse().ok()),
            };
            return number.map_or(SortValue::Absent, |number| SortValue::Number(sortable(number)));
        }
        match cell {
            Cell::None => SortValue::Absent,
            Cell::Int(int) => SortValue::Number(*int),
            other => other.texts().first().map_or(SortValue::Absent, |text| {
                rank(text).map_or_else(|| SortValue::Text(text.clone()), SortValue::Number)
            }),
        }
    }
}

/// A number as an integer that is in order with those of all others. Numbers that a double cannot tell apart are equal.
fn sortable(number: f64) -> i64 {
    // Zero has one sign here. Below zero, the larger the bits, the smaller the number.
    let bits = (number + 0.0).to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

#[cfg(test)]
mod tests {
    use super::{Clause, Filter, Match, Test};
    use crate::domain::{Cell, Column, Instant, Named, Uids};
    use std::collections::BTreeSet;

    #[test]
    fn uids_match_once_they_are_resolved() {
        let uids = Uids::new([3; 32]);
        let among = BTreeSet::from([uids.named(Named::Rule, "r1")]);
        let test = Test::any([Match::Named { uids: None, kind: Named::Rule, among }]);
        let mut filter = Filter::of([]).and_one_of(vec![Filter::of([Clause::on(Column::GeneratorId, test)])]);
        let accepts = |filter: &Filter, text: &str| {
            filter.accepts_cells::<()>(&|_| Ok(Cell::Text(text.to_owned())), Instant(0)) == Ok(true)
        };
        assert!(filter.names_uids() && !accepts(&filter, "r1"));
        filter.resolve(&uids);
        assert!(accepts(&filter, "r1") && !accepts(&filter, "r2"));
        assert_eq!(filter.columns(), [Column::GeneratorId]);
    }

    #[test]
    fn numbers_with_and_without_fractions_have_one_order() {
        let rising = ["-1e300", "-2.5", "-2", "-0.5", "0", "1e-7", "0.5", "2", "2.5", "10", "10.5", "99", "1e300"];
        let cell = |text: &str| text.parse().map_or_else(|_| Cell::Text(text.to_owned()), Cell::Int);
        for column in [Column::SeverityProduct, Column::SeverityNormalized, Column::Confidence, Column::Criticality] {
            let values = rising.map(|text| column.sort_value(&cell(text)));
            assert!(values.is_sorted_by(|a, b| a < b), "{column:?}: {values:?}");
            assert!(column.sort_value(&Cell::None) < values.into_iter().next().unwrap_or_else(|| unreachable!()));
            let same = [Cell::Text("-0.0".to_owned()), Cell::Int(0), Cell::Text("0.0".to_owned())];
            assert!(same.iter().all(|cell| column.sort_value(cell) == column.sort_value(&Cell::Int(0))));
        }
    }

    #[test]
    fn one_of_nothing_is_nothing() {
        let test = Test::one_of(Vec::<String>::new());
        assert!(!test.accepts(&Cell::Text("x".to_owned()), Instant(0)) && !test.accepts(&Cell::None, Instant(0)));
    }
}
