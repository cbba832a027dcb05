//! Numbers of rule versions: per GeneratorId, 1 for the content that came first, and so on in log order.
//!
//! One item per GeneratorId holds the digests of its versions, in order; a version's number is its place. The list only
//! grows, in the transaction that writes the first finding of a new version, so a known digest's number is right for
//! ever and is remembered. A finding keeps the number that it was judged by: it moves when a producer's word is written.
//!
//! The lists are derived: every document carries its number, so verification compares them, and a repair writes what a
//! restore has lost. A list that holds more than the documents tell is harmless.
//!
//! A rule has at most 100 versions. Producers that put a resource's name into every title would make a list without an
//! end; there, whatever comes after the hundredth counts as the hundredth.

use super::item::{Item, Key};
use super::store::{Condition, ConditionalPut};
use super::{FORMAT, Reader, Writer, check_format, keys};
use crate::domain::rule::Rule;
use crate::domain::{Error, Finding, TenantId, Write};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Versions of one rule that are told apart: their list stays within one write unit.
const MOST_VERSIONS: usize = 100;
/// Lists that a process remembers.
const MOST_REMEMBERED: usize = 20_000;
/// Hexadecimal digits of a digest.
const DIGEST_DIGITS: usize = 16;

/// The versions of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Versions {
    digests: Vec<String>,
    /// How many of them the stored item holds.
    stored: usize,
}

impl Versions {
    /// The number of a digest, if it has one.
    fn number(&self, digest: &str) -> Option<u32> {
        let place = self.digests.iter().position(|known| known == digest);
        let place = place.or_else(|| (self.digests.len() >= MOST_VERSIONS).then_some(MOST_VERSIONS - 1))?;
        u32::try_from(place + 1).ok()
    }

    fn to_item(&self, tenant: &TenantId, id: &str) -> Item {
        let mut item = Item::new(&keys::rule(tenant, id));
        item.put_number("format", FORMAT);
        item.put_number("known_versions", self.digests.len() as u64);
        item.put_bytes("digests", self.digests.concat().into_bytes());
        item
    }

    fn from_item(item: &Item) -> Result<Self, Error> {
        check_format(item)?;
        let text = std::str::from_utf8(item.bytes("digests")?).map_err(Error::internal)?;
        let digests: Vec<String> =
            text.as_bytes().chunks(DIGEST_DIGITS).map(|digest| String::from_utf8_lossy(digest).into_owned()).collect();
        Ok(Self { stored: digests.len(), digests })
    }

    /// The put that makes the stored item hold every version.
    pub fn put(&self, tenant: &TenantId, id: &str) -> ConditionalPut {
        let condition = match self.stored {
            0 => Condition::Absent,
            stored => Condition::Number("known_versions", stored as u64),
        };
        ConditionalPut { item: self.to_item(tenant, id), condition }
    }
}

impl Reader {
    /// The highest number that a version of a rule was ever given, by GeneratorId; `None` for a rule without versions.
    /// No finding of a view that was read before judges by a higher one, but perhaps none judges by this one any more.
    pub async fn highest_rule_version(&self, tenant: &TenantId, id: &str) -> Result<Option<u32>, Error> {
        let Some(item) = self.store.get(&keys::rule(tenant, id), true).await? else { return Ok(None) };
        let versions = Versions::from_item(&item)?.digests.len();
        Ok(u32::try_from(versions).ok().filter(|number| *number > 0))
    }
}

/// The lists that a process has seen, as they are stored.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<Key, Versions>>);

impl Memory {
    fn number(&self, key: &Key, digest: &str) -> Option<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key)?.number(digest)
    }

    fn keep(&self, key: Key, versions: Versions) {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lists.len() >= MOST_REMEMBERED {
            lists.clear();
        }
        lists.insert(key, versions);
    }

    /// Forgets a tenant, whose table may have been restored.
    pub fn forget(&self, tenant: &TenantId) {
        let prefix = keys::rule_prefix(tenant);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|key, _| !key.pk.starts_with(&prefix));
    }
}

/// What one pass over intents knows of rules, beyond what the process remembers.
#[derive(Debug, Default)]
pub(super) struct Lists(HashMap<String, Versions>);

/// What the documents of a log tell of rules: by GeneratorId and number, the digest.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<String, BTreeMap<u32, String>>);

impl Told {
    /// Takes a document's word over.
    pub fn hear(&mut self, finding: &Finding) {
        let number = finding.standing.rule_version;
        if number > 0 {
            let rule = Rule::of(finding);
            self.0.entry(rule.id).or_default().entry(number).or_insert(rule.digest);
        }
    }

