//! The expiries of a patrol: each belongs to a commit, and to a document of it that says the same.

use super::findings::Entries;
use super::{Patrol, Place, Slice, Visit};
use crate::domain::Error;
use crate::ledger::evidence::{Evidence, right_after};
use crate::ledger::item::Key;
use crate::ledger::items::Expiry;
use crate::ledger::keys;
use crate::ledger::problems::Problems;
use crate::ledger::store::Range;

/// Expiries of a slice.
const EXPIRIES: usize = 400;
/// Expiries whose entries and documents are held at a time.
const AT_ONCE: usize = 25;

impl Visit<'_> {
    /// Verifies the next expiries; the last ones end the rotation.
    pub(super) async fn expiries(&mut self, behind: &str) -> Result<Slice, Error> {
        let from = (!behind.is_empty()).then(|| right_after(behind));
        let range = Range { from, limit: Some(EXPIRIES), consistent: true, ..Range::default() };
        let (items, more) = self.reader.store.query_page(&keys::expiry_partition(self.tenant), &range).await?;
        let mut problems = Problems::default();
        let mut expiries = Vec::with_capacity(items.len());
        for item in &items {
            match Expiry::from_item(item) {
                Ok(expiry) => expiries.push(expiry),
                Err(error) => problems.add(format!("an expiry cannot be read: {error}")),
            }
        }
        for expiries in expiries.chunks(AT_ONCE) {
            self.some_expiries(expiries, &mut problems).await?;
        }
        let mut next: Patrol = self.patrol.clone();
        next.rotation.place = match items.last() {
            Some(last) if more => Place::Expiries(last.sk()?.to_owned()),
            _ => Place::Resting,
        };
        Ok(Slice::of(next, problems, 0))
    }

    async fn some_expiries(&self, expiries: &[Expiry], problems: &mut Problems) -> Result<(), Error> {
        let (ours, since): (Vec<&Expiry>, Vec<&Expiry>) = expiries.iter().partition(|expiry| expiry.at <= self.tip.at);
        let mut entries = Entries::new();
        self.read_entries(&mut entries, ours.iter().map(|expiry| expiry.at).collect()).await?;
        let place = |expiry: &Expiry| keys::document(self.tenant, expiry.ordinal, expiry.at);
        let places: Vec<Key> = ours.iter().map(|expiry| place(expiry)).collect();
        let documents = self.reader.store.batch_get(&places, true).await?;
        let mut strays = Vec::new();
        for expiry in ours {
            let entry = entries.get(&expiry.at).cloned().flatten();
            let changes = entry.iter().flat_map(|entry| &entry.body.changes);
            let is_named = changes.into_iter().any(|change| change.ordinal == expiry.ordinal);
            let document = documents.get(&place(expiry)).and_then(|item| Evidence::from_item(item).ok());
            // A document that is missing or erased says nothing against it.
            let finding = document.and_then(|document| document.finding()?.ok());
            let agrees = finding.is_none_or(|finding| {
                let end = finding.standing.acceptance.as_ref().and_then(|acceptance| acceptance.expires_at);
                end == Some(expiry.expires_at) && finding.key() == expiry.key
            });
            if !is_named || !agrees {
                strays.push(expiry);
            }
        }
        for expiry in since {
            if !self.reader.is_named(self.tenant, expiry.ordinal, expiry.at).await? {
                strays.push(expiry);
            }
        }
        for expiry in strays {
            problems.add(format!(
                "no log entry names the expiry of finding {} at {}, written at {}",
                expiry.ordinal.0, expiry.expires_at, expiry.at
            ));
        }
        Ok(())
    }
}
