//! A base: one fold's columns, of which only the segments that queries name are loaded.

use super::item::Key;
use super::manifest::{Manifest, Part};
use super::segment::{Block, SEGMENT_ROWS, Segment};
use super::store::Store;
use super::{check_format, keys};
use crate::domain::{Cell, Column, Error, Family, Ordinal, TenantId};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

/// Which columns a query reads.
#[derive(Debug, Clone, Default)]
pub struct Need {
    /// The families.
    pub families: BTreeSet<Family>,
    /// The findings of interest; `None` means all.
    pub ordinals: Option<BTreeSet<Ordinal>>,
}

impl Need {
    /// Families for every finding.
    pub fn all(families: impl IntoIterator<Item = Family>) -> Self {
        Self { families: families.into_iter().collect(), ordinals: None }
    }

    /// Families for some findings.
    pub fn of(families: impl IntoIterator<Item = Family>, ordinals: impl IntoIterator<Item = Ordinal>) -> Self {
        Self { families: families.into_iter().collect(), ordinals: Some(ordinals.into_iter().collect()) }
    }

    /// The segments that hold the findings of interest; `None` means all.
    fn numbers(&self) -> Option<BTreeSet<u32>> {
        self.ordinals.as_ref().map(|ordinals| ordinals.iter().map(|ordinal| ordinal.0 / SEGMENT_ROWS).collect())
    }
}

/// Why segments could not be loaded.
#[derive(Debug)]
pub(super) enum Missing {
    /// A segment that the manifest names is not there any more: fall back to a checkpoint.
    Segment,
    /// What is there cannot be read.
    Damaged(Error),
    /// Anything else.
    Failed(Error),
}

impl From<Error> for Missing {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Columns that one base keeps ready to be read; of a larger tenant the others stay packed, at about a tenth of the size, and
/// are unpacked whenever they are read. Of a million findings about all is ready, and 256 MB leave room for a sort by two texts.
const READY_BYTES: usize = 96 << 20;
/// The same of a base that is kept beside the newest one.
const READY_BYTES_BESIDE: usize = 24 << 20;

/// One fold's columns.
#[derive(Debug)]
pub(super) struct Base {
    pub manifest: Manifest,
    /// How many bytes are kept ready.
    most: AtomicUsize,
    loaded: RwLock<HashMap<Place, Slot>>,
    /// Bytes of the loaded segments that are ready, but for those that one beside the newest shares with it.
    ready: AtomicUsize,
    /// The segment of each family that was unpacked last; findings are gone through in order.
    unpacked: Mutex<HashMap<Family, (u32, Arc<Block>)>>,
}

/// A segment's number and family.
type Place = (u32, Family);

/// A segment in memory, once for all bases that have it.
type Slot = Arc<RwLock<Held>>;

/// How a segment is held in memory.
#[derive(Debug, Clone)]
enum Held {
    Packed(Arc<Segment>),
    Ready(Arc<Block>),
}

impl Held {
    /// Bytes held in memory, roughly.
    fn bytes(&self) -> usize {
        match self {
            Self::Packed(segment) => segment.bytes(),
            Self::Ready(block) => block.bytes(),
        }
    }
}

impl Default for Base {
    fn default() -> Self {
        Self {
            manifest: Manifest::default(),
            most: AtomicUsize::new(READY_BYTES),
            loaded: RwLock::default(),
            ready: AtomicUsize::default(),
            unpacked: Mutex::default(),
        }
    }
}

impl Base {
    pub fn new(manifest: Manifest) -> Self {
        Self { manifest, ..Self::default() }
    }

    /// The base of the next fold, whose segments are those of this one but for what was written.
    pub fn next(&self, manifest: Manifest, written: impl IntoIterator<Item = (Place, Segment)>) -> Self {
        let mut loaded = self.loaded().clone();
        loaded.extend(written.into_iter().map(|(place, segment)| (place, packed(segment))));
        let ready = ready_bytes(loaded.values());
        Self { manifest, loaded: RwLock::new(loaded), ready: AtomicUsize::new(ready), ..Self::default() }
    }

    /// From now on it is kept beside the newest one, and less of it ready.
    pub fn put_beside(&self) {
        self.most.store(READY_BYTES_BESIDE, Ordering::Relaxed);
    }

    fn is_beside(&self) -> bool {
        self.most.load(Ordering::Relaxed) <= READY_BYTES_BESIDE
    }

