//! `posture keys`: make, list and revoke keys in the store.

use super::store::AnyPlace;
use super::{Ending, print, tenant};
use clap::{Args, Subcommand};
use posture_functions::App;
use posture_shared::auth::mint;
use posture_shared::config::Settings;
use posture_shared::domain::{Error, Instant, KeyRecord, Scope, TenantId};
use serde_json::json;
use std::collections::BTreeSet;

const DAY_MS: i64 = 86_400_000;

#[derive(Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key and print its secrets, which are shown this once
    Create(Create),
    /// List a tenant's keys
    List {
        #[command(flatten)]
        place: AnyPlace,
        /// The keys' tenant
        #[arg(long, value_name = "T", default_value = "default", value_parser = tenant)]
        tenant: TenantId,
    },
    /// Revoke a key: it is refused from now on
    Revoke {
        #[command(flatten)]
        place: AnyPlace,
        /// The key's tenant
        #[arg(long, value_name = "T", default_value = "default", value_parser = tenant)]
        tenant: TenantId,
        /// The key's name
        name: String,
    },
}

#[derive(Args)]
struct Create {
    #[command(flatten)]
    place: AnyPlace,
    /// The key's tenant
    #[arg(long, value_name = "T", value_parser = tenant)]
    tenant: TenantId,
    /// What it may do: findings:read, findings:write, findings:import, audit:run, admin
    #[arg(long, value_delimiter = ',', required = true, value_parser = scope)]
    scopes: Vec<Scope>,
    /// The AWS accounts that it is good for; any when left out
    #[arg(long, value_delimiter = ',')]
    accounts: Option<Vec<String>>,
    /// Its name
    #[arg(long, default_value = "key")]
    name: String,
    /// When it ends: an instant, or a date, which is its last day in UTC
    #[arg(long, value_name = "DATE", value_parser = end)]
    expires: Option<Instant>,
}

impl Keys {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Error> {
        match self.command {
            Command::Create(create) => {
                let open = create.place.open(settings).await?;
                create.run(&open.app).await?;
            }
            Command::List { place, tenant } => {
                let open = place.open(settings).await?;
                for record in open.app.writer.key_list(&tenant).await? {
                    print(&shown(&record))?;
                }
            }
            Command::Revoke { place, tenant, name } => {
                let open = place.open(settings).await?;
                print(&shown(&revoke(&open.app, &tenant, &name).await?))?;
            }
        }
        Ok(Ending::Done)
    }
}

impl Create {
    async fn run(self, app: &App) -> Result<(), Error> {
        let Self { place: _, tenant, scopes, accounts, name, expires } = self;
        let (scopes, accounts) = (BTreeSet::from_iter(scopes), accounts.map(BTreeSet::from_iter));
        let (masters, now) = (app.writer.masters(), app.writer.clock().now());
        let (record, credentials) = mint(masters, &tenant, &name, scopes, accounts, expires, now)?;
        if !app.writer.key_create(&record).await? {
            return Err(Error::Conflict(format!("the tenant {tenant} has a key named {name}; choose another --name")));
        }
        print(&json!({"tenant": tenant.as_str(), "key": credentials}))
    }
}

async fn revoke(app: &App, tenant: &TenantId, name: &str) -> Result<KeyRecord, Error> {
    let record = app.writer.key_get(tenant, name).await?;
    let mut record = record.ok_or_else(|| Error::NotFound(format!("the tenant {tenant} has no key named {name}")))?;
    record.revoked_at = record.revoked_at.or(Some(app.writer.clock().now()));
    app.writer.key_replace(&record).await?;
    Ok(record)
}

/// What may be shown of a key at any time.
fn shown(record: &KeyRecord) -> serde_json::Value {
    let scopes: Vec<&str> = record.scopes.iter().map(|scope| scope.name()).collect();
    let at = |instant: Option<Instant>| instant.map(|instant| instant.to_string());
    json!({
        "tenant": record.tenant.as_str(),
        "name": record.name,
        "scopes": scopes,
        "accounts": record.accounts,
        "created_at": record.created_at.to_string(),
        "expires_at": at(record.expires_at),
        "revoked_at": at(record.revoked_at),
    })
}

fn scope(text: &str) -> Result<Scope, String> {
    let names = || Scope::NAMES.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
    Scope::named(text).ok_or_else(|| format!("must be one of {}", names()))
}

/// The end of a key: an instant, or the end of a day.
fn end(text: &str) -> Result<Instant, String> {
    let of_day = || Instant::parse_aws(&format!("{text}T00:00:00Z")).map(|start| start.plus(DAY_MS));
    let end = Instant::parse_aws(text).or_else(of_day);
    end.ok_or_else(|| "is neither a date such as 2024-01-31 nor an instant such as 2024-01-31T12:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::end;
    use posture_shared::domain::Instant;

    #[test]
    fn a_date_is_the_last_day() {
        assert_eq!(end("2019-01-31"), Ok(Instant(1_548_979_200_000)));
        assert_eq!(end("2019-01-31T23:00:00Z"), Ok(Instant(1_548_975_600_000)));
        assert!(end("2019-02-30").is_err() && end("soon").is_err());
    }
}