    /// Forgets the last number that a rule has, which several contents may share: only the whole log tells which of them came first.
    pub fn forget_shared(&mut self) {
        for numbers in self.0.values_mut() {
            numbers.retain(|number, _| (*number as usize) < MOST_VERSIONS);
        }
    }
}

/// The number of the version that a write judges by.
#[derive(Debug)]
pub(super) enum Numbered {
    /// It has this one.
    Known(u32),
    /// It gets this one; the list grows by its digest.
    New(u32, Rule),
    /// Its list must be read first.
    Unread(String),
}

/// The rule whose number a write must learn; `None` when the finding keeps what it has.
pub(super) fn unnumbered(before: Option<&Finding>, write: &Write) -> Option<Rule> {
    let has_number = write.finding.standing.rule_version > 0;
    if has_number && !write.actor.source.is_report() {
        return None;
    }
    let rule = Rule::of(&write.finding);
    let is_same = has_number && before.is_some_and(|before| Rule::of(before).digest == rule.digest);
    (!is_same).then_some(rule)
}

impl Lists {
    /// The number of a rule's version.
    pub fn number(&self, memory: &Memory, tenant: &TenantId, rule: Rule) -> Numbered {
        let Some(list) = self.0.get(&rule.id) else {
            let known = memory.number(&keys::rule(tenant, &rule.id), &rule.digest);
            return known.map_or(Numbered::Unread(rule.id), Numbered::Known);
        };
        match list.number(&rule.digest) {
            Some(number) => Numbered::Known(number),
            None => Numbered::New(u32::try_from(list.digests.len() + 1).unwrap_or(u32::MAX), rule),
        }
    }

    /// Lets a list grow; the list as it is then.
    pub fn grow(&mut self, rule: Rule) -> Versions {
        let list = self.0.entry(rule.id).or_default();
        list.digests.push(rule.digest);
        list.clone()
    }

    /// What was grown is stored now.
    pub fn settle(&mut self, memory: &Memory, tenant: &TenantId, ids: impl IntoIterator<Item = String>) {
        for id in ids {
            if let Some(list) = self.0.get_mut(&id) {
                list.stored = list.digests.len();
                memory.keep(keys::rule(tenant, &id), list.clone());
            }
        }
    }
}

impl Writer {
    /// Reads the lists of some rules, in one round.
    pub(super) async fn read_rules(
        &self,
        tenant: &TenantId,
        lists: &mut Lists,
        ids: HashSet<String>,
    ) -> Result<(), Error> {
        let places: Vec<Key> = ids.iter().map(|id| keys::rule(tenant, id)).collect();
        if places.is_empty() {
            return Ok(());
        }
        let found = self.store.batch_get(&places, true).await?;
        for (id, place) in ids.into_iter().zip(places) {
            let versions = found.get(&place).map(Versions::from_item).transpose()?.unwrap_or_default();
            self.rules.keep(place, versions.clone());
            lists.0.insert(id, versions);
        }
        Ok(())
    }
}

impl Reader {
    /// The rules whose lists do not hold what the documents tell, each with the list that does. What no document tells
    /// any more keeps its place.
    pub(super) async fn wrong_rules(&self, tenant: &TenantId, told: &Told) -> Result<Vec<(String, Versions)>, Error> {
        let places: Vec<Key> = told.0.keys().map(|id| keys::rule(tenant, id)).collect();
        let found = self.store.batch_get(&places, true).await?;
        let mut wrong = Vec::new();
        for ((id, numbers), place) in told.0.iter().zip(&places) {
            let there = found.get(place).and_then(|item| Versions::from_item(item).ok()).unwrap_or_default();
            let mut right = there.clone();
            for (number, digest) in numbers {
                let place = (*number as usize).clamp(1, MOST_VERSIONS) - 1;
                if right.digests.len() <= place {
                    right.digests.resize(place + 1, "-".repeat(DIGEST_DIGITS));
                }
                if let Some(known) = right.digests.get_mut(place) {
                    known.clone_from(digest);
                }
            }
            if right != there {
                wrong.push((id.clone(), right));
            }
        }
        Ok(wrong)
    }
}

impl Writer {
    /// Writes the lists that do not hold what the documents tell; how many there were.
    pub(super) async fn restore_rules(&self, tenant: &TenantId, told: &Told) -> Result<u64, Error> {
        let wrong = self.wrong_rules(tenant, told).await?;
        for (id, versions) in &wrong {
            let item = versions.to_item(tenant, id);
            self.store.put(ConditionalPut { item, condition: Condition::None }).await?;
        }
        Ok(wrong.len() as u64)
    }
}
