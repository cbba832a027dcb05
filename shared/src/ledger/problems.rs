//! What is wrong with a ledger, in plain words: so much of it is listed, and the rest is counted.

/// Differences between columns that are listed; the rest is counted.
const DRIFTS_LISTED: usize = 100;
/// Problems of other kinds that are listed; the rest is counted.
const PROBLEMS_LISTED: usize = 1_000;

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    listed: Vec<String>,
    others: usize,
    drifts: usize,
}

impl Problems {
    pub fn add(&mut self, problem: String) {
        self.others += 1;
        if self.others <= PROBLEMS_LISTED {
            self.listed.push(problem);
        }
    }

    /// A column that differs between two accounts of a finding.
    pub fn drift(&mut self, problem: String) {
        self.drifts += 1;
        if self.drifts <= DRIFTS_LISTED {
            self.listed.push(problem);
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        (self.others + self.drifts) as u64
    }

    /// The list, with a line for what it leaves out.
    pub fn into_list(mut self) -> Vec<String> {
        if let Some(more @ 1..) = self.others.checked_sub(PROBLEMS_LISTED) {
            self.listed.push(format!("and {more} more problems that are not listed"));
        }
        if let Some(more @ 1..) = self.drifts.checked_sub(DRIFTS_LISTED) {
            self.listed.push(format!("and {more} more differences between columns that are not listed"));
        }
        self.listed
    }
}
