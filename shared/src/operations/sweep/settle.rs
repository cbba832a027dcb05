//! What became of types that are in no region, after every region was asked.

use super::Sweeper;
use crate::domain::Error;
use crate::domain::inventory::GLOBAL;
use std::collections::{BTreeMap, BTreeSet};

impl Sweeper<'_> {
    /// Records the types of which no region told.
    pub(super) async fn settle_everywhere(&mut self) -> Result<(), Error> {
        let mut reasons: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (kind, told) in std::mem::take(&mut self.everywhere) {
            if let Err(reason) = told {
                reasons.entry(reason).or_default().insert(kind);
            }
        }
        let scope = self.own(GLOBAL);
        for (reason, kinds) in reasons {
            self.doubt(&scope, &kinds, &reason).await?;
        }
        Ok(())
    }
}
