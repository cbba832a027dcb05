//! `posture keys`: make, list and revoke keys, in the store or through a server.

use super::door::{Door, Opened};
use super::store::Absent;
use super::{Ending, Failure, print, print_all};
use clap::{Args, Subcommand};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posture_shared::auth::{Wish, create_key, list_keys, revoke_key};
use posture_shared::config::Settings;
use posture_shared::dialects::native::keys as native;
use posture_shared::domain::{Account, Instant, KeyRecord, Scope};
use serde_json::json;
use std::collections::BTreeSet;

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
        door: Door,
    },
    /// Revoke a key: it is refused from now on
    Revoke {
        #[command(flatten)]
        door: Door,
        /// The key's name
        name: String,
    },
}

#[derive(Args)]
struct Create {
    #[command(flatten)]
    door: Door,
    /// What it may do: findings:read, findings:write, findings:import, audit:run, admin
    #[arg(long, value_delimiter = ',', required = true, value_parser = scope)]
    scopes: Vec<Scope>,
    /// The AWS accounts that it is good for; any when left out
    #[arg(long, value_delimiter = ',', value_parser = account)]
    accounts: Option<Vec<String>>,
    /// Its name
    #[arg(long, default_value = "key", value_parser = name)]
    name: String,
    /// When it ends: an instant, or a date, which is its last day in UTC
    #[arg(long, value_name = "DATE", value_parser = end)]
    expires: Option<Instant>,
    /// How many requests a minute it is good for
    #[arg(long, value_name = "N", value_parser = rate)]
    rate_per_minute: Option<u32>,
}

impl Keys {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        match self.command {
            Command::Create(create) => create.run(settings).await?,
            Command::List { door } => match door.open(settings, Absent::Fail).await? {
                Opened::Store(open, tenant) => {
                    for record in list_keys(&open.app.writer, &tenant).await? {
                        print(&native::shown(&record))?;
                    }
                }
                Opened::Server(server) => {
                    print_all(&server.web.send("GET", &server.path("keys"), b"").await?, "keys")?;
                }
            },
            Command::Revoke { door, name } => match door.open(settings, Absent::Fail).await? {
                Opened::Store(open, tenant) => {
                    print(&native::shown(&revoke_key(&open.app.writer, &tenant, None, &name).await?))?;
                }
                Opened::Server(server) => {
                    let path = server.path(&format!("keys/{}", utf8_percent_encode(&name, NON_ALPHANUMERIC)));
                    print(&server.web.send("DELETE", &path, b"").await?)?;
                }
            },
        }
        Ok(Ending::Done)
    }
}

impl Create {
    async fn run(self, settings: &Settings) -> Result<(), Failure> {
        let Self { door, scopes, accounts, name, expires, rate_per_minute } = self;
        let (scopes, accounts) = (BTreeSet::from_iter(scopes), accounts.map(BTreeSet::from_iter));
        match door.open(settings, Absent::Make).await? {
            Opened::Store(open, tenant) => {
                let wish = Wish { name, scopes, accounts, expires_at: expires, rate_per_minute };
                let credentials = create_key(&open.app.writer, &tenant, None, wish).await?;
                print(&json!({"tenant": tenant.as_str(), "key": credentials}))?;
            }
            Opened::Server(server) => {
                let scopes: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
                let body = json!({
                    "name": name,
                    "scopes": scopes,
                    "accounts": accounts,
                    "expires": expires.map(|end| end.to_string()),
                    "rate_per_minute": rate_per_minute,
                });
                print(&server.web.send("POST", &server.path("keys"), body.to_string().as_bytes()).await?)?;
            }
        }
        Ok(())
    }
}

fn scope(text: &str) -> Result<Scope, String> {
    native::scope(text).map_err(|error| error.to_string())
}

fn account(text: &str) -> Result<String, String> {
    if Account::is_id(text) { Ok(text.to_owned()) } else { Err("must have 12 digits".to_owned()) }
}

fn name(text: &str) -> Result<String, String> {
    KeyRecord::check_name(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

fn end(text: &str) -> Result<Instant, String> {
    native::end(text).map_err(|error| error.to_string())
}

fn rate(text: &str) -> Result<u32, String> {
    let number = text.parse().map_err(|_| "is no number".to_owned())?;
    native::rate(number).map_err(|error| error.to_string())
}
