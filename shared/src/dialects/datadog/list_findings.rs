//! `GET /api/v2/posture_management/findings`: pages of findings (datadog-posture-management-findings, Get a list of
//! findings).
//!
//! `data.id` of the beta names the page: the state, the question and the place.

use super::super::Reply;
use super::filters;
use super::finding::{self, Listed};
use super::parameters::Parameters;
use super::shape::{Asked, Shape, answer};
use super::uuid;
use crate::domain::query::{Filter, SortKey};
use crate::domain::{AsOf, Column, Error};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A request for a page.
#[derive(Debug, Clone)]
pub struct ListFindings {
    /// In which shape the answer is.
    pub shape: Shape,
    /// Which findings.
    pub filter: Filter,
    /// In which order; ties go by uid.
    pub sort: Vec<SortKey>,
    /// Findings of a page, 1 to 1,000.
    pub limit: u32,
    /// The page's cursor, if it is not the first.
    pub token: Option<String>,
    /// The parameter that carries the cursor.
    pub token_field: &'static str,
    /// What every page of a walk must repeat.
    pub fingerprint: [u8; 32],
    /// The state that is asked for, if not the newest.
    pub as_of: Option<AsOf>,
    /// The parameter that says which state.
    pub as_of_field: &'static str,
    /// Whether rows have more members.
    detailed: bool,
    is_below_prefix: bool,
}

/// A page, as it was answered.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// Its findings.
    pub findings: Vec<Listed<'a>>,
    /// How many findings the filter finds.
    pub total: u32,
    /// How many come before the page.
    pub start: u32,
    /// The next page's cursor.
    pub next: Option<&'a str>,
    /// The state.
    pub as_of: AsOf,
}

/// Reads a request; [`Error::Invalid`] names the parameter at fault.
pub fn parse(asked: &Asked<'_>) -> Result<ListFindings, Error> {
    let parameters = Parameters::of_list(asked)?;
    let (token_field, token) = parameters.cursor()?;
    let (as_of_field, as_of) = parameters.as_of()?;
    Ok(ListFindings {
        shape: asked.shape(),
        filter: filters::parse(parameters)?,
        sort: vec![SortKey { column: Column::Severity, descending: true }],
        limit: parameters.limit()?,
        token: token.map(str::to_owned),
        token_field,
        fingerprint: fingerprint(parameters),
        as_of,
        as_of_field,
        detailed: parameters.detailed()?,
        is_below_prefix: asked.is_below_prefix(),
    })
}

/// SHA-256 over the filters, whatever their order.
fn fingerprint(parameters: Parameters<'_>) -> [u8; 32] {
    let mut filters: Vec<(&str, &str)> = parameters.pairs().filter(|(name, _)| name.starts_with("filter[")).collect();
    filters.sort_unstable();
    let mut hash = Sha256::new();
    for part in filters.into_iter().flat_map(|(name, value)| [name, value]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// The answer.
pub fn render(request: &ListFindings, page: &Page<'_>) -> Reply {
    let Page { findings, total, start, next, as_of } = page;
    let rows = findings.iter().map(|shown| finding::listed(shown, request.shape, request.detailed));
    let rows: Vec<Value> = rows.collect();
    let data = match request.shape {
        Shape::Beta => {
            let id = uuid::of(&[as_of.to_string().as_bytes(), &request.fingerprint, &start.to_be_bytes()]);
            json!({"id": id, "type": "posture_management_list_findings_resp", "attributes": {"findings": rows}})
        }
        Shape::Ga => Value::Array(rows),
    };
    let mut meta = json!({"page": {"total_filtered_count": total}, "snapshot_timestamp": as_of.at.0.max(1)});
    if let (Some(next), Some(Value::Object(page))) = (next, meta.pointer_mut("/page")) {
        page.insert("cursor".to_owned(), json!(next));
    }
    answer(request.shape, request.is_below_prefix, &json!({"data": data, "meta": meta}))
}
