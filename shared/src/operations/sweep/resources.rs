//! The resources that AWS Config knows, type by type.

use super::Sweeper;
use crate::audit::intake::{self, Context};
use crate::domain::Error;
use crate::domain::inventory::{ConfigurationItem, GLOBAL, ItemKey, Scope};
use crate::ledger::{Repeats, Stored};
use crate::upstream::{MAX_KEYS, Recorders, Refusal, ResourceKey, Row, Source, Why, is_global};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The type whose items bear a row of the credential report.
const USER: &str = "AWS::IAM::User";
/// The member in which they do.
const REPORT: &str = "CredentialReport";
/// How long a type counts as known that was told of otherwise than by AWS Config, or is not recorded any more.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The longest id by which AWS Config knows anything.
const LONGEST_ID: usize = 768;
/// What types of services begin with that are known in one region and may be in none.
const AT_HOME: [&str; 6] = [
    "AWS::CloudFront::",
    "AWS::ECR::PublicRepository",
    "AWS::GlobalAccelerator::",
    "AWS::Route53",
    "AWS::Shield",
    "AWS::WAF::",
];

/// That region.
const HOME: &str = "us-east-1";

/// Which AWS Config is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub region: &'a str,
    pub aggregator: Option<&'a str>,
}

/// Keys of what there is of each type, or why nobody knows.
type Listed = BTreeMap<String, Result<Vec<ResourceKey>, Refusal>>;

