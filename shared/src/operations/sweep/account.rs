//! What AWS Config does not know of an account: an item for what is in no region, and one for each region.

use super::Sweeper;
use crate::domain::inventory::{ConfigurationItem, Coverage, GLOBAL, ItemKey, Scope, Unread};
use crate::domain::json::Object;
use crate::domain::{Error, Instant};
use crate::upstream::{Recorders, Refusal};
use serde_json::Value;
use std::collections::BTreeMap;

/// The type of these items.
pub(super) const KIND: &str = "AWS::::Account";

/// Members of an item, as they are found.
struct Facts {
    item: ConfigurationItem,
    unread: BTreeMap<String, Unread>,
}

impl Facts {
    /// Takes a member, or leaves it out where it could not be read: what it was before says nothing of now.
    fn take(&mut self, name: &str, found: Result<Value, Refusal>) {
        match found {
            Ok(value) => {
                self.item.configuration.insert(name.to_owned(), value);
            }
            Err(refusal) => {
                self.item.configuration.remove(name);
                let why = Unread { at: self.item.captured_at, reason: refusal.to_string() };
                self.unread.insert(format!("{KIND}.{name}"), why);
            }
        }
    }
}

impl Sweeper<'_> {
    /// Reads what is to be known of the account, in no region and in each.
    pub(super) async fn account_facts(
        &mut self,
        recorders: &BTreeMap<String, Result<Recorders, Refusal>>,
    ) -> Result<(), Error> {
        if !self.is_fresh(&self.own(GLOBAL), KIND) {
            let mut facts = self.facts(GLOBAL).await?;
            facts.take("accountSummary", self.aws.account_summary().await);
            facts.take("passwordPolicy", self.aws.password_policy().await);
            facts.take("rootVirtualMfa", self.aws.root_virtual_mfa().await.map(Value::Bool));
            let block = self.aws.public_access_block(&self.account).await;
            facts.take("publicAccessBlock", block);
            let root = self.report().await.map(|report| report.root.map_or(Value::Null, Value::Object));
            facts.take("rootCredentialReport", root);
            self.keep(facts).await?;
        }
        for (region, recorders) in recorders {
            if self.is_fresh(&self.own(region), KIND) {
                continue;
            }
            let mut facts = self.facts(region).await?;
            facts.take("configRecorders", recorders.clone().map(|recorders| Value::Array(recorders.all)));
            facts.take("ebsEncryptionByDefault", self.aws.ebs_encryption_by_default(region).await.map(Value::Bool));
            facts.take("guardDutyDetectors", self.aws.guard_duty_detectors(region).await);
            facts.take("accessAnalyzers", self.aws.access_analyzers(region).await);
            facts.take("securityHub", self.aws.security_hub(region).await);
            self.keep(facts).await?;
        }
        Ok(())
    }

    /// The item as it is known, to be read anew.
    async fn facts(&self, region: &str) -> Result<Facts, Error> {
        let Scope { account, region } = self.own(region);
        let key = ItemKey { account: account.clone(), region, kind: KIND.to_owned(), id: account };
        let known = self.writer.inventory_get(self.tenant, &key, None).await?;
        let configuration: Object = known.map(|known| known.configuration).unwrap_or_default();
        let at: Instant = self.at;
        Ok(Facts {
            item: ConfigurationItem { configuration, ..ConfigurationItem::new(key, at) },
            unread: BTreeMap::new(),
        })
    }

    async fn keep(&mut self, facts: Facts) -> Result<(), Error> {
        let Facts { item, unread } = facts;
        let scope = item.scope();
        self.swept.read += 1;
        if let Err(reason) = self.put(vec![item]).await? {
            return self.doubt(&scope, &[KIND.to_owned()].into(), &reason).await;
        }
        let coverage = Coverage { scope: scope.clone(), types: [(KIND.to_owned(), self.at)].into() };
        self.writer.inventory_read(self.tenant, &coverage, &unread).await?;
        self.swept.covered += 1;
        let Scope { account, region } = scope;
        for (name, Unread { at: _, reason }) in unread {
            self.swept.unread.insert(format!("{account}/{region} {name}: {reason}"));
        }
        Ok(())
    }
}
