//! Folds: the columns as of one commit, written as segments and a manifest.
//!
//! Folds are derived, idempotent and crash-safe: a manifest is written last and only if there is none for its commit;
//! segments without a manifest expire. Nothing depends on a fold but the cost of reading.

use super::base::part_keys;
use super::item::{Item, TTL, expires_in};
use super::items::Head;
use super::manifest::{Checkpoint, Manifest, Part, Parts, newest as newest_manifest};
use super::segment::{SEGMENT_ROWS, Segment};
use super::store::{Condition, ConditionalPut, Range};
use super::view::View;
use super::when::When;
use super::{FORMAT, Need, Writer, keys};
use crate::domain::{Error, Family, Ordinal, TenantId};
use crate::secrets;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::HashMap;
use std::sync::Arc;

/// A fold follows when the tail exceeds an eighth of the segments, but not below this: 64 KiB.
const TAIL_MIN: u64 = 64 << 10;
/// Nor above this: 512 KiB. A checkpoint is kept for every two such bounds of log, and at least for so much.
const TAIL_MAX: u64 = 512 << 10;
/// A checkpoint is kept at least this often: daily.
const CHECKPOINT_MS: i64 = 86_400_000;
/// Segments outside checkpoints live this long: 4 days, in seconds. Their manifests go a day earlier.
const SEGMENT_SECONDS: i64 = 4 * 86_400;
const DAY_SECONDS: i64 = 86_400;
/// A schedule folds what was committed so long ago without being folded since: 47 hours, so that with a look every hour each commit
/// older than 48 has its fold.
const UNFOLDED_MS: i64 = 47 * 3_600_000;
/// Bytes of a segment per item.
const PART_BYTES: usize = 380_000;
/// Segments written at a time.
const WRITES_AT_ONCE: usize = 4;

/// What the committer knows about the newest fold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folded {
    log_bytes: u64,
    segment_bytes: u64,
    checkpoint: Checkpoint,
}

/// One family of one segment, encoded and decoded.
struct Written {
    number: u32,
    family: Family,
    part: Part,
    segment: Segment,
}

impl Folded {
    fn of(manifest: &Manifest) -> Self {
        let Manifest { log_bytes, last_checkpoint, .. } = *manifest;
        Self { log_bytes, segment_bytes: manifest.bytes(), checkpoint: last_checkpoint }
    }

    /// Whether readers have to read too much log. Of the folds of a day only the checkpoints stay, so the log after
    /// the newest checkpoint is bounded as well once that is a day old: lists as of a past instant begin there.
    fn is_behind(&self, head: &Head) -> bool {
        let bound = tail_bound(self.segment_bytes);
        let after = |log_bytes: u64| head.log_bytes.saturating_sub(log_bytes) > bound;
        after(self.log_bytes) || (head.at.0 - self.checkpoint.at.0 >= CHECKPOINT_MS && after(self.checkpoint.log_bytes))
    }
}

/// The log that readers are asked to read after segments of so many bytes.
fn tail_bound(segment_bytes: u64) -> u64 {
    (segment_bytes / 8).clamp(TAIL_MIN, TAIL_MAX)
}

impl Writer {
    /// Folds when the tail has grown beyond its bound. A fold that fails is logged and tried again after a later
    /// commit: nothing but cost depends on it.
    pub(super) async fn fold_if_due(&self, tenant: &TenantId, head: &Head) {
        // Nobody has too much to read of so little, wherever the newest fold is.
        if head.log_bytes <= TAIL_MIN {
            return;
        }
        let folded = match self.folded(tenant).await {
            Ok(folded) => folded,
            Err(error) => return tracing::warn!(tenant = %tenant, %error, "could not look for the newest fold"),
        };
        if !folded.is_behind(head) {
            return;
        }
        if let Err(error) = self.fold(tenant).await {
            tracing::warn!(tenant = %tenant, %error, "a fold failed; it is tried again after a later commit");
        }
    }

