//! Lineages: a base and the log entries after it, loaded from the table and kept warm between requests.

use super::base::{Base, Missing, Need};
use super::entry::Entry;
use super::log::layers;
use super::manifest::Manifest;
use super::overlay::{Layer, Overlay};
use super::proof::Hash;
use super::store::Range;
use super::view::View;
use super::when::When;
use super::{Reader, keys};
use crate::domain::{Error, Instant, TenantId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Entries kept behind a base before a newer base is looked for: 1 MiB of stored log.
const WARM_TAIL_BYTES: usize = 1 << 20;
/// Columns kept in memory for all tenants together before the least recently used tenant is dropped: 256 MiB.
const CACHE_BYTES: usize = 256 << 20;
/// Tenants remembered at a time; names that are no tenant's are not remembered, but for the one that a process is started for.
const CACHE_TENANTS: usize = 1_000;
/// Manifests looked at before falling back to the whole log.
const MANIFESTS_TRIED: usize = 8;

/// A base and the entries after it, without gaps.
#[derive(Debug, Clone, Default)]
pub(super) struct Lineage {
    pub base: Arc<Base>,
    layers: Vec<Arc<Layer>>,
    overlay: Arc<Overlay>,
}

/// What a process remembers of a tenant.
#[derive(Debug, Default)]
struct Warm {
    newest: Option<Lineage>,
    other: Option<Lineage>,
    used: u64,
}

/// What a process remembers of all tenants. Everything here can be dropped at any time.
#[derive(Debug, Default)]
pub(super) struct Cache {
    tenants: Mutex<(HashMap<TenantId, Warm>, u64)>,
}

impl Lineage {
    pub fn new(base: Arc<Base>, layers: Vec<Arc<Layer>>) -> Self {
        let mut overlay = Overlay::new(base.manifest.count);
        layers.iter().for_each(|layer| overlay.apply(layer));
        Self { base, layers, overlay: Arc::new(overlay) }
    }

    /// The newest commit in it: sequence number, instant and chain hash.
    pub fn tip(&self) -> (u64, Instant, Hash) {
        let manifest = &self.base.manifest;
        self.layers.last().map_or((manifest.seq, manifest.at, manifest.chain), |e| (e.seq, e.at, e.chain))
    }

    /// Stored bytes of the entries.
    pub fn tail_bytes(&self) -> usize {
        self.layers.iter().map(|layer| layer.size).sum()
    }

    /// Whether the commit that another base ends with is among the entries.
    fn has(&self, other: &Base) -> bool {
        self.layers.iter().any(|layer| (layer.seq, layer.chain) == (other.manifest.seq, other.manifest.chain))
    }

    /// The same lineage without the entries that `keep` refuses.
    fn cut(&self, keep: impl Fn(&Layer) -> bool) -> Self {
        let count = self.layers.iter().take_while(|layer| keep(layer)).count();
        if count == self.layers.len() {
            return self.clone();
        }
        Self::new(Arc::clone(&self.base), self.layers.iter().take(count).cloned().collect())
    }

    /// Adds entries that follow; what is known already is passed over, and so is everything after a gap.
    fn extend(&mut self, layers: &[Arc<Layer>]) {
        for layer in layers {
            let (seq, _, chain) = self.tip();
            if layer.seq == seq + 1 && layer.previous == chain {
                Arc::make_mut(&mut self.overlay).apply(layer);
                self.layers.push(Arc::clone(layer));
            }
        }
    }

    pub fn view(&self, at: Instant) -> View {
        let (seq, tip_at, chain) = self.tip();
        View {
            at: at.max(tip_at),
            seq,
            chain,
            tip_at,
            tail_bytes: self.tail_bytes() as u64,
            base: Arc::clone(&self.base),
            overlay: Arc::clone(&self.overlay),
        }
    }
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, (HashMap<TenantId, Warm>, u64)> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins with a base, of a tenant of which nothing is known yet; the first reader asks what was committed since.
    pub fn begin(&self, tenant: &TenantId, manifest: Manifest) {
        let lineage = Lineage::new(Arc::new(Base::new(manifest)), Vec::new());
        self.lock().0.entry(tenant.clone()).or_default().newest.get_or_insert(lineage);
    }

    pub fn get(&self, tenant: &TenantId) -> (Option<Lineage>, Option<Lineage>) {
        let mut guard = self.lock();
        let (tenants, clock) = &mut *guard;
        *clock += 1;
        let Some(warm) = tenants.get_mut(tenant) else { return (None, None) };
        warm.used = *clock;
        (warm.newest.clone(), warm.other.clone())
    }

    /// Remembers the newest lineage; one with another base is kept beside it.
    pub fn put_newest(&self, tenant: &TenantId, lineage: Lineage) {
        // Readers may ask before their key is known to be good, and for any name.
        if lineage.tip().0 == 0 {
            return;
        }
        let mut guard = self.lock();
        let (tenants, clock) = &mut *guard;
        *clock += 1;
        let warm = tenants.entry(tenant.clone()).or_default();
        warm.used = *clock;
        match warm.newest.take() {
            // Another request may have gone further on the same base.
            Some(known) if Arc::ptr_eq(&known.base, &lineage.base) && known.tip().0 > lineage.tip().0 => {
                warm.newest = Some(known);
            }
            // A reader who was slower than a fold knows the commit of the fold as one behind its own base.
            Some(mut known) if lineage.has(&known.base) => {
                known.extend(&lineage.layers);
                warm.newest = Some(known);
            }
            Some(known) if !Arc::ptr_eq(&known.base, &lineage.base) => {
                known.base.put_beside();
                warm.other = Some(known);
                warm.newest = Some(lineage);
            }
            _ => warm.newest = Some(lineage),
        }
        Self::shrink(tenants, tenant);
    }

    /// Puts a new base under the newest lineage; the former one is kept beside it.
    pub fn rebase(&self, tenant: &TenantId, base: Arc<Base>) {
        let newest = self.get(tenant).0;
        let layers = newest.map_or_else(Vec::new, |known| {
            known.layers.iter().filter(|layer| layer.seq > base.manifest.seq).cloned().collect()
        });
        let follows = layers.first().is_none_or(|layer| layer.previous == base.manifest.chain);
        if follows {
            self.put_newest(tenant, Lineage::new(base, layers));
        } else {
            self.forget(tenant);
        }
    }

    fn put_other(&self, tenant: &TenantId, lineage: Lineage) {
        if lineage.tip().0 == 0 {
            return;
        }
        let mut guard = self.lock();
        let (tenants, clock) = &mut *guard;
        *clock += 1;
        let warm = tenants.entry(tenant.clone()).or_default();
        warm.used = *clock;
        lineage.base.put_beside();
        warm.other = Some(lineage);
        Self::shrink(tenants, tenant);
    }

    /// Adds a commit of this process to the newest lineage, if it follows there.
    pub fn append(&self, tenant: &TenantId, entry: Entry) {
        let mut guard = self.lock();
        if let Some(lineage) = guard.0.get_mut(tenant).and_then(|warm| warm.newest.as_mut())
            && lineage.tip().2 == entry.previous
        {
            lineage.extend(&[Arc::new(Layer::of(entry))]);
        }
    }

    pub fn forget(&self, tenant: &TenantId) {
        self.lock().0.remove(tenant);
    }

    fn shrink(tenants: &mut HashMap<TenantId, Warm>, keep: &TenantId) {
        let size = |warm: &Warm| {
            let lineages = warm.newest.iter().chain(&warm.other);
            lineages.map(|l| l.base.bytes() + 4 * l.tail_bytes()).sum::<usize>()
        };
        let too_much = |tenants: &HashMap<TenantId, Warm>| {
            tenants.len() > CACHE_TENANTS || tenants.values().map(size).sum::<usize>() > CACHE_BYTES
        };
        while tenants.len() > 1 && too_much(tenants) {
            let oldest = tenants.iter().filter(|(t, _)| *t != keep).min_by_key(|(_, w)| w.used).map(|(t, _)| t.clone());
            match oldest {
                Some(tenant) => tenants.remove(&tenant),
                None => return,
            };
        }
    }
}

impl Reader {
    /// As [`Reader::view`], where an instant is known to lie in the past.
    pub(super) async fn view_of(&self, tenant: &TenantId, when: When, need: &Need) -> Result<View, Error> {
        let mut lineage = self.lineage(tenant, when, need).await?;
        match self.load(tenant, &lineage.base, need).await {
            Ok(()) => {}
            Err(Missing::Failed(error) | Missing::Damaged(error)) => return Err(error),
            Err(Missing::Segment) => {
                tracing::warn!(tenant = %tenant, seq = lineage.base.manifest.seq, "a segment is gone; falling back to a checkpoint");
                lineage = self.checkpointed(tenant, when).await?;
                match self.load(tenant, &lineage.base, need).await {
                    Ok(()) => {}
                    Err(Missing::Failed(error) | Missing::Damaged(error)) => return Err(error),
                    Err(Missing::Segment) => {
                        // Not even the checkpoint is whole: the log alone still tells everything.
                        let layers = self.log_after(tenant, &Manifest::default(), None).await?;
                        lineage = cut_to(&Lineage::new(Arc::default(), layers), when)?;
                    }
                }
            }
        }
        let now = match when {
            When::Now => self.clock.now(),
            When::At(at) | When::Pinned { at, .. } => at,
        };
        Ok(lineage.view(now))
    }

    /// Loads what `need` names of a base, as far as no other base that is known of the tenant has it.
    async fn load(&self, tenant: &TenantId, base: &Base, need: &Need) -> Result<(), Missing> {
        let (newest, other) = self.cache.get(tenant);
        newest.iter().chain(&other).for_each(|known| base.share(&known.base, need));
        base.load(&self.store, tenant, need).await
    }

    async fn lineage(&self, tenant: &TenantId, when: When, need: &Need) -> Result<Lineage, Error> {
        let (newest, other) = self.cache.get(tenant);
        match other.as_ref().into_iter().chain(&newest).find_map(|known| usable(known, when)) {
            Some(Ok(found)) => return Ok(found),
            // What is known may be of a log that a restore has replaced since. The table tells.
            Some(Err(_)) => {
                self.cache.forget(tenant);
                return self.cold(tenant, Some(when), need).await;
            }
            None => {}
        }
        // Before its base nothing that is known helps.
        let newest = newest.filter(|known| covers(known, when));
        let newest = match newest {
            Some(known) => {
                let base = Arc::clone(&known.base);
                // Loading is repeated by the caller, who also handles missing segments. On the heap, because everything that
                // opens a view would be larger by it.
                let load = Box::pin(self.load(tenant, &base, need));
                let (fresh, _) = tokio::join!(self.refresh(tenant, known), load);
                fresh?
            }
            None => None,
        };
        let newest = match newest {
            Some(lineage) => lineage,
            // A past instant needs the newest state only to know that it is past, which a cold reader takes on trust.
            None if when == When::Now => return self.cold(tenant, None, need).await,
            None => return self.cold(tenant, Some(when), need).await,
        };
        if covers(&newest, when) {
            return cut_to(&newest, when);
        }
        self.cold(tenant, Some(when), need).await
    }

    /// Asks for what was committed since; `None` when the lineage no longer fits the table or lags too far behind.
    async fn refresh(&self, tenant: &TenantId, mut known: Lineage) -> Result<Option<Lineage>, Error> {
        let (seq, at, chain) = known.tip();
        let range = Range { from: (seq > 0).then(|| at.key()), consistent: true, ..Range::default() };
        let (items, more) = self.store.query_page(&keys::log_partition(tenant), &range).await?;
        let mut layers = layers(&items)?;
        if seq > 0 {
            // The entry that we know comes first, also when it is in the fold; another one or none in its place means
            // that the table was restored.
            match layers.first() {
                Some(first) if first.seq == seq && first.chain == chain => drop(layers.remove(0)),
                _ => {
                    self.cache.forget(tenant);
                    return Ok(None);
                }
            }
        }
        let follows = layers.first().is_none_or(|first| first.seq == seq + 1 && first.previous == chain);
        let gapless = layers.windows(2).all(|pair| matches!(pair, [a, b] if b.seq == a.seq + 1));
        if more || !follows || !gapless {
            self.cache.forget(tenant);
            return Ok(None);
        }
        known.extend(&layers);
        if known.tail_bytes() > WARM_TAIL_BYTES {
            // Rather than carry ever more entries, start from the newest base at the next look.
            self.cache.forget(tenant);
        } else {
            self.cache.put_newest(tenant, known.clone());
        }
        Ok(Some(known))
    }

    /// Reads the newest fitting manifest, then the log after it and the needed segments in one round.
    async fn cold(&self, tenant: &TenantId, when: Option<When>, need: &Need) -> Result<Lineage, Error> {
        let bound = match when {
            Some(When::At(at) | When::Pinned { at, .. }) => Some(at),
            Some(When::Now) | None => None,
        };
        let max_seq = match when {
            Some(When::Pinned { seq, .. }) => seq,
            _ => u64::MAX,
        };
        // The newest manifest at first, and then a few more at a time: it may not fit the log, or be younger than a pinned
        // state, whatever instant a client named beside that state's number.
        let (mut to, mut limit, mut tried) = (bound, 1, 0);
        // No log beyond the first manifest that is too young is of use.
        let mut until = bound;
        while tried < MANIFESTS_TRIED {
            let range = Range { to: to.map(Instant::key), newest_first: true, limit: Some(limit), ..Range::default() };
            let (items, _) = self.store.query_page(&keys::manifest_partition(tenant), &range).await?;
            let Some(last) = items.last() else { break };
            to = Some(Manifest::from_item(last)?.at.plus(-1));
            limit = MANIFESTS_TRIED;
            for item in &items {
                let manifest = Manifest::from_item(item)?;
                if manifest.seq > max_seq {
                    until = Some(manifest.at);
                    continue;
                }
                tried += 1;
                if let Some(lineage) = self.cold_from(tenant, manifest, when, until, need).await? {
                    return Ok(lineage);
                }
            }
        }
        let layers = self.log_after(tenant, &Manifest::default(), until).await?;
        self.remember(tenant, Lineage::new(Arc::default(), layers), when)
    }

    async fn cold_from(
        &self,
        tenant: &TenantId,
        manifest: Manifest,
        when: Option<When>,
        until: Option<Instant>,
        need: &Need,
    ) -> Result<Option<Lineage>, Error> {
        let base = Arc::new(Base::new(manifest));
        if !matches!(when, None | Some(When::Now)) {
            base.put_beside();
        }
        // Loading is repeated by the caller, who also handles missing segments.
        let (layers, _) = tokio::join!(self.log_after(tenant, &base.manifest, until), self.load(tenant, &base, need));
        let layers = layers?;
        let fits = layers
            .first()
            .is_none_or(|first| first.seq == base.manifest.seq + 1 && first.previous == base.manifest.chain);
        if !fits {
            return Ok(None);
        }
        self.remember(tenant, Lineage::new(base, layers), when).map(Some)
    }

    fn remember(&self, tenant: &TenantId, lineage: Lineage, when: Option<When>) -> Result<Lineage, Error> {
        match when {
            None | Some(When::Now) => {
                self.cache.put_newest(tenant, lineage.clone());
                Ok(lineage)
            }
            Some(when) => {
                self.cache.put_other(tenant, lineage.clone());
                cut_to(&lineage, when)
            }
        }
    }

    async fn checkpointed(&self, tenant: &TenantId, when: When) -> Result<Lineage, Error> {
        self.cache.forget(tenant);
        let bound = match when {
            When::At(at) | When::Pinned { at, .. } => Some(at),
            When::Now => None,
        };
        let range = Range { to: bound.map(Instant::key), newest_first: true, consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::manifest_partition(tenant), &range).await?;
        for item in &items {
            let manifest = Manifest::from_item(item)?;
            let later = matches!(when, When::Pinned { seq, .. } if manifest.seq > seq);
            if manifest.checkpoint && !later {
                let layers = self.log_after(tenant, &manifest, bound).await?;
                return cut_to(&Lineage::new(Arc::new(Base::new(manifest)), layers), when);
            }
        }
        let layers = self.log_after(tenant, &Manifest::default(), bound).await?;
        cut_to(&Lineage::new(Arc::default(), layers), when)
    }
}

/// What a warm lineage answers without asking the table; `None` when it cannot tell.
fn usable(known: &Lineage, when: When) -> Option<Result<Lineage, Error>> {
    match when {
        When::Now => None,
        // Only an entry after the instant shows that nothing more can come before it.
        When::At(at) => (covers(known, when) && known.tip().1 > at).then(|| cut_to(known, when)),
        When::Pinned { seq, .. } => (covers(known, when) && known.tip().0 >= seq).then(|| cut_to(known, when)),
    }
}

/// Whether the base is not younger than what is asked for.
fn covers(lineage: &Lineage, when: When) -> bool {
    match when {
        When::Now => true,
        When::At(at) => lineage.base.manifest.seq == 0 || lineage.base.manifest.at <= at,
        When::Pinned { seq, .. } => lineage.base.manifest.seq <= seq,
    }
}

fn cut_to(lineage: &Lineage, when: When) -> Result<Lineage, Error> {
    match when {
        When::Now => Ok(lineage.clone()),
        When::At(at) => Ok(lineage.cut(|layer| layer.at <= at)),
        When::Pinned { seq, chain, .. } => {
            let cut = lineage.cut(|layer| layer.seq <= seq);
            let (tip, _, hash) = cut.tip();
            if tip == seq && chain.is_none_or(|chain| hash.short() == chain) {
                return Ok(cut);
            }
            // Without a chain hash it is a state that a client named, and no cursor, whose reader names its member.
            let field = if chain.is_none() { "as_of" } else { "token" };
            Err(Error::invalid(field, "does not belong to the present state of this ledger; start again without it"))
        }
    }
}
