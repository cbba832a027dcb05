//! What an app may ask beside its ledger, where somebody has said how: AWS, Security Hub, a model.

use crate::App;
use posture_shared::operations::{Hubs, Model, Sweep};

impl App {
    /// The same app, whose triggers may read AWS.
    #[must_use]
    pub fn sweeping(mut self, sweep: Sweep) -> Self {
        self.sweep = Some(sweep);
        self
    }

    /// The same app, whose triggers may read Security Hub.
    #[must_use]
    pub fn synchronising(mut self, hubs: Hubs) -> Self {
        self.hubs = Some(hubs);
        self
    }

    /// The same app, whose remediations this model words.
    #[must_use]
    pub fn wording(mut self, model: Model) -> Self {
        self.model = Some(model);
        self
    }
}
