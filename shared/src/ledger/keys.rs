//! Where each kind of item lies: the key of everything the ledger stores.
//!
//! Partition keys start with the tenant and a `#`, which no tenant's name can hold. Instants in keys are 15 digits
//! of milliseconds, ordinals and segment numbers 8 hexadecimal digits, so that text order is their order.

use super::item::Key;
use crate::domain::inventory::{ItemKey, Scope};
use crate::domain::{Family, FindingKey, Instant, JobKind, Ordinal, TenantId};

/// The sort key of items that are alone in their partition.
const ALONE: &str = "-";

pub(super) fn head(tenant: &TenantId) -> Key {
    alone(format!("{tenant}#head"))
}

/// How far verification in slices has come. The function that verifies may write here and nowhere else, so no other partition has
/// `#patrol` in its key.
pub(super) fn patrol(tenant: &TenantId) -> Key {
    alone(format!("{tenant}#patrol"))
}

pub(super) fn log_partition(tenant: &TenantId) -> String {
    format!("{tenant}#log")
}

pub(super) fn log_entry(tenant: &TenantId, at: Instant) -> Key {
    Key { pk: log_partition(tenant), sk: at.key() }
}

pub(super) fn finding(tenant: &TenantId, key: &FindingKey) -> Key {
    alone(format!("{}{}", finding_prefix(tenant), key.digest()))
}

/// With what the partition keys of all findings begin.
pub(super) fn finding_prefix(tenant: &TenantId) -> String {
    format!("{tenant}#finding#")
}

/// The versions of a rule. Derived from the documents, in which every finding has its version's number.
pub(super) fn rule(tenant: &TenantId, id: &str) -> Key {
    alone(format!("{}{}", rule_prefix(tenant), crate::secrets::sha256_hex(id.as_bytes())))
}

pub(super) fn rule_prefix(tenant: &TenantId) -> String {
    format!("{tenant}#rule#")
}

pub(super) fn document_partition(tenant: &TenantId, ordinal: Ordinal) -> String {
    format!("{tenant}#document#{:08x}", ordinal.0)
}

pub(super) fn document(tenant: &TenantId, ordinal: Ordinal, at: Instant) -> Key {
    Key { pk: document_partition(tenant, ordinal), sk: at.key() }
}

pub(super) fn expiry_partition(tenant: &TenantId) -> String {
    format!("{tenant}#expiry")
}

pub(super) fn expiry(tenant: &TenantId, expires_at: Instant, ordinal: Ordinal, committed_at: Instant) -> Key {
    let sk = format!("{}#{:08x}#{}", expires_at.key(), ordinal.0, committed_at.key());
    Key { pk: expiry_partition(tenant), sk }
}

pub(super) fn segment(tenant: &TenantId, number: u32, family: Family, fold: &str, part: u32) -> Key {
    Key { pk: format!("{tenant}#segment#{number:08x}#{}", family.name()), sk: format!("{fold}#{part}") }
}

pub(super) fn manifest_partition(tenant: &TenantId) -> String {
    format!("{tenant}#manifest")
}

pub(super) fn manifest(tenant: &TenantId, covered: Instant) -> Key {
    Key { pk: manifest_partition(tenant), sk: covered.key() }
}

pub(super) fn api_key_partition(tenant: &TenantId) -> String {
    format!("{tenant}#key")
}

pub(super) fn api_key(tenant: &TenantId, name: &str) -> Key {
    Key { pk: api_key_partition(tenant), sk: name.to_owned() }
}

pub(super) fn account_partition(tenant: &TenantId) -> String {
    format!("{tenant}#account")
}

pub(super) fn account(tenant: &TenantId, id: &str) -> Key {
    Key { pk: account_partition(tenant), sk: id.to_owned() }
}

pub(super) fn job_partition(tenant: &TenantId) -> String {
    format!("{tenant}#job")
}

pub(super) fn job(tenant: &TenantId, kind: JobKind) -> Key {
    Key { pk: job_partition(tenant), sk: kind.name().to_owned() }
}

pub(super) fn run_partition(tenant: &TenantId) -> String {
    format!("{tenant}#run")
}

pub(super) fn run(tenant: &TenantId, id: &str) -> Key {
    Key { pk: run_partition(tenant), sk: id.to_owned() }
}

pub(super) fn newest_run_partition(tenant: &TenantId) -> String {
    format!("{tenant}#newestrun")
}

/// Which run of an extent is the newest.
pub(super) fn newest_run(tenant: &TenantId, extent: &str) -> Key {
    Key { pk: newest_run_partition(tenant), sk: extent.to_owned() }
}

pub(super) fn own_rule_partition(tenant: &TenantId) -> String {
    format!("{tenant}#own-rule")
}