    /// Bytes held in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.loaded().values().map(|slot| held(slot).bytes()).sum()
    }

    fn loaded(&self) -> RwLockReadGuard<'_, HashMap<Place, Slot>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A finding's value; [`Cell::None`] when its segment is not loaded or the finding is younger than this base.
    pub fn cell(&self, ordinal: Ordinal, column: Column) -> Result<Cell, Error> {
        let block = self.block(ordinal.0 / SEGMENT_ROWS, column.family())?;
        Ok(block.map_or(Cell::None, |block| block.cell((ordinal.0 % SEGMENT_ROWS) as usize, column)))
    }

    /// The columns of a loaded segment. What is read is kept ready as far as there is room, but for long texts, because few
    /// questions look at them.
    pub fn block(&self, number: u32, family: Family) -> Result<Option<Arc<Block>>, Error> {
        let Some(slot) = self.loaded().get(&(number, family)).cloned() else { return Ok(None) };
        let segment = match held(&slot) {
            Held::Ready(block) => return Ok(Some(block)),
            Held::Packed(segment) => segment,
        };
        let last = self.unpacked().get(&family).filter(|(last, _)| *last == number).map(|(_, block)| Arc::clone(block));
        if let Some(block) = last {
            return Ok(Some(block));
        }
        let block = Arc::new(segment.unpack()?);
        let has_room = self.ready.load(Ordering::Relaxed) + block.bytes() <= self.most.load(Ordering::Relaxed);
        // Held here, among the loaded ones, and by the newest base, whose room is not for others to fill.
        let is_shared = self.is_beside() && Arc::strong_count(&slot) > 2;
        if family != Family::Text && has_room && !is_shared {
            let ready = Held::Ready(Arc::clone(&block));
            let former = std::mem::replace(&mut *slot.write().unwrap_or_else(PoisonError::into_inner), ready);
            if matches!(former, Held::Packed(_)) {
                self.ready.fetch_add(block.bytes(), Ordering::Relaxed);
            }
        } else {
            self.unpacked().insert(family, (number, Arc::clone(&block)));
        }
        Ok(Some(block))
    }

    /// Unpacks what `need` names once: whether it can be read.
    pub fn unpack(&self, need: &Need) -> Result<(), Error> {
        let loaded: Vec<Place> = self.loaded().keys().copied().collect();
        let numbers = need.numbers();
        let is_needed = |(number, family): &&Place| {
            need.families.contains(family) && numbers.as_ref().is_none_or(|numbers| numbers.contains(number))
        };
        loaded.iter().filter(is_needed).try_for_each(|(number, family)| self.block(*number, *family).map(drop))
    }

    fn unpacked(&self) -> MutexGuard<'_, HashMap<Family, (u32, Arc<Block>)>> {
        self.unpacked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads what `need` names and is not here yet, in one round of requests.
    pub async fn load(&self, store: &Store, tenant: &TenantId, need: &Need) -> Result<(), Missing> {
        let wanted: Vec<(u32, Family, Part)> =
            self.absent(need).map(|(number, family, part)| (number, family, part.clone())).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let keys: Vec<Key> = wanted.iter().flat_map(|(n, family, part)| part_keys(tenant, *n, *family, part)).collect();
        let mut items = store.batch_get(&keys, false).await?;
        let absent: Vec<Key> = keys.iter().filter(|key| !items.contains_key(*key)).cloned().collect();
        if !absent.is_empty() {
            items.extend(store.batch_get(&absent, true).await?);
        }
        let mut loaded = Vec::with_capacity(wanted.len());
        for (number, family, part) in wanted {
            let mut bytes = Vec::new();
            for key in part_keys(tenant, number, family, &part) {
                let item = items.remove(&key).ok_or(Missing::Segment)?;
                check_format(&item).map_err(Missing::Damaged)?;
                bytes.extend_from_slice(item.bytes("body").map_err(Missing::Damaged)?);
            }
            let segment = Segment::decode(&bytes).map_err(Missing::Damaged)?;
            loaded.push(((number, family), packed(segment)));
        }
        self.keep(loaded);
        Ok(())
    }

