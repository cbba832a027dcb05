//! The table as it lies there, read past the ledger: what a crash may leave, and what it may not.

use super::world::{TABLE, World};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use posture_local::embedded::config;
use posture_shared::domain::{Actor, FindingKey, Instant, Ordinal};
use posture_shared::ledger::{Body, Document, Entry, Expiry, Hash, Reader};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

type Item = HashMap<String, AttributeValue>;

/// What the table holds of one tenant, as far as it is not derived.
#[derive(Debug, Default)]
pub struct Table {
    /// The head: seq, instant, next ordinal, chain.
    pub head: Option<(u64, Instant, u32, Hash)>,
    /// The log, in order.
    pub log: Vec<Entry>,
    /// By partition key: ordinal and instant of the newest document.
    pub findings: BTreeMap<String, (Ordinal, Instant)>,
    /// By finding and instant.
    pub documents: BTreeMap<(Ordinal, Instant), Document>,
    /// End, finding and commit instant of each expiry.
    pub expiries: BTreeSet<(Instant, Ordinal, Instant)>,
}

/// A client of the store that no fault touches and no meter counts.
pub fn client(world: &World) -> Client {
    Client::new(&config(world.store.clone()))
}

/// The entries after a commit, in order.
pub async fn log_after(world: &World, client: &Client, after: Option<Instant>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut start = None;
    loop {
        let page = client
            .query()
            .table_name(TABLE)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk > :sk")
            .expression_attribute_values(":pk", AttributeValue::S(format!("{}#log", world.tenant)))
            .expression_attribute_values(":sk", AttributeValue::S(after.map_or("-".to_owned(), Instant::key)))
            .set_exclusive_start_key(start)
            .send()
            .await
            .unwrap();
        entries.extend(page.items().iter().map(entry));
        start = page.last_evaluated_key;
        if start.is_none() {
            return entries;
        }
    }
}

/// Deletes some of the items that carry an expiry date, those of the bits of `which`; how many there were.
pub async fn perish(client: &Client, which: u64) -> usize {
    let page = client.scan().table_name(TABLE).send().await.unwrap();
    let mortal: Vec<&Item> = page.items().iter().filter(|item| item.contains_key("ttl")).collect();
    for (_, item) in mortal.iter().enumerate().filter(|(n, _)| which >> (n % 64) & 1 == 1) {
        let key = |name: &str| AttributeValue::S(text(item, name));
        client.delete_item().table_name(TABLE).key("pk", key("pk")).key("sk", key("sk")).send().await.unwrap();
    }
    mortal.len()
}

