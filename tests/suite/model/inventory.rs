//! The inventory against a naive one that keeps every item it was ever told: late, twice, at once and after crashes.

use super::world::World;
use posture_local::faults::Fault;
use posture_shared::domain::Instant;
use posture_shared::domain::inventory::{ConfigurationItem, Coverage, ItemKey, KnownScope, Scope};
use posture_shared::ledger::{Reader, Repeats, Stored, Writer};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::JoinSet;

/// Ids that would run into each other if keys were merely strung together.
const IDS: [&str; 6] = ["a", "a#000000000000001", "a%23", "a!", "arn:aws:x:::b/c", "b"];
const KINDS: [&str; 3] = ["AWS::EC2::Instance", "AWS::EC2::InstanceX", "AWS::S3::Bucket"];
const REGIONS: [&str; 2] = ["eu-west-1", "global"];

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in 1..items.len() {
            items.swap(place, self.roll(place + 1));
        }
    }

    fn item(&mut self) -> ConfigurationItem {
        let (region, kind) = (self.pick(&REGIONS), self.pick(&KINDS));
        let mut item = item(region, kind, self.pick(&IDS), i64::try_from(self.roll(30)).unwrap());
        item.configuration.insert("state".to_owned(), json!(self.roll(3)));
        if self.roll(4) == 0 { item.deleted_at(item.captured_at) } else { item }
    }
}

