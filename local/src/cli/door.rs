//! By which door a command goes in: into a store that it opens itself, or through a server with a key of scope admin.

use super::store::{AnyPlace, Open};
use super::tenant;
use super::web::Web;
use clap::Args;
use posture_shared::auth::{SignedRequest, locate};
use posture_shared::config::Settings;
use posture_shared::domain::{Caller, Error, Scope, TenantId};

#[derive(Args, Clone)]
pub(super) struct Door {
    #[command(flatten)]
    place: AnyPlace,
    /// Go through this server instead of opening a store
    #[arg(long, conflicts_with_all = ["data", "endpoint_url", "table"])]
    url: Option<String>,
    /// The token of a key of scope admin, for --url; POSTURE_TOKEN when left out
    #[arg(long, requires = "url")]
    token: Option<String>,
    /// The tenant; with --url that of the token, else POSTURE_TENANT or `default`
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
    pub(super) async fn open(&self, settings: &Settings) -> Result<Opened, Error> {
        let Some(url) = &self.url else {
            let open = self.place.open(settings).await?;
            let tenant = self.tenant.clone().unwrap_or_else(|| open.app.tenant.clone());
            return Ok(Opened::Store(Box::new(open), tenant));
        };
        let token = self.token.as_ref().or(settings.token.as_ref());
        let token = token.ok_or_else(|| Error::invalid("--token", "give it, or set POSTURE_TOKEN"))?;
        let own = tenant_of(token)?;
        let tenant = self.tenant.clone().unwrap_or(own);
        Ok(Opened::Server(Server { web: Web::new(url, token), tenant }))
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

/// The tenant that a token names.
pub(super) fn tenant_of(token: &str) -> Result<TenantId, Error> {
    let headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
    let presented = locate(&SignedRequest { headers, ..SignedRequest::default() });
    Ok(presented.map_err(|_| Error::invalid("--token", "is no token of Posture Ledger"))?.tenant)
}
