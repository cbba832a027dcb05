//! Reading stretches of the log, without gaps.

use super::entry::Entry;
use super::evidence::right_after;
use super::item::Item;
use super::manifest::Manifest;
use super::overlay::Layer;
use super::proof::Hash;
use super::store::{Range, Store};
use super::view::View;
use super::{Reader, keys};
use crate::domain::{Error, Instant, TenantId};
use std::sync::Arc;

/// Times that a log which seems to have a gap is read again.
const GAP_RETRIES: usize = 3;

impl Reader {
    /// What `each` makes of the entries from an instant on, up to the newest of a view, without gaps; `None` when more than `most` bytes of
    /// them are stored. They are held a page at a time: each change has some kilobytes in memory.
    pub(super) async fn log_folded<T: Default>(
        &self,
        tenant: &TenantId,
        from: Instant,
        view: &View,
        most: usize,
        each: impl Fn(&mut T, &Entry),
    ) -> Result<Option<T>, Error> {
        if view.seq == 0 || view.tip_at < from {
            return Ok(Some(T::default()));
        }
        'again: for _ in 0..GAP_RETRIES {
            let (from, to) = (Some(from.key()), Some(view.tip_at.key()));
            let mut range = Range { from, to, consistent: true, ..Range::default() };
            let (mut made, mut last): (T, Option<(u64, Hash)>) = (T::default(), None);
            let mut bytes = 0_usize;
            loop {
                let (items, more) = self.store.query_page(&keys::log_partition(tenant), &range).await?;
                bytes = items.iter().map(Item::size).fold(bytes, usize::saturating_add);
                if bytes > most {
                    return Ok(None);
                }
                for item in &items {
                    let entry = Entry::from_item(item)?;
                    if last.is_some_and(|(seq, chain)| entry.seq != seq + 1 || entry.previous != chain) {
                        continue 'again;
                    }
                    each(&mut made, &entry);
                    last = Some((entry.seq, entry.chain));
                }
                match items.last() {
                    Some(item) if more => range.from = Some(right_after(item.sk()?)),
                    _ => break,
                }
            }
            return match last {
                Some((seq, chain)) if seq == view.seq && chain == view.chain => Ok(Some(made)),
                _ => Err(Error::Conflict("the ledger was restored while it was read; ask again".to_owned())),
            };
        }
        Err(gap(tenant))
    }

    /// What the entries after a manifest's commit lay over it, up to an instant, without gaps.
    pub(super) async fn log_after(
        &self,
        tenant: &TenantId,
        manifest: &Manifest,
        until: Option<Instant>,
    ) -> Result<Vec<Arc<Layer>>, Error> {
        let from = manifest.at.plus(1);
        if until.is_some_and(|until| until < from) {
            return Ok(Vec::new());
        }
        let range = Range {
            from: (manifest.seq > 0).then(|| from.key()),
            to: until.map(Instant::key),
            consistent: true,
            ..Range::default()
        };
        read_log(&self.store, tenant, &range).await
    }
}

/// Reads a stretch of the log, again when it seems to have a gap: pages of one query are read at different moments.
async fn read_log(store: &Store, tenant: &TenantId, range: &Range) -> Result<Vec<Arc<Layer>>, Error> {
    for _ in 0..GAP_RETRIES {
        let (items, _) = store.query(&keys::log_partition(tenant), range).await?;
        let layers = layers(&items)?;
        if layers.windows(2).all(|pair| matches!(pair, [a, b] if b.seq == a.seq + 1 && b.previous == a.chain)) {
            return Ok(layers);
        }
    }
    Err(gap(tenant))
}

/// What log entries lay over the columns below.
pub(super) fn layers(items: &[Item]) -> Result<Vec<Arc<Layer>>, Error> {
    items.iter().map(|item| Ok(Arc::new(Layer::of(Entry::from_item(item)?)))).collect()
}

fn gap(tenant: &TenantId) -> Error {
    Error::internal(format!("the log of tenant {tenant} has a gap; run verify"))
}
