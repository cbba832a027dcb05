//! Lists findings: filter, exact total, order and pages, on the columns as of one instant.

use super::PAGE_BYTES;
use super::cursor::Cursor;
use crate::domain::query::{Filter, SortKey};
use crate::domain::{Error, Family, FindingKey, Ordinal, TenantId, json};
use crate::ledger::{Found, Need, Reader, View, When};
use serde_json::Value;
use std::collections::BTreeSet;

/// Documents that one request may test for clauses that columns do not answer.
const TESTED: usize = 500;
/// Documents read at a time while testing.
const CHUNK: usize = 100;

/// A question for a page of findings.
#[derive(Debug, Clone)]
pub struct FindingsQuery {
    /// Which findings.
    pub filter: Filter,
    /// In which order; ties and no order at all go by first sight.
    pub sort: Vec<SortKey>,
    /// Rows of a page.
    pub limit: usize,
    /// The token of the page, if it is not the first.
    pub token: Option<String>,
    /// Of filter and order; a token is good for the same one only.
    pub fingerprint: [u8; 32],
    /// As of when, without a token.
    pub when: When,
    /// The member that carries the token, for errors.
    pub token_field: &'static str,
}

/// A page of findings.
#[derive(Debug, Clone)]
pub struct FindingsPage {
    /// The findings, evaluated at the view's instant.
    pub findings: Vec<Found>,
    /// How many pass the columnar clauses in all.
    pub total: u32,
    /// The token of the next page; `None` after the last.
    pub next: Option<String>,
    /// The state that was asked.
    pub view: View,
}

/// A page of findings. Costs one round for the log and one for the page's documents when warm.
///
/// With clauses that only documents answer, at most 500 candidates are read; the page then ends early with a token,
/// and the total counts candidates.
pub async fn get_findings(reader: &Reader, tenant: &TenantId, query: &FindingsQuery) -> Result<FindingsPage, Error> {
    let cursor = match &query.token {
        Some(token) => Some(Cursor::open(reader, tenant, token, &query.fingerprint, query.token_field)?),
        None => None,
    };
    let when = cursor.map_or(query.when, |cursor| cursor.when());
    let view = reader.view(tenant, when, &need(query)).await?;
    let mut candidates = view.select(&query.filter)?;
    view.sort(&mut candidates, &query.sort)?;
    let total = u32::try_from(candidates.len()).unwrap_or(u32::MAX);
    let cursor = cursor.unwrap_or_else(|| Cursor::start(&view, query.fingerprint, total));
    let start = cursor.position as usize;
    let rest = candidates.get(start..).unwrap_or_default();
    let (findings, passed) = if query.filter.residual().next().is_none() {
        let page = rest.get(..query.limit.min(rest.len())).unwrap_or_default();
        let mut findings = reader.documents(tenant, &view, page).await?;
        let fitting = fitting(&findings);
        findings.truncate(fitting);
        (findings, fitting)
    } else {
        tested(reader, tenant, &view, query, rest).await?
    };
    let position = start + passed;
    let next = (position < candidates.len()).then(|| {
        let position = u32::try_from(position).unwrap_or(u32::MAX);
        Cursor { position, ..cursor }.seal(reader, tenant)
    });
    Ok(FindingsPage { findings, total: cursor.total, next, view })
}

/// One finding by its producer's identity, as of an instant.
pub async fn get_finding(
    reader: &Reader,
    tenant: &TenantId,
    key: &FindingKey,
    when: When,
) -> Result<Option<Found>, Error> {
    reader.finding(tenant, key, when).await
}

/// The columns that a query reads: those of its clauses and order, and those that every page is rendered with.
fn need(query: &FindingsQuery) -> Need {
    let mut families = BTreeSet::from([Family::Core, Family::Seen]);
    families.extend(query.filter.columnar().map(|(column, _)| column.family()));
    families.extend(query.sort.iter().map(|key| key.column.family()));
    Need::all(families)
}

/// Reads candidates until the page is full or enough were tested; how many were passed.
async fn tested(
    reader: &Reader,
    tenant: &TenantId,
    view: &View,
    query: &FindingsQuery,
    candidates: &[Ordinal],
) -> Result<(Vec<Found>, usize), Error> {
    let mut page = Vec::new();
    let mut passed = 0;
    let mut bytes = 0;
    for chunk in candidates.get(..TESTED.min(candidates.len())).unwrap_or_default().chunks(CHUNK) {
        for found in reader.documents(tenant, view, chunk).await? {
            let accepted =
                query.filter.residual().all(|(field, test)| test.accepts(&(field.of)(&found.finding), view.at));
            if accepted {
                let size = size(&found);
                if !page.is_empty() && bytes + size > PAGE_BYTES {
                    return Ok((page, passed));
                }
                bytes += size;
                page.push(found);
            }
            passed += 1;
            if page.len() == query.limit {
                return Ok((page, passed));
            }
        }
    }
    Ok((page, passed))
}

/// How many findings fit into an answer; at least one.
fn fitting(findings: &[Found]) -> usize {
    let mut bytes = 0;
    let beyond = findings.iter().position(|found| {
        bytes += size(found);
        bytes > PAGE_BYTES
    });
    beyond.map_or(findings.len(), |place| place.max(1))
}

fn size(found: &Found) -> usize {
    json::canonical(&Value::Object(found.finding.asff.clone())).len()
}
