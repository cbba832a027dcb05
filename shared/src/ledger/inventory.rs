//! The inventory: what the resources of a tenant are, and were.
//!
//! Every version of a resource is an item of its own, written once and never touched again. Beside them lies, per
//! resource, the newest one, so that the present is read without the past. A version goes before the newest one: what
//! a crash leaves unfinished is finished when the same is sent again, and what is sent late, twice or at once ends in the
//! same state. A deleted resource keeps its newest item, which says so: it holds back what comes late.

use super::compress::{pack, unpack};
use super::item::{Item, Key};
use super::scopes::Told;
use super::store::{Condition, ConditionalPut, Range};
use super::tenants::from_item;
use super::{FORMAT, Reader, Writer, check_format, keys};
use crate::domain::inventory::{ConfigurationItem, ItemKey, Scope};
use crate::domain::{Error, Instant, TenantId, json};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Compressed bytes of an item: DynamoDB takes 400 KB, names and numbers included.
const MAX_BODY_BYTES: usize = 380_000;
/// Resources that are written at once.
const AT_ONCE: usize = 32;
/// Behind every sort key that begins with what stands before it.
const LAST: char = '\u{10ffff}';

/// What to do with an item that is newer and says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Nothing is written: it was read again, and was as before.
    Skip,
    /// It is a version: its teller speaks of changes only, so that there was another one in between, which may come late.
    Keep,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// The resource is new, or there again.
    Created,
    /// The resource is otherwise than before.
    Changed,
    /// Nothing is new.
    Unchanged,
    /// The resource is no more.
    Deleted,
    /// It was so earlier; what it is now is known already.
    Earlier,
    /// It does not fit into the store; nothing was written.
    TooLarge,
}

/// What is known of a resource's newest item.
#[derive(Debug, Clone)]
struct Known {
    captured_at: Instant,
    digest: String,
    deleted: bool,
}

impl Writer {
    /// Takes items into the inventory; what became of each, in their order. Items of one resource may come in any
    /// order; of several of one instant the first one counts.
    pub async fn inventory_put(
        &self,
        tenant: &TenantId,
        items: &[ConfigurationItem],
        repeats: Repeats,
    ) -> Result<Vec<Stored>, Error> {
        let mut scopes: BTreeMap<Scope, BTreeSet<&str>> = BTreeMap::new();
        for item in items {
            scopes.entry(item.scope()).or_default().insert(&item.kind);
        }
        let places: Vec<Key> = items.iter().map(|item| keys::resource(tenant, &item.key())).collect();
        let scope_places = scopes.keys().map(|scope| keys::scope(tenant, scope));
        let wanted: Vec<Key> = places.iter().cloned().chain(scope_places).collect();
        let known = self.store.batch_get(&wanted, true).await?;
        // Before their resources, so that none lies where nobody looks.
        for (scope, kinds) in &scopes {
            let read = known.get(&keys::scope(tenant, scope));
            let told: Told = read.map(from_item).transpose()?.unwrap_or_default();
            if !kinds.iter().all(|kind| told.kinds.contains(*kind)) {
                let add = |told: &mut Told| told.kinds.extend(kinds.iter().map(|kind| (*kind).to_owned()));
                self.scope_change(tenant, scope, Some(read), &add).await?;
            }
        }
        let mut resources: BTreeMap<&Key, Vec<(usize, &ConfigurationItem)>> = BTreeMap::new();
        for (place, numbered) in places.iter().zip(items.iter().enumerate()) {
            resources.entry(place).or_default().push(numbered);
        }
        let known = places.iter().filter_map(|place| Some((place, Known::of(known.get(place)?))));
        let known: HashMap<&Key, Known> =
            known.map(|(place, known)| Ok((place, known?))).collect::<Result<_, Error>>()?;
        let mut each = Vec::with_capacity(resources.len());
        for (place, mut versions) in resources {
            versions.sort_by_key(|(number, item)| (item.captured_at, *number));
            each.push(self.resource_put(tenant, known.get(place).cloned(), versions, repeats));
        }
        let stored: Vec<Vec<(usize, Stored)>> = stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await?;
        let mut stored: Vec<(usize, Stored)> = stored.into_iter().flatten().collect();
        stored.sort_by_key(|(number, _)| *number);
        Ok(stored.into_iter().map(|(_, stored)| stored).collect())
    }

    /// Takes the items of one resource, earliest first.
    async fn resource_put(
        &self,
        tenant: &TenantId,
        mut known: Option<Known>,
        versions: Vec<(usize, &ConfigurationItem)>,
        repeats: Repeats,
    ) -> Result<Vec<(usize, Stored)>, Error> {
        let mut done = Vec::with_capacity(versions.len());
        for (number, item) in versions {
            done.push((number, self.version_put(tenant, &mut known, item, repeats).await?));
        }
        Ok(done)
    }