fn item(region: &str, kind: &str, id: &str, at: i64) -> ConfigurationItem {
    let key = ItemKey {
        account: "123456789012".to_owned(),
        region: region.to_owned(),
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    ConfigurationItem::new(key, Instant(1_700_000_000_000 + at * 1000))
}

fn scope(region: &str) -> Scope {
    Scope { account: "123456789012".to_owned(), region: region.to_owned() }
}

/// Every item that was told, by resource and instant. Of two of one instant the first one counts.
#[derive(Debug, Clone, Default, PartialEq)]
struct Naive(BTreeMap<ItemKey, BTreeMap<Instant, ConfigurationItem>>);

impl Naive {
    fn tell(&mut self, items: &[ConfigurationItem]) {
        for item in items {
            self.0.entry(item.key()).or_default().entry(item.captured_at).or_insert_with(|| item.clone());
        }
    }

    fn at(&self, at: Instant, region: &str) -> Vec<ConfigurationItem> {
        let newest = self.0.values().filter_map(|versions| versions.range(..=at).next_back());
        let mut there: Vec<ConfigurationItem> =
            newest.map(|(_, item)| item.clone()).filter(|item| !item.deleted && item.region == region).collect();
        there.sort_by_key(ConfigurationItem::key);
        there
    }
}

async fn agree(reader: &Reader, world: &World, naive: &Naive) {
    let sorted = |mut items: Vec<ConfigurationItem>| {
        items.sort_by_key(ConfigurationItem::key);
        items
    };
    for region in REGIONS {
        let walk = |at| reader.inventory_walk(&world.tenant, &scope(region), None, None, at).all();
        assert_eq!(sorted(walk(None).await.unwrap()), naive.at(Instant::LAST, region), "now, {region}");
        for second in [-1, 0, 7, 15, 22, 30] {
            let at = Instant(1_700_000_000_000 + second * 1000);
            assert_eq!(sorted(walk(Some(at)).await.unwrap()), naive.at(at, region), "second {second}, {region}");
        }
    }
    for (key, versions) in &naive.0 {
        let told = reader.inventory_versions(&world.tenant, key, None, 100).await.unwrap();
        assert_eq!(told, versions.values().rev().cloned().collect::<Vec<_>>(), "{key:?}");
        let now = reader.inventory_get(&world.tenant, key, None).await.unwrap();
        assert_eq!(now, versions.values().next_back().filter(|item| !item.deleted).cloned(), "{key:?}");
        let at = Instant(1_700_000_010_000);
        let then = reader.inventory_get(&world.tenant, key, Some(at)).await.unwrap();
        assert_eq!(then, versions.range(..=at).next_back().map(|(_, item)| item.clone()).filter(|item| !item.deleted));
    }
    let scopes = reader.inventory_scopes(&world.tenant).await.unwrap().into_iter();
    let scopes: BTreeMap<Scope, BTreeSet<String>> = scopes.map(|known| (known.scope, known.kinds)).collect();
    let mut told: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
    for key in naive.0.keys() {
        told.entry(key.scope()).or_default().insert(key.kind.clone());
    }
    assert_eq!(scopes, told);
}

async fn put(writer: &Writer, world: &World, items: &[ConfigurationItem]) -> Vec<Stored> {
    writer.inventory_put(&world.tenant, items, Repeats::Keep).await.unwrap()
}

#[tokio::test]
async fn the_inventory_is_what_was_told_in_any_order() {
    let world = World::new().await;
    let mut dice = Dice(1);
    let mut naive = Naive::default();
    for _ in 0..8 {
        let batch: Vec<ConfigurationItem> = (0..30).map(|_| dice.item()).collect();
        naive.tell(&batch);
        assert_eq!(put(&world.writer(), &world, &batch).await.len(), batch.len());
        agree(&world.bystander(), &world, &naive).await;
    }
}

#[tokio::test]
async fn outcomes_say_what_happened() {
    let world = World::new().await;
    let writer = world.writer();
    let at = |second: i64, state: i64| {
        let mut item = item("global", "AWS::IAM::User", "AIDA", second);
        item.configuration.insert("state".to_owned(), json!(state));
        item
    };
    let gone = |second: i64| at(second, 0).deleted_at(at(second, 0).captured_at);
    for (item, repeats, wanted) in [
        (at(10, 1), Repeats::Skip, Stored::Created),
        (at(10, 1), Repeats::Keep, Stored::Unchanged),
        (at(10, 2), Repeats::Keep, Stored::Unchanged),
        (at(11, 1), Repeats::Skip, Stored::Unchanged),
        (at(12, 1), Repeats::Keep, Stored::Unchanged),
        (at(13, 2), Repeats::Skip, Stored::Changed),
        (at(5, 2), Repeats::Skip, Stored::Earlier),
        (at(5, 2), Repeats::Skip, Stored::Unchanged),
        (gone(14), Repeats::Skip, Stored::Deleted),
        (gone(15), Repeats::Skip, Stored::Unchanged),
        (at(6, 3), Repeats::Skip, Stored::Earlier),
        (at(16, 2), Repeats::Skip, Stored::Created),
    ] {
        let told = writer.inventory_put(&world.tenant, std::slice::from_ref(&item), repeats).await.unwrap();
        assert_eq!(told, [wanted], "{item:?} {repeats:?}");
    }
    let kept = writer.inventory_versions(&world.tenant, &at(0, 0).key(), None, 100).await.unwrap();
    let seconds: Vec<i64> = kept.iter().map(|item| (item.captured_at.0 - 1_700_000_000_000) / 1000).collect();
    assert_eq!(seconds, [16, 14, 13, 12, 10, 6, 5]);
}

/// What is read again and was as before costs reads alone.
#[tokio::test]
async fn what_is_unchanged_is_not_written() {
    let world = World::new().await;
    let (writer, meter) = world.watched();
    let items: Vec<ConfigurationItem> =
        (0..250).map(|n| item("eu-west-1", "AWS::EC2::Instance", &format!("i-{n:04}"), 1)).collect();
    let stored = writer.inventory_put(&world.tenant, &items, Repeats::Skip).await.unwrap();
    assert!(stored.iter().all(|stored| *stored == Stored::Created));
    let again: Vec<ConfigurationItem> = items
        .iter()
        .map(|item| ConfigurationItem { captured_at: item.captured_at.plus(1000), ..item.clone() })
        .collect();
    meter.take();
    let stored = writer.inventory_put(&world.tenant, &again, Repeats::Skip).await.unwrap();
    assert!(stored.iter().all(|stored| *stored == Stored::Unchanged));
    let read = meter.take();
    assert_eq!(read.write_units, 0.0, "{read:?}");
    // 250 resources and their scope, in batches of 100.
    assert_eq!(read.total(), 3, "{read:?}");
}

#[tokio::test]
async fn writers_at_once_lose_nothing() {
    let world = World::new().await;
    let mut dice = Dice(2);
    let mut naive = Naive::default();
    let mut all: Vec<ConfigurationItem> = (0..60).map(|_| dice.item()).collect();
    naive.tell(&all);
    // Of one instant there is one item, whoever is first.
    all.retain(|item| naive.0[&item.key()][&item.captured_at] == *item);
    let mut writers = JoinSet::new();
    for _ in 0..5 {
        dice.shuffle(&mut all);
        let (world, all) = (world.clone(), all.clone());
        writers.spawn(async move {
            for batch in all.chunks(17) {
                put(&world.writer(), &world, batch).await;
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    agree(&world.bystander(), &world, &naive).await;
}

/// Two who saw the same instant differently: whoever was first is right, and newest item and version never disagree.
#[tokio::test]
async fn one_instant_has_one_item() {
    for _ in 0..10 {
        let world = World::new().await;
        let mut writers = JoinSet::new();
        for state in 0..4 {
            let world = world.clone();
            writers.spawn(async move {
                let mut item = item("global", "AWS::IAM::User", "AIDA", 1);
                item.configuration.insert("state".to_owned(), json!(state));
                put(&world.writer(), &world, &[item]).await;
            });
        }
        while let Some(done) = writers.join_next().await {
            done.unwrap();
        }
        let key = item("global", "AWS::IAM::User", "AIDA", 1).key();
        let reader = world.bystander();
        let versions = reader.inventory_versions(&world.tenant, &key, None, 10).await.unwrap();
        assert_eq!(versions.len(), 1);
        assert_eq!(reader.inventory_get(&world.tenant, &key, None).await.unwrap(), versions.into_iter().next());
    }
}

/// Whatever request a writer dies before or behind, sending the same again completes it.
#[tokio::test]
async fn what_a_crash_left_is_completed_by_sending_again() {
    let mut dice = Dice(3);
    let first: Vec<ConfigurationItem> = (0..4).map(|_| dice.item()).collect();
    let second: Vec<ConfigurationItem> = (0..6).map(|_| dice.item()).collect();
    let mut naive = Naive::default();
    naive.tell(&first);
    naive.tell(&second);
    let mut crashes = 0;
    for number in 1..22 {
        for fault in [Fault::CrashBefore(number), Fault::CrashAfter(number), Fault::After(number)] {
            let world = World::new().await;
            put(&world.writer(), &world, &first).await;
            world.faults.plan(fault);
            let told = world.writer().inventory_put(&world.tenant, &second, Repeats::Keep).await;
            crashes += usize::from(told.is_err());
            world.faults.plan(Fault::None);
            put(&world.writer(), &world, &second).await;
            agree(&world.bystander(), &world, &naive).await;
        }
    }
    assert!(crashes > 20, "{crashes} crashes");
}

/// Sixteen times 200 KB that do not compress: four requests' worth.
#[tokio::test]
async fn walks_go_page_by_page() {
    let world = World::new().await;
    let mut dice = Dice(4);
    let mut items = Vec::new();
    for n in 0..16 {
        let mut item = item("global", KINDS[n % 2], &format!("i-{n:02}"), 1);
        let noise: String = (0..200_000).map(|_| char::from(b'!' + u8::try_from(dice.roll(90)).unwrap())).collect();
        item.configuration.insert("noise".to_owned(), noise.into());
        items.push(item);
    }
    put(&world.writer(), &world, &items).await;
    items.sort_by_key(ConfigurationItem::key);
    let reader = world.bystander();
    for at in [None, Some(items[0].captured_at)] {
        let mut walk = reader.inventory_walk(&world.tenant, &scope("global"), None, None, at);
        let (mut pages, mut found) = (0, Vec::new());
        while let Some(page) = walk.next().await.unwrap() {
            pages += usize::from(!page.is_empty());
            found.extend(page);
        }
        assert!(pages >= 3, "{pages} pages");
        assert_eq!(found, items);
        for (place, after) in items.iter().enumerate() {
            let key = after.key();
            let left =
                reader.inventory_walk(&world.tenant, &scope("global"), None, Some(&key), at).all().await.unwrap();
            assert_eq!(left, items[place + 1..], "after {key:?}");
            let kinds = [KINDS[1].to_owned(), KINDS[2].to_owned()].into();
            let walk = reader.inventory_walk(&world.tenant, &scope("global"), Some(&kinds), Some(&key), at);
            let wanted: Vec<_> = items[place + 1..].iter().filter(|item| item.kind == KINDS[1]).cloned().collect();
            assert_eq!(walk.all().await.unwrap(), wanted, "after {key:?}");
        }
    }
}

#[tokio::test]
async fn an_item_that_does_not_fit_is_refused_alone() {
    let world = World::new().await;
    let mut dice = Dice(5);
    let mut large = item("global", "AWS::X::Y", "large", 1);
    let noise: String = (0..600_000).map(|_| char::from(b'!' + u8::try_from(dice.roll(90)).unwrap())).collect();
    large.configuration.insert("noise".to_owned(), noise.into());
    let small = item("global", "AWS::X::Y", "small", 1);
    assert_eq!(put(&world.writer(), &world, &[large, small.clone()]).await, [Stored::TooLarge, Stored::Created]);
    let walk = world.bystander();
    let there = walk.inventory_walk(&world.tenant, &scope("global"), None, None, None).all().await.unwrap();
    assert_eq!(there, [small]);
}

#[tokio::test]
async fn coverage_is_the_latest_of_each_type() {
    let world = World::new().await;
    let mut writers = JoinSet::new();
    for n in 0..5_i64 {
        let world = world.clone();
        writers.spawn(async move {
            let types = [("AWS::A::A".to_owned(), Instant(n)), (format!("AWS::B::B{n}"), Instant(n))];
            let coverage = Coverage { scope: scope("global"), types: types.into() };
            world.writer().inventory_cover(&world.tenant, &coverage).await.unwrap();
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let writer = world.writer();
    writer.inventory_uncover(&world.tenant, &scope("global"), "AWS::B::B2").await.unwrap();
    let known = writer.inventory_scopes(&world.tenant).await.unwrap();
    let wanted = [("AWS::A::A", 4), ("AWS::B::B0", 0), ("AWS::B::B1", 1), ("AWS::B::B3", 3), ("AWS::B::B4", 4)];
    let types = wanted.map(|(kind, at)| (kind.to_owned(), Instant(at)));
    assert_eq!(
        known,
        [KnownScope { scope: scope("global"), covered: types.into(), kinds: BTreeSet::new(), unread: BTreeMap::new() }]
    );
}
