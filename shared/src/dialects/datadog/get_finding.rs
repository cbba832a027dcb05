//! `GET /api/v2/posture_management/findings/{finding_id}`: one finding with all that is known
//! (datadog-posture-management-findings, Get a finding's details).
//!
//! `data.id` of the beta is the finding's, as that inside is. `resource_configuration` is what ASFF calls the first
//! resource's Details, with the account and region beside it.

use super::super::Reply;
use super::finding::{self, Listed};
use super::message;
use super::parameters::Parameters;
use super::shape::{Asked, Shape, answer};
use crate::domain::json::{self, Object};
use crate::domain::{AsOf, Error, Resource, Uid};
use serde_json::{Value, json};

/// The path's parameter.
pub const FIELD: &str = "finding_id";

/// A request for one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetFinding {
    /// In which shape the answer is.
    pub shape: Shape,
    /// Which one.
    pub uid: Uid,
    /// The state that is asked for, if not the newest.
    pub as_of: Option<AsOf>,
    /// The parameter that says which state.
    pub as_of_field: &'static str,
    is_below_prefix: bool,
}

/// Reads a decoded id and what came with it. [`Error::Invalid`] names the parameter at fault; what is no uid is
/// [`Error::NotFound`].
pub fn parse(id: &str, asked: &Asked<'_>) -> Result<GetFinding, Error> {
    let (as_of_field, as_of) = Parameters::of_get(asked)?.as_of()?;
    let uid = Uid::parse(id).or_else(|| Uid::parse_simple(id)).ok_or_else(not_found)?;
    Ok(GetFinding { shape: asked.shape(), uid, as_of, as_of_field, is_below_prefix: asked.is_below_prefix() })
}

/// [`Error::NotFound`], the same for whatever is not there (CONTRACTS 3.3, Errors).
pub fn not_found() -> Error {
    Error::NotFound("finding not found".to_owned())
}

/// The finding; [`Error::NotFound`] for one that is none here.
pub fn render(request: &GetFinding, shown: &Listed<'_>) -> Result<Reply, Error> {
    let Listed { uid, finding } = shown;
    if !finding::is_listed(&finding.standing) {
        return Err(not_found());
    }
    let mut all = finding::attributes(finding, request.shape);
    all.insert("message".to_owned(), json!(message::of(&finding.asff)));
    all.insert("resource_configuration".to_owned(), Value::Object(configuration(&finding.asff)));
    let id = json!(uid.to_string());
    let data = match request.shape {
        Shape::Beta => {
            all.insert("id".to_owned(), id.clone());
            json!({"id": id, "type": "posture_management_fetch_finding_resp", "attributes": {"finding": all}})
        }
        Shape::Ga => json!({"id": id, "type": "detailed_finding", "attributes": all}),
    };
    Ok(answer(request.shape, request.is_below_prefix, &json!({"data": data})))
}

fn configuration(asff: &Object) -> Object {
    let first = asff.get("Resources").and_then(Value::as_array).and_then(|resources| resources.first());
    let details = first.and_then(|resource| resource.get("Details")).and_then(Value::as_object);
    let mut all = details.cloned().unwrap_or_default();
    if let Some(account) = json::text_at(asff, "AwsAccountId") {
        all.entry("account_id").or_insert_with(|| json!(account));
    }
    all.entry("region").or_insert_with(|| json!(Resource::of(asff).region));
    all
}