    async fn version_put(
        &self,
        tenant: &TenantId,
        known: &mut Option<Known>,
        item: &ConfigurationItem,
        repeats: Repeats,
    ) -> Result<Stored, Error> {
        let digest = item.digest();
        let newer = known.as_ref().is_none_or(|known| known.captured_at < item.captured_at);
        if let Some(known) = known.as_ref() {
            let same = known.digest == digest && repeats == Repeats::Skip;
            if known.captured_at == item.captured_at || (newer && same) {
                return Ok(Stored::Unchanged);
            }
        }
        let body = pack(&item.to_value().to_string())?;
        if body.len() > MAX_BODY_BYTES {
            return Ok(Stored::TooLarge);
        }
        let now = Known { captured_at: item.captured_at, digest, deleted: item.deleted };
        let place = keys::resource_version(tenant, &item.key(), item.captured_at);
        let version = now.to_item(&place, body.clone());
        let is_new = self.store.put(ConditionalPut { item: version, condition: Condition::Absent }).await?;
        if !newer {
            return Ok(if is_new { Stored::Earlier } else { Stored::Unchanged });
        }
        // Another one of this instant was first, or this one was sent before: what is kept is what counts.
        let (now, body) = if is_new { (now, body) } else { self.version_kept(&place).await? };
        let current = now.to_item(&keys::resource(tenant, &item.key()), body);
        let condition = Condition::Less("captured_at", now.captured_at.0);
        if !self.store.put(ConditionalPut { item: current, condition }).await? {
            return Ok(if is_new { Stored::Earlier } else { Stored::Unchanged });
        }
        let was_there = known.as_ref().is_some_and(|known| !known.deleted);
        let stored = match (now.deleted, was_there) {
            (true, true) => Stored::Deleted,
            // Nobody knew of it, or it was gone already.
            (true, false) => Stored::Unchanged,
            (false, true) => match known.as_ref() {
                Some(known) if known.digest == now.digest => Stored::Unchanged,
                _ => Stored::Changed,
            },
            (false, false) => Stored::Created,
        };
        *known = Some(now);
        Ok(stored)
    }

    async fn version_kept(&self, place: &Key) -> Result<(Known, Vec<u8>), Error> {
        let kept = self.store.get(place, true).await?;
        let kept = kept.ok_or_else(|| Error::internal(format!("version {} / {} is gone", place.pk, place.sk)))?;
        Ok((Known::of(&kept)?, kept.bytes("body")?.to_vec()))
    }
}

impl Reader {
    /// A resource as it is, or as it was at an instant; `None` where nobody has told of it, or it is deleted.
    pub async fn inventory_get(
        &self,
        tenant: &TenantId,
        key: &ItemKey,
        at: Option<Instant>,
    ) -> Result<Option<ConfigurationItem>, Error> {
        let item = match at {
            None => self.store.get(&keys::resource(tenant, key), true).await?.as_ref().map(read).transpose()?,
            Some(at) => self.inventory_versions(tenant, key, Some(at), 1).await?.pop(),
        };
        Ok(item.filter(|item| !item.deleted))
    }

    /// Resources as they are, by key: those that are there.
    pub async fn inventory_get_many(
        &self,
        tenant: &TenantId,
        wanted: &[ItemKey],
    ) -> Result<BTreeMap<ItemKey, ConfigurationItem>, Error> {
        let places: Vec<Key> = wanted.iter().map(|key| keys::resource(tenant, key)).collect();
        let found = self.store.batch_get(&places, false).await?;
        let read = found.values().map(read).collect::<Result<Vec<_>, Error>>()?;
        Ok(read.into_iter().filter(|item| !item.deleted).map(|item| (item.key(), item)).collect())
    }

    /// At most so many versions of a resource up to an instant, newest first, its deletions included.
    pub async fn inventory_versions(
        &self,
        tenant: &TenantId,
        key: &ItemKey,
        until: Option<Instant>,
        limit: usize,
    ) -> Result<Vec<ConfigurationItem>, Error> {
        let range = Range {
            from: Some(keys::resource_version(tenant, key, Instant(0)).sk),
            to: Some(keys::resource_version(tenant, key, until.unwrap_or(Instant::LAST)).sk),
            newest_first: true,
            limit: Some(limit),
            consistent: true,
        };
        let partition = keys::resource_version_partition(tenant, &key.scope());
        let (items, _) = self.store.query(&partition, &range).await?;
        items.iter().map(read).collect()
    }

