//! Rules of a tenant's own, and the parameters that it has set.
//!
//! An item a rule lists its versions by the digests of their files, and grows by compare-and-set. The files lie under their
//! digest, written before the list that names them and never touched again: what a crash leaves unnamed does no harm. A
//! retired rule keeps its item and its files, for its findings stay.

use super::compress::{pack, unpack};
use super::item::{Item, Key};
use super::store::{Condition, ConditionalPut, Range};
use super::tenants::{from_item, to_item};
use super::{FORMAT, Reader, Writer, check_format, keys};
use crate::domain::audit_rule::{Files, OwnRule, RuleParams};
use crate::domain::{Error, TenantId};
use std::collections::BTreeMap;

impl Reader {
    /// A tenant's own rules by key, retired ones among them.
    pub async fn own_rule_list(&self, tenant: &TenantId) -> Result<Vec<OwnRule>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::own_rule_partition(tenant), &range).await?;
        items.iter().map(from_item).collect()
    }

    /// The files of versions of rules, by digest.
    pub async fn rule_files(
        &self,
        tenant: &TenantId,
        digests: impl IntoIterator<Item = &String>,
    ) -> Result<BTreeMap<String, Files>, Error> {
        let places: Vec<Key> = digests.into_iter().map(|digest| keys::rule_files(tenant, digest)).collect();
        if places.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = self.store.batch_get(&places, true).await?;
        let one = |item: &Item| {
            check_format(item)?;
            let files: Files = serde_json::from_str(&unpack(item.bytes("body")?)?).map_err(Error::internal)?;
            Ok((item.sk()?.to_owned(), files))
        };
        found.values().map(one).collect()
    }

    /// The parameters that a tenant has set for a rule.
    pub async fn rule_params(&self, tenant: &TenantId, key: &str) -> Result<Option<RuleParams>, Error> {
        let item = self.store.get(&keys::rule_params(tenant, key), true).await?;
        item.as_ref().map(from_item).transpose()
    }

    /// The parameters that a tenant has set, by key of the rule.
    pub async fn rule_params_list(&self, tenant: &TenantId) -> Result<Vec<RuleParams>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::rule_params_partition(tenant), &range).await?;
        items.iter().map(from_item).collect()
    }
}

impl Writer {
    /// Stores the files of a version under their digest.
    pub async fn rule_files_put(&self, tenant: &TenantId, digest: &str, files: &Files) -> Result<(), Error> {
        let mut item = Item::new(&keys::rule_files(tenant, digest));
        item.put_number("format", FORMAT);
        item.put_bytes("body", pack(&serde_json::to_string(files).map_err(Error::internal)?)?);
        // What is there already is the same.
        self.store.put(ConditionalPut { item, condition: Condition::Absent }).await.map(drop)
    }

    /// Takes a name for a rule, for ever; `None` when it is the rule's now or was before, else the key of the rule that has it.
    pub async fn own_rule_name(&self, tenant: &TenantId, name: &str, rule: &str) -> Result<Option<String>, Error> {
        let place = keys::own_rule_name(tenant, name);
        let mut item = Item::new(&place);
        item.put_number("format", FORMAT);
        item.put_text("rule", rule);
        if self.store.put(ConditionalPut { item, condition: Condition::Absent }).await? {
            return Ok(None);
        }
        let taken = self.store.get(&place, true).await?;
        let owner = taken.as_ref().map(|item| check_format(item).and_then(|_| item.text("rule"))).transpose()?;
        let owner = owner.unwrap_or_default();
        Ok((owner != rule).then(|| owner.to_owned()))
    }

    /// Records a rule over the revision that `rule` was made from, 0 for none; the rule as recorded, or `None` when somebody else has
    /// recorded it since.
    pub async fn own_rule_put(&self, tenant: &TenantId, rule: OwnRule) -> Result<Option<OwnRule>, Error> {
        let condition = match rule.revision {
            0 => Condition::Absent,
            seen => Condition::Number("revision", seen),
        };
        let rule = OwnRule { revision: rule.revision.saturating_add(1), ..rule };
        let mut item = to_item(Item::new(&keys::own_rule(tenant, &rule.key)), &rule)?;
        item.put_number("revision", rule.revision);
        let put = self.store.put(ConditionalPut { item, condition }).await?;
        Ok(put.then_some(rule))
    }

    /// Stores the parameters of a rule over those that it had.
    pub async fn rule_params_put(&self, tenant: &TenantId, params: &RuleParams) -> Result<(), Error> {
        let item = to_item(Item::new(&keys::rule_params(tenant, &params.key)), params)?;
        self.store.put(ConditionalPut { item, condition: Condition::None }).await.map(drop)
    }
}