    /// Takes over what `need` names and another base of the same tenant has: the same part of a segment is never written twice.
    pub fn share(&self, other: &Self, need: &Need) {
        let shared: Vec<(Place, Slot)> = self
            .absent(need)
            .filter(|(number, family, part)| other.manifest.part(*number, *family) == Some(*part))
            .filter_map(|(number, family, _)| {
                let place = (number, family);
                other.loaded().get(&place).map(|slot| (place, Arc::clone(slot)))
            })
            .collect();
        let kept = self.keep(shared);
        if !self.is_beside() {
            self.ready.fetch_add(ready_bytes(kept.iter()), Ordering::Relaxed);
        }
    }

    /// What `need` names and is not here yet.
    fn absent<'a>(&'a self, need: &'a Need) -> impl Iterator<Item = (u32, Family, &'a Part)> {
        let numbers = need.numbers();
        let segments = (0_u32..).zip(&self.manifest.segments);
        let named = segments.filter(move |(number, _)| numbers.as_ref().is_none_or(|these| these.contains(number)));
        let parts = named.flat_map(|(number, parts)| {
            need.families.iter().filter_map(move |family| Some((number, *family, parts.get(family.name())?)))
        });
        parts.filter(|(number, family, _)| !self.loaded().contains_key(&(*number, *family)))
    }

    /// Keeps what was not known, and tells what that was: another request may have been faster, and what it loaded be ready by now.
    fn keep(&self, loaded: Vec<(Place, Slot)>) -> Vec<Slot> {
        let mut known = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        let mut kept = Vec::new();
        for (place, slot) in loaded {
            if let Entry::Vacant(vacant) = known.entry(place) {
                kept.push(Arc::clone(vacant.insert(slot)));
            }
        }
        kept
    }
}

fn packed(segment: Segment) -> Slot {
    Arc::new(RwLock::new(Held::Packed(Arc::new(segment))))
}

fn ready_bytes<'a>(slots: impl Iterator<Item = &'a Slot>) -> usize {
    slots.map(held).filter(|held| matches!(held, Held::Ready(_))).map(|held| held.bytes()).sum()
}

