//! Who is asking.

use super::TenantId;
use std::collections::BTreeSet;

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant that the key belongs to.
    pub tenant: TenantId,
    /// The key's name.
    pub key_name: String,
    /// What the key may do.
    pub scopes: BTreeSet<Scope>,
    /// The AWS accounts that the key is good for; `None` means any.
    pub accounts: Option<BTreeSet<String>>,
    /// The region of a SigV4 credential scope, when the request was so signed.
    pub region: Option<String>,
}

/// A right that a key can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// `findings:read`
    FindingsRead,
    /// `findings:write`
    FindingsWrite,
    /// `findings:import`
    FindingsImport,
    /// `audit:run`
    AuditRun,
    /// `admin`: everything.
    Admin,
}

impl Scope {
    /// Every scope with its name.
    pub const NAMES: &'static [(Self, &'static str)] = &[
        (Self::FindingsRead, "findings:read"),
        (Self::FindingsWrite, "findings:write"),
        (Self::FindingsImport, "findings:import"),
        (Self::AuditRun, "audit:run"),
        (Self::Admin, "admin"),
    ];

    /// The scope of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n)| *n == name).map(|(scope, _)| *scope)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(scope, _)| *scope == self).map_or("", |(_, name)| name)
    }
}

impl Caller {
    /// The identity that a change by this caller is recorded under.
    pub fn identity(&self) -> String {
        format!("arn:posture-ledger:key:{}:{}", self.tenant, self.key_name)
    }

    /// Whether the caller may do what `scope` guards.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    /// Whether the key is good for an AWS account.
    pub fn may_name_account(&self, account: &str) -> bool {
        self.accounts.as_ref().is_none_or(|accounts| accounts.contains(account))
    }
}
