//! `GET /v1/cspm/resources` and `/v1/cspm/resources/{id}`: what findings are about (CONTRACTS 4.4).
//!
//! All resources of a finding count, not only the first one. Whole accounts are none, as in checks.

use super::cursor::Endpoint;
use super::limits::DEFAULT_ROWS;
use super::listing::BY_TEXT;
use super::parameters::path_encoded;
use super::resource::Resource;
use crate::domain::Finding;
use serde_json::{Value, json};

/// The list.
pub static RESOURCES: Endpoint =
    Endpoint { path: "/v1/cspm/resources", parameters: BY_TEXT, default_rows: DEFAULT_ROWS };

/// A resource, as a finding about it tells.
pub fn resource(id: &str, finding: &Finding, base: &str) -> Value {
    let resource = Resource::named(&finding.asff, id);
    json!({
        "id": id,
        "type": "resource",
        "attributes": {
            "resource_name": resource.name(),
            "resource_region": resource.region,
            "resource_type": resource.kind,
        },
        "links": {"self": format!("{base}{}/{}", RESOURCES.path, path_encoded(id))},
    })
}
