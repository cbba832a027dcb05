//! The index of the state that a visit verifies, of which no more is held at a time than what is looked at.

use super::Visit;
use crate::domain::{Column, Error, Family, Instant, Ordinal, Seen};
use crate::ledger::base::{Base, Missing, Need};
use crate::ledger::entry::Entry;
use crate::ledger::evidence::right_after;
use crate::ledger::item::expires_in;
use crate::ledger::keys;
use crate::ledger::manifest::Manifest;
use crate::ledger::overlay::{Layer, Overlay};
use crate::ledger::problems::Problems;
use crate::ledger::segment::SEGMENT_ROWS;
use crate::ledger::store::Range;
use crate::ledger::view::View;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Indexes that are looked at before it is said that none fits.
const MANIFESTS_TRIED: usize = 8;
/// An index whose segments expire before so many seconds is passed over: a visit lasts minutes.
const SOON_SECONDS: i64 = 3_600;
/// How often another index is looked for, because the one in use was retired meanwhile.
const RETIRED_TRIES: usize = 3;
/// Log behind the newest index beyond which columns are not compared, because it would be held in memory: 8 MiB.
const MOST_TAIL: u64 = 8 << 20;

/// A fold, and what the log behind it changed.
#[derive(Debug)]
pub(super) struct Index {
    pub manifest: Manifest,
    overlay: Arc<Overlay>,
    tail_bytes: u64,
}

/// The newest timestamps that a stretch of log observed of findings, and when it last did.
pub(super) type Observed = BTreeMap<Ordinal, (Arc<Seen>, Instant)>;

