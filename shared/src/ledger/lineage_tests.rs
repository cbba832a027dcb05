//! What a process remembers of a tenant while several requests read and fold.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use super::base::Base;
use super::entry::{Body, Entry};
use super::lineage::{Cache, Lineage};
use super::manifest::Manifest;
use super::overlay::Layer;
use super::proof::Hash;
use crate::domain::{Instant, TenantId};
use std::sync::Arc;

fn chain(seq: u64) -> Hash {
    Hash([u8::try_from(seq).unwrap(); 32])
}

fn at(seq: u64) -> Instant {
    Instant(i64::try_from(seq).unwrap())
}

fn layer(seq: u64) -> Arc<Layer> {
    let body = Body {
        commit: String::new(),
        root: String::new(),
        actors: Vec::new(),
        changes: Vec::new(),
        observed: Vec::new(),
    };
    let previous = if seq == 1 { Hash::default() } else { chain(seq - 1) };
    let (at, chain, text) = (at(seq), chain(seq), String::new());
    Arc::new(Layer::of(Entry { format: 1, seq, at, previous, chain, text, body, size: 1 }))
}

fn base(seq: u64) -> Arc<Base> {
    Arc::new(Base::new(Manifest { seq, at: at(seq), chain: chain(seq), ..Manifest::default() }))
}

/// A reader that began before a fold, and is done after it, brings what it read and not the base that it began with.
#[test]
fn a_late_reader_does_not_bring_an_older_base_back() {
    let (cache, tenant) = (Cache::default(), TenantId::parse("acme").unwrap());
    let (older, newer) = (base(1), base(3));
    cache.put_newest(&tenant, Lineage::new(Arc::clone(&older), vec![layer(2), layer(3)]));
    cache.rebase(&tenant, Arc::clone(&newer));
    cache.put_newest(&tenant, Lineage::new(Arc::clone(&older), vec![layer(2), layer(3), layer(4)]));
    let (newest, other) = cache.get(&tenant);
    let newest = newest.unwrap();
    assert!(Arc::ptr_eq(&newest.base, &newer) && Arc::ptr_eq(&other.unwrap().base, &older));
    assert_eq!(newest.tip(), (4, at(4), chain(4)));
}

/// What a slower reader brings of another log, which has a commit with this one in common, is not laid over it.
#[test]
fn entries_of_another_log_do_not_follow() {
    let (cache, tenant) = (Cache::default(), TenantId::parse("acme").unwrap());
    cache.put_newest(&tenant, Lineage::new(base(3), vec![layer(4), layer(5)]));
    let mut other: Vec<Arc<Layer>> = (2..=6).map(layer).collect();
    for layer in &mut other[2..] {
        let layer = Arc::get_mut(layer).unwrap();
        (layer.chain.0[0], layer.previous.0[0]) = (77, if layer.seq == 4 { layer.previous.0[0] } else { 77 });
    }
    cache.put_newest(&tenant, Lineage::new(base(1), other));
    assert_eq!(cache.get(&tenant).0.unwrap().tip(), (5, at(5), chain(5)));
}

/// After a restore the older base is the newest one.
#[test]
fn a_base_of_another_log_gives_way() {
    let (cache, tenant) = (Cache::default(), TenantId::parse("acme").unwrap());
    let other = Manifest { seq: 3, at: at(3), chain: chain(9), ..Manifest::default() };
    cache.put_newest(&tenant, Lineage::new(Arc::new(Base::new(other)), Vec::new()));
    let restored = base(1);
    cache.put_newest(&tenant, Lineage::new(Arc::clone(&restored), vec![layer(2), layer(3)]));
    assert!(Arc::ptr_eq(&cache.get(&tenant).0.unwrap().base, &restored));
}
