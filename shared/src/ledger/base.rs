//! A base: one fold's columns, of which only the segments that queries name are loaded.

use super::item::Key;
use super::manifest::{Manifest, Part};
use super::segment::{Block, SEGMENT_ROWS, Segment};
use super::store::Store;
use super::{check_format, keys};
use crate::domain::{Cell, Column, Error, Family, Ordinal, TenantId};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

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

/// One fold's columns.
#[derive(Debug, Default)]
pub(super) struct Base {
    pub manifest: Manifest,
    loaded: RwLock<HashMap<Place, Arc<Segment>>>,
    /// The segment that was unpacked last; findings are gone through in order.
    unpacked: Mutex<Option<(Place, Arc<Block>)>>,
}

/// A segment's number and family.
type Place = (u32, Family);

impl Base {
    pub fn new(manifest: Manifest) -> Self {
        Self { manifest, ..Self::default() }
    }

    /// A base whose segments are already at hand.
    pub fn with_segments(manifest: Manifest, segments: HashMap<Place, Arc<Segment>>) -> Self {
        Self { manifest, loaded: RwLock::new(segments), unpacked: Mutex::default() }
    }

    fn segment(&self, number: u32, family: Family) -> Option<Arc<Segment>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).get(&(number, family)).map(Arc::clone)
    }

    /// Every loaded segment.
    pub fn segments(&self) -> HashMap<Place, Arc<Segment>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A finding's value; [`Cell::None`] when its segment is not loaded or the finding is younger than this base.
    pub fn cell(&self, ordinal: Ordinal, column: Column) -> Result<Cell, Error> {
        let block = self.block(ordinal.0 / SEGMENT_ROWS, column.family())?;
        Ok(block.map_or(Cell::None, |block| block.cell((ordinal.0 % SEGMENT_ROWS) as usize, column)))
    }

    /// The columns of a loaded segment.
    pub fn block(&self, number: u32, family: Family) -> Result<Option<Arc<Block>>, Error> {
        let Some(segment) = self.segment(number, family) else { return Ok(None) };
        if let Segment::Open(block) = &*segment {
            return Ok(Some(Arc::clone(block)));
        }
        let mut unpacked = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((place, block)) = &*unpacked
            && *place == (number, family)
        {
            return Ok(Some(Arc::clone(block)));
        }
        let block = segment.open()?;
        *unpacked = Some(((number, family), Arc::clone(&block)));
        Ok(Some(block))
    }

    /// Loads what `need` names and is not here yet, in one round of requests.
    pub async fn load(&self, store: &Store, tenant: &TenantId, need: &Need) -> Result<(), Missing> {
        let numbers: Option<BTreeSet<u32>> =
            need.ordinals.as_ref().map(|ordinals| ordinals.iter().map(|o| o.0 / SEGMENT_ROWS).collect());
        let mut wanted: Vec<(u32, Family, Part)> = Vec::new();
        for (number, parts) in (0_u32..).zip(&self.manifest.segments) {
            if numbers.as_ref().is_some_and(|numbers| !numbers.contains(&number)) {
                continue;
            }
            for family in &need.families {
                if self.segment(number, *family).is_none()
                    && let Some(part) = parts.get(family.name())
                {
                    wanted.push((number, *family, part.clone()));
                }
            }
        }
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
                let item = items.get(&key).ok_or(Missing::Segment)?;
                check_format(item).map_err(Missing::Damaged)?;
                bytes.extend_from_slice(item.bytes("body").map_err(Missing::Damaged)?);
            }
            let segment = Segment::decode(family, &bytes).map_err(Missing::Damaged)?;
            loaded.push(((number, family), Arc::new(segment)));
        }
        self.loaded.write().unwrap_or_else(PoisonError::into_inner).extend(loaded);
        Ok(())
    }
}

/// The keys of the items over which a part is spread.
pub(super) fn part_keys(tenant: &TenantId, number: u32, family: Family, part: &Part) -> Vec<Key> {
    (0..part.items).map(|i| keys::segment(tenant, number, family, &part.fold, i)).collect()
}