    /// Folds where a cold reader has to read too much log, or where a commit has gone without a fold for two days; whether it did.
    /// Nothing else folds for a tenant whose writers are gone. One round of two requests where everything is folded.
    pub async fn fold_if_left(&self, tenant: &TenantId) -> Result<bool, Error> {
        let place = keys::head(tenant);
        let (head, newest) = tokio::join!(self.store.get(&place, true), newest_manifest(&self.store, tenant, true));
        let head = head?.as_ref().map_or(Ok(Head::default()), Head::from_item)?;
        let manifest = newest?.unwrap_or_default();
        if head.seq <= manifest.seq
            || !(Folded::of(&manifest).is_behind(&head) || self.is_left(tenant, &manifest).await?)
        {
            return Ok(false);
        }
        // Another process may have folded since this one looked last.
        self.cache.forget(tenant);
        self.fold(tenant).await?;
        // The columns of one tenant after the other would fill the memory.
        self.cache.forget(tenant);
        Ok(true)
    }

    /// Whether the first commit behind a fold has waited for long.
    async fn is_left(&self, tenant: &TenantId, manifest: &Manifest) -> Result<bool, Error> {
        let from = (manifest.seq > 0).then(|| manifest.at.plus(1).key());
        let range = Range { from, limit: Some(1), consistent: true, ..Range::default() };
        let (items, _) = self.store.query_page(&keys::log_partition(tenant), &range).await?;
        let Some(first) = items.first() else { return Ok(false) };
        let at: i64 = first.sk()?.parse().map_err(|_| Error::internal("a log entry's key is no instant"))?;
        Ok(self.clock.now().0 - at >= UNFOLDED_MS)
    }

    async fn folded(&self, tenant: &TenantId) -> Result<Folded, Error> {
        if let Some(folded) = self.folds().get(tenant) {
            return Ok(*folded);
        }
        let manifest = newest_manifest(&self.store, tenant, false).await?.unwrap_or_default();
        let folded = Folded::of(&manifest);
        self.folds().insert(tenant.clone(), folded);
        Ok(folded)
    }

    /// Folds the newest state; nothing to do when the newest fold covers it. Returns the covered sequence number.
    pub async fn fold(&self, tenant: &TenantId) -> Result<u64, Error> {
        let view = self.view(tenant, When::Now, &Need::all(Family::ALL)).await?;
        self.fold_view(tenant, view, false).await
    }

    /// Writes the index anew from the log alone, as a checkpoint. Returns the covered sequence number.
    pub async fn rebuild(&self, tenant: &TenantId) -> Result<u64, Error> {
        let layers = self.log_after(tenant, &Manifest::default(), None).await?;
        let view = super::lineage::Lineage::new(Arc::default(), layers).view(self.clock.now());
        self.cache.forget(tenant);
        let stale = self.store.query(&keys::manifest_partition(tenant), &Default::default()).await?.0;
        for item in stale {
            self.store.delete(&item.key()?).await?;
        }
        self.fold_view(tenant, view, true).await
    }

    async fn fold_view(&self, tenant: &TenantId, view: View, anew: bool) -> Result<u64, Error> {
        let old = &view.base.manifest;
        if view.seq == 0 || (old.seq == view.seq && !anew) {
            return Ok(view.seq);
        }
        let log_bytes = old.log_bytes + view.tail_bytes;
        let now = self.clock.now();
        // Checkpoints are all that is left of the past, so the log after one is kept in proportion, too.
        let most = (2 * tail_bound(old.bytes())).min(TAIL_MAX);
        let due =
            now.0 - old.last_checkpoint.at.0 >= CHECKPOINT_MS || log_bytes - old.last_checkpoint.log_bytes >= most;
        let checkpoint = anew || due || old.seq == 0;
        let id = format!("{:016x}-{}", view.seq, secrets::hex(&secrets::random::<8>()?));
        let expires = (!checkpoint).then(|| expires_in(SEGMENT_SECONDS));
        let written = self.write_segments(tenant, &view, &id, checkpoint, expires).await?;
        let mut segments: Vec<Parts> = old.segments.clone();
        let mut fresh = Vec::with_capacity(written.len());
        for Written { number, family, part, segment } in written {
            while segments.len() <= number as usize {
                segments.push(Parts::new());
            }
            if let Some(parts) = segments.get_mut(number as usize) {
                parts.insert(family.name().to_owned(), part);
            }
            fresh.push(((number, family), segment));
        }
        let earliest = segments.iter().flat_map(|parts| parts.values()).filter_map(|part| part.expires).min();
        let here = Checkpoint { at: now, log_bytes };
        let manifest = Manifest {
            seq: view.seq,
            at: view.tip_at,
            chain: view.chain,
            count: view.count(),
            log_bytes,
            checkpoint,
            last_checkpoint: if checkpoint { here } else { old.last_checkpoint },
            expires: earliest.map(|at| at - DAY_SECONDS),
            segments,
        };
        let put = ConditionalPut { item: manifest.to_item(tenant)?, condition: Condition::Absent };
        if self.store.put(put).await? {
            let folded = Folded::of(&manifest);
            self.folds().insert(tenant.clone(), folded);
            let base = Arc::new(view.base.next(manifest, fresh));
            self.cache.rebase(tenant, base);
        } else {
            // Somebody else folded the same commit; ours expires unread, or stays as waste when it was a checkpoint.
            self.folds().remove(tenant);
        }
        Ok(view.seq)
    }

