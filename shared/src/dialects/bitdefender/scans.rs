//! `GET /v1/setting/scans` and `/v1/setting/scans/{id}`: AWS accounts as what is scanned (CONTRACTS 4.4).
//!
//! `target` is the account's id. `created_at` is when its first finding was first seen, and null before.

use super::cursor::Endpoint;
use super::envelope::related;
use super::limits::DEFAULT_ROWS;
use super::listing::BY_UID;
use super::parameters::zoned;
use crate::domain::{Account, Instant, Uid};
use serde_json::{Value, json};

/// The list.
pub static SCANS: Endpoint = Endpoint { path: "/v1/setting/scans", parameters: BY_UID, default_rows: DEFAULT_ROWS };

/// An account under the name that it is shown with.
pub fn scan(id: &str, account: &Account, name: &str, group: Uid, since: Option<Instant>, base: &str) -> Value {
    let Account { id: target, name: _, group: _, enabled, archived } = account;
    json!({
        "id": id,
        "type": "scan",
        "attributes": {
            "name": name,
            "target": target,
            "is_enabled": enabled,
            "is_archived": archived,
            "created_at": since.map(zoned),
        },
        "relationships": {"scan_group": related("scan_group", &group.to_string())},
        "links": {"self": format!("{base}{}/{id}", SCANS.path)},
    })
}
