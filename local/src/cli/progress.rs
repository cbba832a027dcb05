//! A progress bar on stderr for tasks of the ledger; nothing when stderr is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that a task of the ledger moves. It goes away with the value.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar for `what` in the plural; `total` 0 when the task will say.
    pub(super) fn new(what: &str, total: u64) -> Self {
        let bar = ProgressBar::new(total);
        let template = format!("{{bar:40}} {{human_pos}}/{{human_len}} {what}, {{per_sec}}, {{eta}} left");
        Self(match ProgressStyle::with_template(&template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// Hears how far the task is.
    pub(super) fn hear(&self, done: u64, total: u64) {
        if total > 0 {
            self.0.set_length(total);
        }
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
