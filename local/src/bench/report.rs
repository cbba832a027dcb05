//! What was measured: rows, their verdicts, and the table that people read.

use super::targets::{Limit, short};
use crate::meter::Counts;
use serde::Serialize;
use std::fmt::Write as _;

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The target is met.
    Met,
    /// It is not; the reason.
    Missed(String),
    /// There is no target.
    Information,
    /// What it would measure does not exist yet.
    NotBuilt,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// The target, in words.
    pub target: String,
    /// The most that was counted in one go; absent where a figure stands instead.
    pub counts: Option<Counts>,
    /// A figure that is no count of requests.
    pub figure: Option<String>,
    /// The median time, in milliseconds. For information only.
    pub ms: Option<f64>,
    /// Whether the target is met.
    pub verdict: Verdict,
}

/// The last line: how many rows ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Findings in the store.
    pub findings: u32,
    /// Rows whose target is met.
    pub ok: usize,
    /// Rows whose target is missed.
    pub missed: usize,
    /// Rows of what does not exist yet.
    pub not_built: usize,
}

/// Every row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Findings in the store.
    pub findings: u32,
    /// The rows, in order.
    pub rows: Vec<Row>,
}

impl Report {
    /// Adds a row that is judged by a limit; `wrong` is what else is not as it should be.
    pub(super) fn judge(&mut self, name: &str, limit: Limit, counts: Counts, ms: Option<f64>, wrong: Option<String>) {
        let verdict = match wrong {
            Some(reason) => Verdict::Missed(reason),
            None if counts.of("Scan") > 0 || counts.filtered > 0 => {
                Verdict::Missed("it scans, or filters what was read".to_owned())
            }
            None if limit.holds(&counts) => Verdict::Met,
            None => Verdict::Missed("it costs more".to_owned()),
        };
        let (name, target) = (name.to_owned(), limit.text());
        self.rows.push(Row { name, target, counts: Some(counts), figure: None, ms, verdict });
    }

    /// Adds a figure that must not exceed `most`.
    pub(super) fn at_most(&mut self, name: &str, most: f64, figure: f64, unit: &str) {
        let verdict = if figure <= most { Verdict::Met } else { Verdict::Missed("it is more".to_owned()) };
        let target = format!("<= {} {unit}", short(most));
        self.figure(name, target, format!("{} {unit}", short(figure)), verdict);
    }

    /// Adds a figure for information.
    pub(super) fn tell(&mut self, name: &str, figure: String) {
        self.figure(name, String::new(), figure, Verdict::Information);
    }

    /// Adds a row of what does not exist yet.
    pub(super) fn not_built(&mut self, name: &str) {
        self.figure(name, String::new(), String::new(), Verdict::NotBuilt);
    }

    fn figure(&mut self, name: &str, target: String, figure: String, verdict: Verdict) {
        let figure = Some(figure).filter(|figure| !figure.is_empty());
        self.rows.push(Row { name: name.to_owned(), target, counts: None, figure, ms: None, verdict });
    }

    /// The rows whose target is missed.
    pub fn missed(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| matches!(row.verdict, Verdict::Missed(_)))
    }

    /// How many rows ended how.
    pub fn summary(&self) -> Summary {
        let count = |verdict: &Verdict| self.rows.iter().filter(|row| row.verdict == *verdict).count();
        let missed = self.missed().count();
        Summary { findings: self.findings, ok: count(&Verdict::Met), missed, not_built: count(&Verdict::NotBuilt) }
    }

    /// The table as text.
    pub fn table(&self) -> String {
        let wide = |of: fn(&Row) -> &str| self.rows.iter().map(|row| of(row).len()).max().unwrap_or(0);
        let (names, targets) = (wide(|row| &row.name), wide(|row| &row.target));
        let mut out = format!(
            "{:names$}  {:targets$}  {:>6} {:>8} {:>8} {:>8} {:>9} {:>8}  result\n",
            "", "target", "rounds", "requests", "read", "write", "bytes", "ms"
        );
        for row in &self.rows {
            let counted = match (&row.counts, &row.figure) {
                (Some(counts), _) => numbers(counts, row.ms),
                (None, figure) => format!("{:>52}", figure.as_deref().unwrap_or_default()),
            };
            let verdict = match &row.verdict {
                Verdict::Met => "ok".to_owned(),
                Verdict::Missed(reason) => format!("MISSED: {reason}"),
                Verdict::Information => String::new(),
                Verdict::NotBuilt => "not built".to_owned(),
            };
            let line = format!("{:names$}  {:targets$}  {counted}  {verdict}", row.name, row.target);
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    }
}

fn numbers(counts: &Counts, ms: Option<f64>) -> String {
    let ms = ms.map(|ms| format!("{ms:.1}")).unwrap_or_default();
    format!(
        "{:>6} {:>8} {:>8} {:>8} {:>9} {ms:>8}",
        counts.rounds,
        counts.total(),
        short(counts.read_units),
        short(counts.write_units),
        counts.bytes_sent + counts.bytes_received,
    )
}