impl Visit<'_> {
    /// The commit up to which the index is folded; 0 where there is none.
    pub(super) async fn folded(&mut self, problems: &mut Problems) -> Result<u64, Error> {
        if self.index.is_none() {
            self.index = Some(self.newest_index(problems).await?);
        }
        Ok(self.index.iter().flatten().map(|index| index.manifest.seq).next().unwrap_or(0))
    }

    /// The columns as of the tip, with what `need` names loaded; `None` when that is not to be had, which is then among the problems.
    pub(super) async fn columns(&mut self, need: &Need, problems: &mut Problems) -> Result<Option<View>, Error> {
        self.folded(problems).await?;
        for _ in 0..RETIRED_TRIES {
            let Some(Some(index)) = &self.index else { return Ok(None) };
            let view = self.view(index);
            let loaded = view.base.load(&self.reader.store, self.tenant, need).await;
            match loaded.and_then(|()| view.base.unpack(need).map_err(Missing::Damaged)) {
                Ok(()) => return Ok(Some(view)),
                Err(Missing::Failed(error)) => return Err(error),
                Err(Missing::Damaged(error)) => {
                    problems.add(format!("the index of commit {} cannot be read: {error}", index.manifest.seq));
                    return Ok(None);
                }
                Err(Missing::Segment) => {
                    let place = keys::manifest(self.tenant, index.manifest.at);
                    if self.reader.store.get(&place, true).await?.is_some() {
                        let seq = index.manifest.seq;
                        problems.add(format!(
                            "a segment of the index of commit {seq} is missing; posture rebuild writes it anew"
                        ));
                        return Ok(None);
                    }
                }
            }
            self.index = Some(self.newest_index(problems).await?);
        }
        problems.add("the index was replaced again and again while it was read".to_owned());
        Ok(None)
    }

    fn view(&self, index: &Index) -> View {
        View {
            at: self.tip.at,
            seq: self.tip.seq,
            chain: self.tip.chain,
            tip_at: self.tip.at,
            tail_bytes: index.tail_bytes,
            base: Arc::new(Base::new(index.manifest.clone())),
            overlay: Arc::clone(&index.overlay),
        }
    }

    /// The newest index that fits the log and will last for this visit, with the log behind it.
    async fn newest_index(&self, problems: &mut Problems) -> Result<Option<Index>, Error> {
        let (store, partition) = (&self.reader.store, keys::manifest_partition(self.tenant));
        let range = Range {
            to: Some(self.tip.at.key()),
            newest_first: true,
            limit: Some(MANIFESTS_TRIED),
            consistent: true,
            ..Range::default()
        };
        let (items, _) = store.query_page(&partition, &range).await?;
        for item in &items {
            let manifest = match Manifest::from_item(item) {
                Ok(manifest) => manifest,
                Err(error) => {
                    problems.add(format!("a manifest cannot be read: {error}"));
                    continue;
                }
            };
            let parts = manifest.segments.iter().flat_map(BTreeMap::values);
            if parts.filter_map(|part| part.expires).any(|at| at < expires_in(SOON_SECONDS)) {
                continue;
            }
            match self.behind(manifest).await? {
                Ok(index) => return Ok(Some(index)),
                Err(problem) => problems.add(problem),
            }
        }
        match self.behind(Manifest::default()).await? {
            Ok(index) => Ok(Some(index)),
            Err(problem) => {
                problems.add(problem);
                Ok(None)
            }
        }
    }

    /// A fold with the log behind it, or why they do not go together.
    async fn behind(&self, manifest: Manifest) -> Result<Result<Index, String>, Error> {
        let tail_bytes = self.tip.log_bytes.saturating_sub(manifest.log_bytes);
        if tail_bytes > MOST_TAIL {
            let seq = manifest.seq;
            return Ok(Err(format!("the log behind the index of commit {seq} is too long: {tail_bytes} bytes")));
        }
        let mut range = Range {
            from: (manifest.seq > 0).then(|| manifest.at.plus(1).key()),
            to: Some(self.tip.at.key()),
            consistent: true,
            ..Range::default()
        };
        let mut overlay = Overlay::new(manifest.count);
        let (mut seq, mut chain) = (manifest.seq, manifest.chain);
        loop {
            let (items, more) = self.reader.store.query_page(&keys::log_partition(self.tenant), &range).await?;
            for item in &items {
                match Entry::from_item(item) {
                    Ok(entry) if entry.seq == seq + 1 && entry.previous == chain => {
                        (seq, chain) = (entry.seq, entry.chain);
                        overlay.apply(&Layer::of(entry));
                    }
                    Ok(entry) if seq == manifest.seq && entry.seq == seq + 1 => {
                        let told = "was made of another log; posture rebuild writes it anew";
                        return Ok(Err(format!("the index of commit {seq} {told}")));
                    }
                    Ok(_) | Err(_) => {
                        let told = "the index cannot be brought up to date: the log breaks off behind commit";
                        return Ok(Err(format!("{told} {seq}")));
                    }
                }
            }
            match items.last() {
                Some(last) if more => range.from = Some(right_after(last.sk()?)),
                _ => break,
            }
        }
        if (seq, chain) != (self.tip.seq, self.tip.chain) {
            return Ok(Err(format!("the index cannot be brought up to date: the log ends with commit {seq}")));
        }
        Ok(Ok(Index { manifest, overlay: Arc::new(overlay), tail_bytes }))
    }

    /// Nothing in the index may be older than what the log observed.
    pub(super) async fn check_observed(&mut self, observed: Observed, problems: &mut Problems) -> Result<(), Error> {
        let observed: Vec<_> = observed.into_iter().collect();
        for of_segment in observed.chunk_by(|a, b| a.0.0 / SEGMENT_ROWS == b.0.0 / SEGMENT_ROWS) {
            let need = Need::of([Family::Seen], of_segment.iter().map(|(ordinal, _)| *ordinal));
            let Some(view) = self.columns(&need, problems).await? else { return Ok(()) };
            for (ordinal, (seen, at)) in of_segment {
                let n = ordinal.0;
                let last = view.recorded_cell(*ordinal, Column::LastSeen)?.int();
                if last.is_none_or(|last| last < at.0) {
                    let says = last.map_or("absent".to_owned(), |last| last.to_string());
                    problems.drift(format!(
                        "finding {n}: last_seen is {says} in the index and {} or later in the log",
                        at.0
                    ));
                }
                if view.seen(*ordinal)? < **seen {
                    problems.drift(format!("finding {n}: the index has older timestamps than the log of {at}"));
                }
            }
        }
        Ok(())
    }
}