impl Table {
    /// Reads everything that there is.
    pub async fn read(world: &World) -> Self {
        let client = client(world);
        let mut table = Self::default();
        let mut start = None;
        loop {
            let page = client.scan().table_name(TABLE).set_exclusive_start_key(start).send().await.unwrap();
            page.items().iter().for_each(|item| table.take(item));
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        table.log.sort_by_key(|entry| entry.at);
        table
    }

    fn take(&mut self, item: &Item) {
        let (pk, sk) = (text(item, "pk"), text(item, "sk"));
        let parts: Vec<&str> = pk.split('#').collect();
        let hex = |text: &str| Ordinal(u32::from_str_radix(text, 16).unwrap());
        let instant = |text: &str| Instant(text.parse().unwrap());
        match parts[1] {
            "head" => {
                let chain = Hash::try_from(bytes(item, "chain")).unwrap();
                let next = u32::try_from(number(item, "next_ordinal")).unwrap();
                self.head = Some((number(item, "seq").unsigned_abs(), Instant(number(item, "at")), next, chain));
            }
            "log" => self.log.push(entry(item)),
            "finding" => {
                let ordinal = Ordinal(u32::try_from(number(item, "ordinal")).unwrap());
                self.findings.insert(pk.clone(), (ordinal, Instant(number(item, "document_at"))));
            }
            "document" => {
                let document = document(item, hex(parts[2]), instant(&sk));
                self.documents.insert((document.ordinal, document.at), document);
            }
            "expiry" => {
                let parts: Vec<&str> = sk.split('#').collect();
                self.expiries.insert((instant(parts[0]), hex(parts[1]), instant(parts[2])));
            }
            "segment" | "manifest" | "rule" | "patrol" => {}
            other => panic!("an item of kind {other}"),
        }
    }

    /// Asserts that there are whole commits only: head, log, findings, documents and expiries tell the same story.
    pub async fn audit(&self, world: &World, reader: &Reader) {
        let Some((seq, at, next, chain)) = self.head else {
            assert!(self.log.is_empty() && self.documents.is_empty() && self.findings.is_empty(), "{self:?}");
            return;
        };
        let last = self.log.last().unwrap();
        assert_eq!((seq, at, chain), (last.seq, last.at, last.chain), "head and log");
        assert_eq!(seq, self.log.len() as u64, "the log has a gap");
        let mut previous = Hash::default();
        let mut earlier = Instant(i64::MIN);
        let mut newest: BTreeMap<Ordinal, Instant> = BTreeMap::new();
        let mut written = BTreeSet::new();
        for (seq, entry) in (1..).zip(&self.log) {
            assert_eq!((entry.seq, entry.previous), (seq, previous), "the chain");
            assert!(entry.is_intact(&world.tenant) && entry.at > earlier, "entry {seq}");
            (previous, earlier) = (entry.chain, entry.at);
            for change in &entry.body.changes {
                assert!(written.insert((change.ordinal, entry.at)), "a finding occurs twice in entry {seq}");
                let known = newest.insert(change.ordinal, entry.at).is_some();
                let created = change.kind == posture_shared::domain::Kind::Created;
                assert_eq!(created, !known, "finding {} in entry {seq}", change.ordinal.0);
            }
        }
        assert!(written.iter().eq(self.documents.keys()), "log and documents");
        let ordinals: Vec<u32> = newest.keys().map(|ordinal| ordinal.0).collect();
        assert_eq!(ordinals, (0..next).collect::<Vec<_>>(), "ordinals are dense");
        assert_eq!(newest, self.findings.values().copied().collect(), "log and findings");
        assert_eq!(newest.len(), self.findings.len(), "a finding has two items");
        assert!(self.expiries.iter().all(|(_, ordinal, at)| written.contains(&(*ordinal, *at))), "expiries");
        self.audit_roots(world, reader).await;
    }

    /// Recomputes each entry's root from the documents and expiries that are there.
    async fn audit_roots(&self, world: &World, reader: &Reader) {
        let tenant = &world.tenant;
        let mut leaves: BTreeMap<Instant, BTreeMap<(String, String), Hash>> = BTreeMap::new();
        for ((ordinal, at), document) in &self.documents {
            let key = (format!("{tenant}#document#{:08x}", ordinal.0), at.key());
            leaves.entry(*at).or_default().insert(key, document.leaf(tenant));
        }
        for expiry in reader.expiries(tenant, Instant(0), Instant::LAST).await.unwrap() {
            let Expiry { at, ordinal, expires_at, .. } = expiry;
            let key = (format!("{tenant}#expiry"), format!("{}#{:08x}#{}", expires_at.key(), ordinal.0, at.key()));
            leaves.entry(at).or_default().insert(key, expiry.leaf(tenant));
        }
        for entry in &self.log {
            let mut hash = Sha256::new();
            leaves.remove(&entry.at).unwrap_or_default().values().for_each(|leaf| hash.update(leaf.0));
            assert_eq!(Hash(hash.finalize().into()).hex(), entry.body.root, "the root of entry {}", entry.seq);
        }
        assert!(leaves.is_empty(), "documents without an entry");
    }

    /// Every document of every finding, oldest first, without what depends on when things happened.
    pub fn timeless(&self) -> BTreeMap<FindingKey, Vec<String>> {
        let mut told: BTreeMap<FindingKey, Vec<String>> = BTreeMap::new();
        for document in self.documents.values() {
            let mut finding = document.finding().unwrap();
            let key = finding.key();
            let standing = &mut finding.standing;
            for instant in [&mut standing.first_seen, &mut standing.changed_at, &mut standing.evaluation_changed_at] {
                *instant = Instant(0);
            }
            let text = finding.to_text().unwrap();
            told.entry(key).or_default().push(format!("{:?} {:?} {text}", document.kind, document.actor));
        }
        told
    }
}

fn document(item: &Item, ordinal: Ordinal, at: Instant) -> Document {
    let word = |name| Value::String(text(item, name));
    Document {
        ordinal,
        at,
        kind: serde_json::from_value(word("kind")).unwrap(),
        actor: Actor { source: serde_json::from_value(word("source")).unwrap(), identity: text(item, "identity") },
        text: unpacked(item),
        salt: bytes(item, "salt").to_vec(),
    }
}

fn unpacked(item: &Item) -> String {
    String::from_utf8(zstd::decode_all(bytes(item, "body")).unwrap()).unwrap()
}

fn entry(item: &Item) -> Entry {
    let text = unpacked(item);
    let body: Body = serde_json::from_str(&text).unwrap();
    Entry {
        format: u32::try_from(number(item, "format")).unwrap(),
        seq: number(item, "seq").unsigned_abs(),
        at: Instant(self::text(item, "sk").parse().unwrap()),
        previous: Hash::try_from(bytes(item, "previous")).unwrap(),
        chain: Hash::try_from(bytes(item, "chain")).unwrap(),
        text,
        body,
        size: 0,
    }
}

fn text(item: &Item, name: &str) -> String {
    item[name].as_s().unwrap().clone()
}

fn number(item: &Item, name: &str) -> i64 {
    item[name].as_n().unwrap().parse().unwrap()
}

fn bytes<'a>(item: &'a Item, name: &str) -> &'a [u8] {
    item[name].as_b().unwrap().as_ref()
}