    /// A walk over the resources of a scope, as they are or as they were at an instant, in the order of their keys. Of
    /// some types only, if any are named; and of those after a key, if one is.
    pub fn inventory_walk(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        kinds: Option<&BTreeSet<String>>,
        after: Option<&ItemKey>,
        at: Option<Instant>,
    ) -> Walk<'_> {
        let partition = match at {
            None => keys::resource_partition(tenant, scope),
            Some(_) => keys::resource_version_partition(tenant, scope),
        };
        // Behind the key's item, and behind every version of it.
        let after = after.map(|key| match at {
            None => format!("{}\0", key.sort_name()),
            Some(_) => format!("{}#{LAST}", key.sort_name()),
        });
        let of_kind = |kind: &String| (format!("{kind}#"), format!("{kind}#{LAST}"));
        let mut ranges: Vec<(String, String)> = match kinds {
            None => vec![(" ".to_owned(), LAST.to_string())],
            Some(kinds) => kinds.iter().map(of_kind).collect(),
        };
        if let Some(after) = after {
            ranges.retain(|(_, to)| *to > after);
            if let Some((from, _)) = ranges.first_mut().filter(|(from, _)| *from < after) {
                *from = after;
            }
        }
        ranges.reverse();
        Walk { reader: self, partition, ranges, at, pending: None, limit: None }
    }
}

/// A walk over resources, a request of about a megabyte at a time.
#[derive(Debug)]
pub struct Walk<'a> {
    reader: &'a Reader,
    partition: String,
    /// What is left, last one first.
    ranges: Vec<(String, String)>,
    at: Option<Instant>,
    /// The newest version so far of the resource that was read last.
    pending: Option<(String, Item)>,
    /// Items of a request.
    limit: Option<usize>,
}

impl Walk<'_> {
    /// The same walk in smaller steps, for those who need so many resources: what is not read costs nothing.
    #[must_use]
    pub fn in_steps_of(mut self, items: usize) -> Self {
        self.limit = Some(items);
        self
    }

    /// The next resources, perhaps none of them; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<ConfigurationItem>>, Error> {
        let Some((from, to)) = self.ranges.pop() else {
            return self
                .pending
                .take()
                .map(|(_, item)| present(&item).map(|read| read.into_iter().collect()))
                .transpose();
        };
        let range =
            Range { from: Some(from), to: Some(to.clone()), consistent: true, limit: self.limit, newest_first: false };
        let (items, more) = self.reader.store.query_page(&self.partition, &range).await?;
        if let Some(last) = items.last().filter(|_| more) {
            // No key lies between this one and the last one.
            self.ranges.push((format!("{}\0", last.sk()?), to));
        }
        let mut found = Vec::new();
        match self.at {
            None => {
                for item in &items {
                    found.extend(present(item)?);
                }
            }
            Some(at) => {
                for item in items {
                    self.look(at, item, &mut found)?;
                }
            }
        }
        Ok(Some(found))
    }

    /// Every resource that is left.
    pub async fn all(mut self) -> Result<Vec<ConfigurationItem>, Error> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }

    /// Takes a look at a version; versions of a resource follow each other, earliest first.
    fn look(&mut self, at: Instant, item: Item, found: &mut Vec<ConfigurationItem>) -> Result<(), Error> {
        if item.number::<i64>("captured_at")? > at.0 {
            return Ok(());
        }
        let sk = item.sk()?;
        let name = sk.rsplit_once('#').map(|(name, _)| name.to_owned());
        let name = name.ok_or_else(|| Error::internal(format!("{sk} is no version's key")))?;

        match self.pending.replace((name.clone(), item)) {
            Some((last, item)) if last != name => found.extend(present(&item)?),
            _ => {}
        }
        Ok(())
    }
}

impl Known {
    fn of(item: &Item) -> Result<Self, Error> {
        check_format(item)?;
        Ok(Self {
            captured_at: Instant(item.number("captured_at")?),
            digest: item.text("digest")?.to_owned(),
            deleted: item.number::<u8>("deleted")? != 0,
        })
    }

    fn to_item(&self, place: &Key, body: Vec<u8>) -> Item {
        let mut item = Item::new(place);
        item.put_number("format", FORMAT);
        item.put_number("captured_at", self.captured_at.0);
        item.put_text("digest", &self.digest);
        item.put_number("deleted", i64::from(self.deleted));
        item.put_bytes("body", body);
        item
    }
}

/// The resource of an item, unless it is deleted.
fn present(item: &Item) -> Result<Option<ConfigurationItem>, Error> {
    if Known::of(item)?.deleted {
        return Ok(None);
    }
    read(item).map(Some)
}

fn read(item: &Item) -> Result<ConfigurationItem, Error> {
    check_format(item)?;
    let text = unpack(item.bytes("body")?)?;
    ConfigurationItem::parse(&json::parse(text.as_bytes()).map_err(Error::internal)?)
}