/// The versions of a rule of the tenant's own.
pub(super) fn own_rule(tenant: &TenantId, key: &str) -> Key {
    Key { pk: own_rule_partition(tenant), sk: key.to_owned() }
}

/// Whose a name is that no two of a tenant's own rules may have.
pub(super) fn own_rule_name(tenant: &TenantId, name: &str) -> Key {
    Key { pk: format!("{tenant}#own-rule-name"), sk: name.to_owned() }
}

/// The files of a version, by their digest.
pub(super) fn rule_files(tenant: &TenantId, digest: &str) -> Key {
    Key { pk: format!("{tenant}#rule-files"), sk: digest.to_owned() }
}

pub(super) fn rule_params_partition(tenant: &TenantId) -> String {
    format!("{tenant}#rule-params")
}

/// The parameters that the tenant has set for a rule.
pub(super) fn rule_params(tenant: &TenantId, key: &str) -> Key {
    Key { pk: rule_params_partition(tenant), sk: key.to_owned() }
}

/// The request that an API key has sent under a name of its own choice.
pub(super) fn once(tenant: &TenantId, key_name: &str, name: &str) -> Key {
    Key { pk: format!("{tenant}#once#{key_name}"), sk: crate::secrets::sha256_hex(name.as_bytes()) }
}

pub(super) fn terraform_partition(tenant: &TenantId) -> String {
    format!("{tenant}#terraform")
}

/// A root of Terraform, by its name.
pub(super) fn terraform(tenant: &TenantId, root: &str) -> Key {
    Key { pk: terraform_partition(tenant), sk: root.to_owned() }
}

/// A part of what a push brought.
pub(super) fn terraform_files(tenant: &TenantId, push: &str, part: u32) -> Key {
    Key { pk: format!("{tenant}#terraform-files"), sk: format!("{push}#{part:04}") }
}

/// The resources of a scope as they are.
pub(super) fn resource_partition(tenant: &TenantId, scope: &Scope) -> String {
    format!("{tenant}#resource#{}#{}", scope.account, scope.region)
}

pub(super) fn resource(tenant: &TenantId, key: &ItemKey) -> Key {
    Key { pk: resource_partition(tenant, &key.scope()), sk: key.sort_name() }
}

/// The resources of a scope as they ever were.
pub(super) fn resource_version_partition(tenant: &TenantId, scope: &Scope) -> String {
    format!("{tenant}#resource-version#{}#{}", scope.account, scope.region)
}

pub(super) fn resource_version(tenant: &TenantId, key: &ItemKey, captured_at: Instant) -> Key {
    let sk = format!("{}#{}", key.sort_name(), captured_at.key());
    Key { pk: resource_version_partition(tenant, &key.scope()), sk }
}

pub(super) fn scope_partition(tenant: &TenantId) -> String {
    format!("{tenant}#scope")
}

pub(super) fn scope(tenant: &TenantId, scope: &Scope) -> Key {
    Key { pk: scope_partition(tenant), sk: format!("{}#{}", scope.account, scope.region) }
}

pub(super) fn hub_partition(tenant: &TenantId) -> String {
    format!("{tenant}#hub")
}

/// How far the Security Hub of an account in a region has been read.
pub(super) fn hub(tenant: &TenantId, scope: &Scope) -> Key {
    Key { pk: hub_partition(tenant), sk: format!("{}#{}", scope.account, scope.region) }
}

/// How far hubs have been told of decisions made here.
pub(super) fn telling(tenant: &TenantId) -> Key {
    alone(format!("{tenant}#telling"))
}

/// The counter of one key's requests in one minute, which counts from 1970. Functions that only read may write here
/// and nowhere else, so no other partition has `#rate#` in its key.
pub(super) fn rate(tenant: &TenantId, name: &str, minute: i64) -> Key {
    Key { pk: format!("{tenant}#rate#{name}"), sk: format!("{minute:015}") }
}

/// What a model made of a finding, by a hash of which model and which finding. A function that reads findings may write here and
/// nowhere else, so no other partition has `#wording#` in its key.
pub(super) fn wording(tenant: &TenantId, name: &str) -> Key {
    alone(format!("{tenant}#wording#{name}"))
}

/// The list of tenants. Its partition is no tenant's, because no tenant's name is empty.
pub(super) const TENANT_PARTITION: &str = "#tenant";

pub(super) fn tenant(tenant: &TenantId) -> Key {
    Key { pk: TENANT_PARTITION.to_owned(), sk: tenant.as_str().to_owned() }
}

fn alone(pk: String) -> Key {
    Key { pk, sk: ALONE.to_owned() }
}