fn held(slot: &Slot) -> Held {
    slot.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The keys of the items over which a part is spread.
pub(super) fn part_keys(tenant: &TenantId, number: u32, family: Family, part: &Part) -> Vec<Key> {
    (0..part.items).map(|i| keys::segment(tenant, number, family, &part.fold, i)).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{Base, Manifest, Need, Part, READY_BYTES, SEGMENT_ROWS, Segment};
    use crate::domain::query::{Clause, Filter, SortKey, Test};
    use crate::domain::{Cell, Column, Family, Instant, Ordinal};
    use crate::ledger::manifest::Parts;
    use crate::ledger::overlay::Overlay;
    use crate::ledger::proof::Hash;
    use crate::ledger::view::View;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    const ROWS: u32 = 2 * SEGMENT_ROWS + 100;

    fn cell(row: u32, column: Column) -> Cell {
        let random = u64::from(row).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        match column {
            Column::Result => Cell::Text(if random % 3 == 0 { "fail" } else { "pass" }.to_owned()),
            Column::Risk => Cell::Int(i64::try_from(random % 100).unwrap()),
            Column::Id => Cell::Text(format!("finding-{random:x}-{row}")),
            Column::Title => Cell::Text(format!("Check {}", random % 17)),
            Column::UpdatedAt => Cell::Text(Instant(1_700_000_000_000 + i64::try_from(random).unwrap()).to_string()),
            Column::Description => Cell::Text(format!("Of bucket {row}.")),
            _ => Cell::None,
        }
    }

    fn view(most: usize) -> View {
        let numbers = 0..ROWS.div_ceil(SEGMENT_ROWS);
        let written = numbers.clone().flat_map(|number| {
            Family::ALL.map(|family| {
                let (first, rows) = (number * SEGMENT_ROWS, (ROWS - number * SEGMENT_ROWS).min(SEGMENT_ROWS));
                let cell = |row: usize, column| cell(first + u32::try_from(row).unwrap(), column);
                let bytes = Segment::encode(family, rows as usize, None, &|_| true, &cell).unwrap();
                ((number, family), Segment::decode(&bytes).unwrap())
            })
        });
        let manifest = Manifest { count: ROWS, segments: vec![Parts::new(); numbers.len()], ..Manifest::default() };
        let base = Base::default().next(manifest, written);
        base.most.store(most, Ordering::Relaxed);
        View {
            at: Instant(1_800_000_000_000),
            seq: 1,
            chain: Hash::default(),
            tip_at: Instant(1),
            tail_bytes: 0,
            base: Arc::new(base),
            overlay: Arc::new(Overlay::new(ROWS)),
        }
    }

    /// Two states have most segments in common: these are read, held and unpacked once.
    #[test]
    fn bases_share_the_segments_that_both_have() {
        let all = Need::all([Family::Core, Family::Ids]);
        let part = |fold: &str| Part { fold: fold.to_owned(), items: 1, bytes: 1, expires: None };
        let segment = |fold: &str| Family::ALL.map(|family| (family.name().to_owned(), part(fold)));
        let manifest = |folds: [&str; 3]| {
            let segments = folds.iter().map(|fold| Parts::from(segment(fold))).collect();
            Manifest { count: ROWS, segments, ..Manifest::default() }
        };
        let newest = view(READY_BYTES).base.next(manifest(["a", "b", "c"]), []);
        let past = Base::new(manifest(["a", "b", "before"]));
        past.put_beside();
        past.share(&newest, &all);
        let absent: Vec<(u32, Family)> = past.absent(&all).map(|(number, family, _)| (number, family)).collect();
        assert_eq!(absent, [(2, Family::Core), (2, Family::Ids)]);
        assert_eq!(past.absent(&Need::all([Family::Text])).count(), 3, "what was not named is not taken over");
        let ready = |base: &Base| base.ready.load(Ordering::Relaxed);
        let unpack = |base: &Base| base.block(0, Family::Ids).unwrap().unwrap();
        let packed = newest.bytes();
        unpack(&past);
        assert_eq!((newest.bytes(), ready(&past)), (packed, 0), "the newest one's room is its own");
        assert!(Arc::ptr_eq(&unpack(&newest), &newest.block(0, Family::Ids).unwrap().unwrap()));
        let other = Base::new(manifest(["a", "d", "e"]));
        other.share(&newest, &all);
        assert!(Arc::ptr_eq(&unpack(&newest), &unpack(&other)));
        assert_eq!(
            (ready(&other), ready(&past)),
            (ready(&newest), 0),
            "what is ready counts once it is the newest one's"
        );
    }

    /// What there is no room for is unpacked whenever it is read, and answers the same.
    #[test]
    fn packed_segments_answer_as_ready_ones() {
        let (ready, packed) = (view(READY_BYTES), view(0));
        let filter = Filter::of([
            Clause::on(Column::Result, Test::one_of(["fail"])),
            Clause::on(Column::Title, Test::one_of((0..9).map(|n| format!("Check {n}")))),
        ]);
        let expected: Vec<Ordinal> = (0..ROWS)
            .filter(|row| {
                let titles = 0..9;
                cell(*row, Column::Result).text() == Some("fail")
                    && titles.into_iter().any(|n| cell(*row, Column::Title) == Cell::Text(format!("Check {n}")))
            })
            .map(Ordinal)
            .collect();
        let order = [(Column::Risk, true), (Column::UpdatedAt, false), (Column::Id, true)];
        let order = order.map(|(column, descending)| SortKey { column, descending });
        let mut sorted = Vec::new();
        for view in [&ready, &packed] {
            let mut chosen = view.select(&filter).unwrap();
            assert_eq!(chosen, expected);
            view.sort(&mut chosen, &order).unwrap();
            sorted.push(chosen);
            for row in (0..ROWS).step_by(1_001) {
                for column in [Column::Id, Column::Description, Column::UpdatedAt] {
                    assert_eq!(view.cell(Ordinal(row), column).unwrap(), cell(row, column), "{row} {column:?}");
                }
            }
        }
        let risk = |row: &Ordinal| cell(row.0, Column::Risk).int();
        let updated = |row: &Ordinal| cell(row.0, Column::UpdatedAt);
        let id = |row: &Ordinal| cell(row.0, Column::Id);
        let mut expected = expected;
        expected.sort_by(|a, b| {
            risk(b).cmp(&risk(a)).then_with(|| updated(a).cmp(&updated(b))).then_with(|| id(b).cmp(&id(a)))
        });
        assert!(sorted.iter().all(|sorted| *sorted == expected));
        assert!(packed.base.ready.load(Ordering::Relaxed) == 0 && ready.base.ready.load(Ordering::Relaxed) > 0);
        assert!(packed.base.bytes() * 2 < ready.base.bytes(), "{} {}", packed.base.bytes(), ready.base.bytes());
    }
}
