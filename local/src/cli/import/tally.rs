//! What became of everything that was read, and the file of what was rejected.

use crate::cli::draft::Draft;
use posture_shared::domain::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::Write;

/// The last line on stdout. The last four add up to the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub received: u64,
    pub created: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub rejected: u64,
}

/// What the server says became of the findings that it did not reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Outcomes {
    pub created: u64,
    pub changed: u64,
    pub unchanged: u64,
}

/// Counts, and writes rejections down.
pub(super) struct Tally {
    counts: Counts,
    left_out: u64,
    file: Option<(String, Draft)>,
}

impl Tally {
    /// An empty tally that writes rejections to a file, if one is named. The file is made anew when the tally is
    /// finished; a tally that is dropped leaves the old one.
    pub(super) fn new(path: Option<&str>) -> Result<Self, Error> {
        let open = |path: &str| Ok::<_, Error>((path.to_owned(), Draft::begin(path)?));
        Ok(Self { counts: Counts::default(), left_out: 0, file: path.map(open).transpose()? })
    }

    /// Counts a batch of which `rejected` findings were refused; those are counted by [`Tally::reject`].
    pub(super) fn accept(&mut self, sent: u64, rejected: u64, outcomes: Outcomes) -> Result<(), Error> {
        let Outcomes { created, changed, unchanged } = outcomes;
        if created.saturating_add(changed).saturating_add(unchanged).saturating_add(rejected) != sent {
            return Err(Error::internal("the server's counts do not add up to what was sent"));
        }
        self.counts.received += sent - rejected;
        self.counts.created += created;
        self.counts.changed += changed;
        self.counts.unchanged += unchanged;
        Ok(())
    }

    /// Counts findings that were accepted without what customers had set in them.
    pub(super) fn leave_out(&mut self, findings: u64) {
        self.left_out += findings;
    }

    /// Counts one rejected record and writes it down.
    pub(super) fn reject(&mut self, id: &str, code: &str, message: &str, record: Option<&Value>) -> Result<(), Error> {
        self.counts.received += 1;
        self.counts.rejected += 1;
        if self.counts.rejected <= SHOWN {
            tracing::warn!(target: "posture_local", id, code, reason = message, "rejected");
        }
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let line = json!({"id": id, "code": code, "message": message, "record": record});
        writeln!(file, "{line}").map_err(failed(path))
    }

    /// How much the server has answered, and what was no finding from the start.
    pub(super) fn received(&self) -> u64 {
        self.counts.received
    }

    /// The counts, once the file of rejections is whole. Says on stderr what was left out.
    pub(super) fn finish(self) -> Result<Counts, Error> {
        if self.left_out > 0 {
            let findings = self.left_out;
            tracing::warn!(
                target: "posture_local",
                findings,
                "what customers set (Note, Workflow and the like) was left out: the key lacks findings:write"
            );
        }
        if let Some((_, file)) = self.file {
            file.finish()?;
        }
        Ok(self.counts)
    }
}

/// How many rejections are named on stderr.
const SHOWN: u64 = 10;

fn failed(path: &str) -> impl Fn(std::io::Error) -> Error + '_ {
    move |error| Error::internal(format!("{path}: {error}"))
}
