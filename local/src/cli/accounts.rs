//! `posture accounts`: how AWS accounts are called and whether they are scanned, in the store or through a server.

use super::door::{Door, Opened, operator};
use super::store::Absent;
use super::{Ending, Failure, print, print_all};
use clap::{Args, Subcommand};
use posture_shared::config::Settings;
use posture_shared::dialects::native::accounts as native;
use posture_shared::domain::Account;
use posture_shared::operations::{list_account_settings, set_account};
use serde_json::json;

#[derive(Args)]
pub(super) struct Accounts {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Name an account, in place of the settings that it had
    Set(Set),
    /// List the accounts that were named and those that findings are about
    List {
        #[command(flatten)]
        door: Door,
    },
}

#[derive(Args)]
struct Set {
    #[command(flatten)]
    door: Door,
    /// The account's id: 12 digits
    #[arg(value_parser = id)]
    id: String,
    /// Its name
    #[arg(long, value_name = "N", value_parser = name)]
    name: String,
    /// The group that it belongs to
    #[arg(long, value_name = "G", value_parser = name)]
    group: String,
    /// It is not scanned
    #[arg(long)]
    disabled: bool,
    /// It is kept for its history only
    #[arg(long)]
    archived: bool,
}

impl Accounts {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        match self.command {
            Command::Set(set) => set.run(settings).await?,
            Command::List { door } => match door.open(settings, Absent::Fail).await? {
                Opened::Store(open, tenant) => {
                    for account in list_account_settings(&open.app.writer, &operator(tenant)).await? {
                        print(&native::shown(&account))?;
                    }
                }
                Opened::Server(server) => {
                    print_all(&server.web.send("GET", &server.path("accounts"), b"").await?, "accounts")?;
                }
            },
        }
        Ok(Ending::Done)
    }
}

impl Set {
    async fn run(self, settings: &Settings) -> Result<(), Failure> {
        let Self { door, id, name, group, disabled, archived } = self;
        let account = Account { id, name: Some(name), group, enabled: !disabled, archived };
        match door.open(settings, Absent::Make).await? {
            Opened::Store(open, tenant) => {
                set_account(&open.app.writer, &operator(tenant), &account).await?;
                print(&native::shown(&account))?;
            }
            Opened::Server(server) => {
                let Account { id, name, group, enabled, archived } = account;
                let body = json!({"name": name, "group": group, "enabled": enabled, "archived": archived});
                let path = server.path(&format!("accounts/{id}"));
                print(&server.web.send("PUT", &path, body.to_string().as_bytes()).await?)?;
            }
        }
        Ok(())
    }
}

fn id(text: &str) -> Result<String, String> {
    if Account::is_id(text) { Ok(text.to_owned()) } else { Err("must have 12 digits".to_owned()) }
}

fn name(text: &str) -> Result<String, String> {
    Account::check_name("it", text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}
