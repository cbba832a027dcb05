//! By which door a command goes in: into a store that it opens itself, or through a server with a key of scope admin.

use super::store::{Absent, AnyPlace, Open};
use super::web::Web;
use super::{Failure, tenant};
use clap::Args;
use posture_shared::auth::{SignedRequest, locate};
use posture_shared::config::Settings;
use posture_shared::domain::{Caller, Scope, TenantId};

#[derive(Args, Clone)]
pub(super) struct Door {
    #[command(flatten)]
    place: AnyPlace,
    /// Go through this server instead of opening a store; POSTURE_URL when neither it nor a store is named
    #[arg(long, conflicts_with_all = ["data", "endpoint_url", "table"])]
    url: Option<String>,
    /// The token of a key of scope admin, for the server; POSTURE_TOKEN when left out
    #[arg(long, conflicts_with_all = ["data", "endpoint_url", "table"])]
    token: Option<String>,
    /// The tenant; with a server that of the token, else POSTURE_TENANT or `default`
    #[arg(long, value_name = "T", value_parser = tenant)]
    tenant: Option<TenantId>,
}

/// An open door, and the tenant behind it.
pub(super) enum Opened {
    Store(Box<Open>, TenantId),
    Server(Server),
}

/// A server's routes for one tenant.
pub(super) struct Server {
    pub web: Web,
    pub tenant: TenantId,
}

impl Door {
    /// Whether arguments or settings say where to go in.
    pub(super) fn is_named(&self, settings: &Settings) -> bool {
        self.place.is_named() || self.url.is_some() || settings.url.is_some()
    }

    /// Opens the door; `absent` says what becomes of a store that is not there.
    pub(super) async fn open(&self, settings: &Settings, absent: Absent) -> Result<Opened, Failure> {
        let set = settings.url.as_ref().filter(|_| !self.place.is_named());
        let Some(url) = self.url.as_ref().or(set) else {
            if self.token.is_some() {
                return Err(Failure::usage("--token", "is for a server: give --url too, or set POSTURE_URL"));
            }
            let open = self.place.open(settings, absent).await?;
            let tenant = self.tenant.clone().unwrap_or_else(|| open.app.tenant.clone());
            return Ok(Opened::Store(Box::new(open), tenant));
        };
        let (web, own) = web(Some(url), self.token.as_ref(), settings)?;
        Ok(Opened::Server(Server { web, tenant: self.tenant.clone().unwrap_or(own) }))
    }
}

impl Server {
    /// The path of one of the tenant's routes.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/api/v1/tenants/{}/{rest}", self.tenant)
    }
}

/// Who holds the store itself: nothing in it is closed to them.
pub(super) fn operator(tenant: TenantId) -> Caller {
    let scopes = [Scope::Admin].into();
    Caller { tenant, key_name: "operator".to_owned(), scopes, accounts: None, region: None }
}

/// A server as arguments or settings name it, and the tenant that the token names.
pub(super) fn web(
    url: Option<&String>,
    token: Option<&String>,
    settings: &Settings,
) -> Result<(Web, TenantId), Failure> {
    let missing = |argument: &str, variable: &str| Failure::usage(argument, format_args!("give it, or set {variable}"));
    let url = url.or(settings.url.as_ref()).ok_or_else(|| missing("--url", "POSTURE_URL"))?;
    let token = token.or(settings.token.as_ref()).ok_or_else(|| missing("--token", "POSTURE_TOKEN"))?;
    let headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
    let presented = locate(&SignedRequest { headers, ..SignedRequest::default() });
    let presented = presented.map_err(|_| Failure::usage("--token", "is no token of Posture Ledger"))?;
    if !Web::is_url(url) {
        return Err(Failure::usage("--url", format_args!("{url} is no URL of a server")));
    }
    Ok((Web::new(url, token), presented.tenant))
}