impl Sweeper<'_> {
    /// Reads the types that a region records; whether it came to the end.
    pub(super) async fn region(
        &mut self,
        region: &str,
        recorders: &Result<Recorders, Refusal>,
        enough: &(impl Fn() -> bool + Sync),
    ) -> Result<bool, Error> {
        let own = self.own(region);
        let place = |kind: &str| if is_global(kind) { self.own(GLOBAL) } else { own.clone() };
        let stale = self.wanted.iter().filter(|kind| !self.is_fresh(&place(kind), kind)).cloned();
        let mut kinds: BTreeSet<String> = stale.collect();
        kinds.retain(|kind| !matches!(self.everywhere.get(kind), Some(Ok(()))));
        let recorders = match recorders {
            Ok(recorders) => recorders,
            Err(refusal) => {
                self.unread_in(&own, kinds, &format!("AWS Config in {region}: {refusal}")).await?;
                return Ok(true);
            }
        };
        // What is not recorded any more stays as it was for ever, so after a day it says nothing of now.
        let stopped = |kind: &&String| {
            let told = self.known.get(&place(kind)).and_then(|known| known.covered.get(*kind));
            !recorders.record(kind) && told.is_some_and(|told| *told < self.at.plus(-DAY_MS))
        };
        let stopped: BTreeSet<String> = kinds.iter().filter(stopped).cloned().collect();
        self.unread_in(&own, stopped, &format!("AWS Config does not record it in {region}")).await?;
        kinds.retain(|kind| recorders.record(kind));
        if !self.wanted.iter().any(|kind| recorders.record(kind)) {
            self.swept.notes.insert(format!("AWS Config records nothing in {region} that rules look at"));
        }
        if kinds.is_empty() {
            return Ok(true);
        }
        let asked = Asked { region, aggregator: None };
        for (kind, listed) in self.listed(asked, kinds).await {
            if enough() {
                return Ok(false);
            }
            match self.read(asked, &kind, listed).await? {
                Ok(seen) => self.complete_in_region(asked, &kind, &seen).await?,
                Err(reason) => self.unread_in(&own, [kind].into(), &reason).await?,
            }
        }
        Ok(true)
    }

    /// Records that types of a region could not be read; of those that are in none, only that this region did not tell.
    async fn unread_in(&mut self, own: &Scope, kinds: BTreeSet<String>, reason: &str) -> Result<(), Error> {
        let (global, regional): (BTreeSet<String>, BTreeSet<String>) =
            kinds.into_iter().partition(|kind| is_global(kind));
        for kind in global {
            self.everywhere.entry(kind).or_insert_with(|| Err(reason.to_owned()));
        }
        self.doubt(own, &regional, reason).await
    }

    async fn complete_in_region(
        &mut self,
        asked: Asked<'_>,
        kind: &str,
        seen: &BTreeSet<ItemKey>,
    ) -> Result<(), Error> {
        let own = self.own(if is_global(kind) { GLOBAL } else { asked.region });
        let mut scopes: BTreeSet<Scope> = seen.iter().map(ItemKey::scope).collect();
        scopes.insert(own.clone());
        let at_home = AT_HOME.iter().any(|home| kind.starts_with(home));
        if at_home && asked.region == HOME {
            scopes.insert(self.own(GLOBAL));
        }
        if let Err(reason) = self.gone(asked, kind, &scopes, seen).await? {
            return self.unread_in(&own, [kind.to_owned()].into(), &reason).await;
        }
        if is_global(kind) {
            self.everywhere.insert(kind.to_owned(), Ok(()));
            // Nor are any of them in a region.
            scopes.extend(self.regions.iter().map(|region| self.own(region)));
        } else if !at_home {
            // Joins over an account ask of every scope, also of the one where there can be none.
            scopes.insert(self.own(GLOBAL));
        }
        self.cover(&scopes, kind).await
    }

    /// Reads what an aggregator collects; whether it came to the end.
    pub(super) async fn aggregated(
        &mut self,
        aggregator: &str,
        enough: &(impl Fn() -> bool + Sync),
    ) -> Result<bool, Error> {
        let region = self.aws.region().to_owned();
        let asked = Asked { region: &region, aggregator: Some(aggregator) };
        let sources = match self.aws.sources(&region, aggregator).await {
            Ok(sources) => Some(sources),
            Err(refusal) => {
                self.swept.notes.insert(format!("where the aggregator collects from is not known: {refusal}"));
                None
            }
        };
        let kinds: BTreeSet<String> =
            self.wanted.iter().filter(|kind| !self.is_fresh_all_over(kind)).cloned().collect();
        self.doubt_failed(sources.as_deref().unwrap_or_default(), &kinds).await?;
        if kinds.is_empty() {
            return Ok(true);
        }
        for (kind, listed) in self.listed(asked, kinds).await {
            if enough() {
                return Ok(false);
            }
            let reason = match self.read(asked, &kind, listed).await? {
                Ok(seen) => self.complete_in_aggregate(asked, &kind, &seen, sources.as_deref()).await?,
                Err(reason) => Some(reason),
            };
            let Some(reason) = reason else { continue };
            let concerned: Vec<Scope> = self
                .known
                .values()
                .filter(|known| known.kinds.contains(&kind))
                .map(|known| known.scope.clone())
                .collect();
            let concerned = if concerned.is_empty() { vec![self.own(&region)] } else { concerned };
            for scope in concerned {
                self.doubt(&scope, &[kind.clone()].into(), &reason).await?;
            }
        }
        Ok(true)
    }

    fn is_fresh_all_over(&self, kind: &str) -> bool {
        let mut concerned = self
            .known
            .values()
            .filter(|known| known.kinds.contains(kind) || known.covered.contains_key(kind))
            .peekable();
        concerned.peek().is_some() && concerned.all(|known| self.is_fresh(&known.scope, kind))
    }

    async fn doubt_failed(&mut self, sources: &[Source], kinds: &BTreeSet<String>) -> Result<(), Error> {
        for source in sources {
            let Some(failure) = &source.failure else { continue };
            let mut scopes: BTreeSet<Scope> = self.known.keys().filter(|scope| source.is(scope)).cloned().collect();
            scopes.extend(source.account.iter().map(|account| {
                let (account, region) = (account.clone(), source.region.clone());
                Scope { account, region }
            }));
            for scope in scopes {
                self.doubt(&scope, kinds, &format!("the aggregator's source: {failure}")).await?;
            }
        }
        Ok(())
    }

    /// Calls a type covered in every account in which there is any of it; why not, if it cannot be.
    async fn complete_in_aggregate(
        &mut self,
        asked: Asked<'_>,
        kind: &str,
        seen: &BTreeSet<ItemKey>,
        sources: Option<&[Source]>,
    ) -> Result<Option<String>, Error> {
        let failed =
            |scope: &Scope| sources.is_some_and(|all| all.iter().any(|one| one.failure.is_some() && one.is(scope)));
        let collected = |scope: &Scope| {
            let is_source = |all: &[Source]| all.iter().any(|one| one.is(scope));
            !failed(scope) && (scope.region == GLOBAL || sources.is_some_and(is_source))
        };
        let mut scopes: BTreeSet<Scope> = seen.iter().map(ItemKey::scope).collect();
        scopes.retain(|scope| !failed(scope));
        let had = self.known.values().filter(|known| known.kinds.contains(kind) && collected(&known.scope));
        scopes.extend(had.map(|known| known.scope.clone()));
        if let Err(reason) = self.gone(asked, kind, &scopes, seen).await? {
            return Ok(Some(reason));
        }
        let accounts: BTreeSet<String> = scopes.iter().map(|scope| scope.account.clone()).collect();
        for account in accounts {
            let scope = |region: &str| Scope { account: account.clone(), region: region.to_owned() };
            let listed = sources.unwrap_or_default().iter().map(|source| scope(&source.region));
            scopes.extend(listed.chain([scope(GLOBAL)]).filter(|scope| collected(scope)));
        }
        self.cover(&scopes, kind).await?;
        Ok(None)
    }

    /// Keys of what there is of each type: by one query, or where that may not be, by a list of each type.
    async fn listed(&mut self, asked: Asked<'_>, kinds: BTreeSet<String>) -> Listed {
        let Asked { region, aggregator } = asked;
        let mut listed = Listed::new();
        match self.aws.select(region, aggregator, &kinds).await {
            Ok(keys) => {
                listed.extend(kinds.into_iter().map(|kind| (kind, Ok(Vec::new()))));
                for key in keys {
                    if let Some(Ok(all)) = listed.get_mut(&key.kind) {
                        all.push(key);
                    }
                }
            }
            Err(refusal) if aggregator.is_none() && matches!(refusal.why, Why::Denied | Why::Unsupported) => {
                tracing::info!(region, %refusal, "a query is refused; types are listed one by one");
                for kind in kinds {
                    match self.aws.discovered(region, &kind).await {
                        // AWS Config has no such type here.
                        Err(refusal) if refusal.why == Why::Unsupported => {}
                        keys => {
                            listed.insert(kind, keys);
                        }
                    }
                }
            }
            Err(refusal) => listed.extend(kinds.into_iter().map(|kind| (kind, Err(refusal.clone())))),
        }
        let found = listed.values().flatten().map(Vec::len).sum::<usize>();
        self.expected = self.expected.saturating_add(found as u64);
        listed
    }

    /// Reads every resource of a list; which there are, or why not all of them could be read.
    async fn read(
        &mut self,
        asked: Asked<'_>,
        kind: &str,
        listed: Result<Vec<ResourceKey>, Refusal>,
    ) -> Result<Result<BTreeSet<ItemKey>, String>, Error> {
        let keys = match listed {
            Ok(keys) => keys,
            Err(refusal) => return Ok(Err(refusal.to_string())),
        };
        let mut seen = BTreeSet::new();
        let mut missing = None;
        for chunk in keys.chunks(MAX_KEYS) {
            match self.taken(asked, kind, chunk).await? {
                Ok(items) => seen.extend(items),
                // What comes behind it can be read all the same.
                Err(reason) => missing = missing.or(Some(reason)),
            }
            (self.hear)(self.swept.read, self.expected);
        }
        Ok(missing.map_or(Ok(seen), Err))
    }

    /// Reads and takes resources by their keys; which there are, or why some are missing.
    async fn taken(
        &mut self,
        asked: Asked<'_>,
        kind: &str,
        keys: &[ResourceKey],
    ) -> Result<Result<BTreeSet<ItemKey>, String>, Error> {
        let batch = match self.aws.items(asked.region, asked.aggregator, keys).await {
            Ok(batch) => batch,
            Err(refusal) => return Ok(Err(refusal.to_string())),
        };
        let account = asked.aggregator.is_none().then(|| self.account.clone());
        let context = Context { account, region: None, at: self.at };
        let mut missing = (!batch.left.is_empty()).then(|| format!("{} stayed unprocessed", batch.left.len()));
        self.swept.read += batch.items.len() as u64;
        let read = intake::read(&Value::Array(batch.items), &context);
        let read = read.map_err(|rejection| Error::internal(rejection.message))?;
        let mut items = Vec::with_capacity(read.items.len());
        for item in read.items {
            match item {
                Ok(item) => items.push(item),
                Err(rejection) => {
                    self.swept.rejected += 1;
                    missing =
                        missing.or(Some(format!("an item was not taken: {} {}", rejection.field, rejection.message)));
                }
            }
        }
        if kind == USER
            && let Err(reason) = self.attach(&mut items).await
        {
            missing = missing.or(Some(reason));
        }
        self.keep_what_is_not_told(&mut items).await?;
        let seen = items.iter().filter(|item| !item.deleted).map(ConfigurationItem::key).collect();
        if let Err(reason) = self.put(items).await? {
            missing = missing.or(Some(reason));
        }
        Ok(missing.map_or(Ok(seen), Err))
    }

    /// AWS Config tells neither tags nor relationships of resources that are asked for by their keys; its events do. So those
    /// that are known stay.
    async fn keep_what_is_not_told(&self, items: &mut [ConfigurationItem]) -> Result<(), Error> {
        let keys: Vec<ItemKey> = items.iter().filter(|item| !item.deleted).map(ConfigurationItem::key).collect();
        let mut known = self.writer.inventory_get_many(self.tenant, &keys).await?;
        for item in items.iter_mut().filter(|item| item.tags.is_empty() && item.relationships.is_empty()) {
            if let Some(known) = known.remove(&item.key()) {
                item.tags = known.tags;
                item.relationships = known.relationships;
            }
        }
        Ok(())
    }

    /// Puts the rows of the credential report into users. Such an item is of now: it says what AWS Config and IAM say now.
    async fn attach(&mut self, items: &mut [ConfigurationItem]) -> Result<(), String> {
        let report = self.report().await.map_err(|refusal| format!("the credential report: {refusal}"))?;
        for item in items.iter_mut().filter(|item| item.account == self.account && !item.deleted) {
            let row: Option<&Row> = item.arn.as_ref().and_then(|arn| report.users.get(arn));
            if let Some(row) = row {
                item.supplementary.insert(REPORT.to_owned(), Value::Object(row.clone()));
                item.captured_at = item.captured_at.max(self.at);
            }
        }
        Ok(())
    }

    /// Writes items; why not all of them, if so.
    pub(super) async fn put(&mut self, items: Vec<ConfigurationItem>) -> Result<Result<(), String>, Error> {
        let mut stored = self.writer.inventory_put(self.tenant, &items, Repeats::Skip).await?;
        let is_old = |stored: &Stored| matches!(stored, Stored::Unchanged | Stored::Earlier);
        let old: Vec<ItemKey> = items
            .iter()
            .zip(&stored)
            .filter(|(item, stored)| is_old(stored) && !item.deleted)
            .map(|(item, _)| item.key())
            .collect();
        // What somebody called gone, and AWS knows as it was before, is there again.
        let there = self.writer.inventory_get_many(self.tenant, &old).await?;
        let at = self.at;
        let again: Vec<ConfigurationItem> = items
            .into_iter()
            .zip(&stored)
            .filter(|(item, stored)| is_old(stored) && !item.deleted && !there.contains_key(&item.key()))
            .map(|(item, _)| ConfigurationItem { captured_at: at, ..item })
            .collect();
        if !again.is_empty() {
            stored.extend(self.writer.inventory_put(self.tenant, &again, Repeats::Skip).await?);
        }
        let mut too_large = 0_u64;
        for stored in stored {
            match stored {
                Stored::Created => self.swept.created += 1,
                Stored::Changed => self.swept.changed += 1,
                Stored::Unchanged | Stored::Earlier => self.swept.unchanged += 1,
                Stored::Deleted => self.swept.deleted += 1,
                Stored::TooLarge => too_large += 1,
            }
        }
        self.swept.rejected += too_large;
        Ok(if too_large == 0 { Ok(()) } else { Err(format!("{too_large} do not fit into the store")) })
    }

    /// Marks as deleted what AWS Config no longer lists and does not know by its key either; why not, if that could not be asked.
    async fn gone(
        &mut self,
        asked: Asked<'_>,
        kind: &str,
        scopes: &BTreeSet<Scope>,
        seen: &BTreeSet<ItemKey>,
    ) -> Result<Result<(), String>, Error> {
        for scope in scopes {
            let kinds = [kind.to_owned()].into();
            let mut left = Vec::new();
            let mut walk = self.writer.inventory_walk(self.tenant, scope, Some(&kinds), None, None);
            while let Some(items) = walk.next().await? {
                let can_be = |item: &ConfigurationItem| item.id.chars().count() <= LONGEST_ID;
                let missing = |item: &ConfigurationItem| {
                    item.captured_at < self.at && can_be(item) && !seen.contains(&item.key())
                };
                left.extend(items.into_iter().filter(missing));
            }
            for chunk in left.chunks(MAX_KEYS) {
                let keys: Vec<ResourceKey> = chunk.iter().map(ResourceKey::of).collect();
                let there = match self.taken(asked, kind, &keys).await? {
                    Ok(there) => there,
                    Err(reason) => return Ok(Err(reason)),
                };
                let gone = chunk.iter().filter(|item| !there.contains(&item.key()));
                let gone: Vec<ConfigurationItem> = gone.map(|item| item.deleted_at(self.at)).collect();
                if let Err(reason) = self.put(gone).await? {
                    return Ok(Err(reason));
                }
            }
        }
        Ok(Ok(()))
    }
}

impl ResourceKey {
    fn of(item: &ConfigurationItem) -> Self {
        let ConfigurationItem { account, region, kind, id, name, .. } = item.clone();
        Self { account, region, kind, id, name }
    }
}

impl Source {
    /// Whether a scope is one that it stands for.
    fn is(&self, scope: &Scope) -> bool {
        self.region == scope.region && self.account.as_ref().is_none_or(|account| *account == scope.account)
    }
}