    /// Writes the segments that the tail touched, and for a checkpoint also those that would expire.
    async fn write_segments(
        &self,
        tenant: &TenantId,
        view: &View,
        id: &str,
        checkpoint: bool,
        expires: Option<i64>,
    ) -> Result<Vec<Written>, Error> {
        let count = view.count();
        let old = &view.base.manifest;
        let mut touched: HashMap<(u32, Family), bool> = HashMap::new();
        for ordinal in view.overlay.ordinals() {
            for family in Family::ALL {
                if view.overlay.touches(ordinal, family) || ordinal.0 >= old.count {
                    touched.insert((ordinal.0 / SEGMENT_ROWS, family), true);
                }
            }
        }
        let mut wanted = Vec::new();
        for number in 0..count.div_ceil(SEGMENT_ROWS) {
            for family in Family::ALL {
                let part = old.part(number, family);
                let perishable = part.is_none_or(|part| checkpoint && part.expires.is_some());
                if perishable || touched.contains_key(&(number, family)) {
                    wanted.push((number, family));
                }
            }
        }
        let writes = wanted.into_iter().map(|(number, family)| {
            let rows = (count - number * SEGMENT_ROWS).min(SEGMENT_ROWS);
            self.write_segment(tenant, view, number, family, rows, id, expires)
        });
        stream::iter(writes).buffered(WRITES_AT_ONCE).try_collect().await
    }

    #[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
    async fn write_segment(
        &self,
        tenant: &TenantId,
        view: &View,
        number: u32,
        family: Family,
        rows: u32,
        id: &str,
        expires: Option<i64>,
    ) -> Result<Written, Error> {
        let first = number * SEGMENT_ROWS;
        let failure = std::cell::RefCell::new(None);
        let bytes = {
            let cell = |row: usize, column| {
                let ordinal = Ordinal(first + u32::try_from(row).unwrap_or(0));
                view.recorded_cell(ordinal, column).unwrap_or_else(|error| {
                    failure.replace(Some(error));
                    crate::domain::Cell::None
                })
            };
            let touched = |row: usize| {
                let ordinal = Ordinal(first + u32::try_from(row).unwrap_or(0));
                view.overlay.touches(ordinal, family)
            };
            let base = view.base.block(number, family)?;
            Segment::encode(family, rows as usize, base.as_deref(), &touched, &cell)?
        };
        if let Some(error) = failure.into_inner() {
            return Err(error);
        }
        let chunks: Vec<Vec<u8>> = bytes.chunks(PART_BYTES).map(<[u8]>::to_vec).collect();
        let items = u32::try_from(chunks.len()).map_err(Error::internal)?;
        let part = Part { fold: id.to_owned(), items, bytes: bytes.len() as u64, expires };
        for (key, chunk) in part_keys(tenant, number, family, &part).iter().zip(chunks) {
            let mut item = Item::new(key);
            item.put_number("format", FORMAT);
            item.put_bytes("body", chunk);
            if let Some(expires) = expires {
                item.put_number(TTL, expires);
            }
            self.store.put(ConditionalPut { item, condition: Condition::None }).await?;
        }
        let segment = Segment::decode(&bytes)?;
        Ok(Written { number, family, part, segment })
    }

    fn folds(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Folded>> {
        self.folds.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
