//! Lists findings: filter, exact total, order and pages, on the columns as of one instant.

use super::answer_size::{PAGE_BYTES, in_answer};
use super::cursor::{Cursor, from_member};
use super::question::{Opened, Question};
use crate::domain::query::{DerivedKey, SortKey};
use crate::domain::{Column, Error, Family, Finding, FindingKey, Ordinal, TenantId, Uid, Uids, json};
use crate::ledger::{Found, Reader, View, When};
use serde_json::Value;
use std::collections::BTreeSet;

/// Documents that one request may test for clauses that columns do not answer.
const TESTED: usize = 500;
/// Documents read at a time while testing.
const CHUNK: usize = 100;

/// What a finding's row takes in an answer, in bytes of its JSON as a text within JSON.
pub type RowSize = fn(&Finding) -> usize;

/// A question for a page of findings.
#[derive(Debug, Clone, Default)]
pub struct FindingsQuery {
    /// Which findings, and without a token as of when.
    pub question: Question,
    /// By what it is ordered before anything else.
    pub first: Option<DerivedKey>,
    /// Only the findings of these uids.
    pub among: Option<BTreeSet<Uid>>,
    /// In which order; ties and no order at all go by first sight.
    pub sort: Vec<SortKey>,
    /// Rows of a page.
    pub limit: usize,
    /// Rows before the page, without a token.
    pub start: u32,
    /// Whether a page has all its rows however large they are. Without it, it ends at 4.5 MB with a token.
    pub whole: bool,
    /// What a row takes in the answer; without it, what its document takes.
    pub row_size: Option<RowSize>,
    /// The token of the page, if it is not the first.
    pub token: Option<String>,
    /// Of filter and order; a token is good for the same one only.
    pub fingerprint: [u8; 32],
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
    /// How many rows come before this page.
    pub start: u32,
    /// The token of the next page; `None` after the last.
    pub next: Option<String>,
    /// The first finding of the next page.
    pub next_begins: Option<Ordinal>,
    /// What was asked.
    pub opened: Opened,
}

impl FindingsQuery {
    /// What must be loaded beside the filter's columns.
    pub(super) fn families(&self) -> impl Iterator<Item = Family> {
        let first = self.first.iter().flat_map(|key| key.field.columns).copied();
        self.sort.iter().map(|key| key.column).chain(first).map(Column::family).chain([Family::Seen])
    }
}

/// A page of findings. Costs one round for the log and one for the page's documents when warm.
///
/// With clauses that only documents answer, at most 500 candidates are read; the page then ends early with a token,
/// and the total counts candidates.
pub async fn get_findings(reader: &Reader, tenant: &TenantId, query: &FindingsQuery) -> Result<FindingsPage, Error> {
    let cursor = match &query.token {
        Some(token) => Some(Cursor::read(reader, tenant, token, query.token_field)?),
        None => None,
    };
    let mut question = query.question.clone();
    question.when = cursor.map_or(question.when, |cursor| cursor.when());
    let opened = question.open(reader, tenant, query.families()).await;
    let opened = from_member(opened, cursor.as_ref(), query.token_field)?;
    let fingerprint = opened.fingerprint(&query.fingerprint);
    let cursor = cursor.map(|cursor| cursor.meant(&fingerprint, query.token_field)).transpose()?;
    let view = &opened.view;
    let mut candidates = view.select(&opened.filter)?;
    if let Some(among) = &query.among {
        let uids = opened.uids()?;
        let named: BTreeSet<Ordinal> = among.iter().filter_map(|uid| uids.ordinal(*uid)).collect();
        candidates.retain(|ordinal| named.contains(ordinal));
    }
    view.sort_after(&mut candidates, query.first, &query.sort)?;
    let total = u32::try_from(candidates.len()).unwrap_or(u32::MAX);
    let cursor = cursor.unwrap_or_else(|| Cursor { position: query.start, ..Cursor::start(view, fingerprint, total) });
    let start = cursor.position as usize;
    let rest = candidates.get(start..).unwrap_or_default();
    let (findings, passed) = if opened.filter.residual().next().is_none() {
        let page = rest.get(..query.limit.min(rest.len())).unwrap_or_default();
        let mut room = Room::new(query.row_size);
        let fits = |found: &Found| query.whole || room.takes(found);
        let findings = reader.documents_while(tenant, view, page, fits).await?;
        let passed = findings.len();
        (findings, passed)
    } else {
        tested(reader, tenant, view, query, rest).await?
    };
    let next_begins = rest.get(passed).copied();
    let next = next_begins.map(|_| {
        let position = u32::try_from(start + passed).unwrap_or(u32::MAX);
        Cursor { position, ..cursor }.seal(reader, tenant)
    });
    Ok(FindingsPage { findings, total: cursor.total, start: cursor.position, next, next_begins, opened })
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

/// One finding by its uid, as of an instant, with the state that was asked; `None` for a uid that is none of this
/// tenant's. Two rounds warm, three cold; a uid that is known to be none of ours costs nothing.
pub async fn get_finding_by_uid(
    reader: &Reader,
    tenant: &TenantId,
    uid: Uid,
    when: When,
) -> Result<Option<(Found, View, Uids)>, Error> {
    if reader.uids_known(tenant).is_some_and(|uids| uids.ordinal(uid).is_none()) {
        return Ok(None);
    }
    // What is read for the number that a forged uid claims goes nowhere.
    let (uids, found) = tokio::join!(reader.uids(tenant), reader.finding_numbered(tenant, uid.claimed(), when));
    let uids = uids?;
    if uids.ordinal(uid).is_none() {
        return Ok(None);
    }
    Ok(found?.map(|(found, view)| (found, view, uids)))
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
    let mut room = Room::new(query.row_size);
    for chunk in candidates.get(..TESTED.min(candidates.len())).unwrap_or_default().chunks(CHUNK) {
        for found in reader.documents(tenant, view, chunk).await? {
            let accepted = query
                .question
                .filter
                .residual()
                .all(|(field, test)| test.accepts(&(field.of)(&found.finding), view.at));
            if accepted {
                if !room.takes(&found) {
                    return Ok((page, passed));
                }
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

/// What is left of an answer; it takes one finding at least.
pub(super) struct Room {
    row_size: RowSize,
    /// What it has taken.
    bytes: Option<usize>,
}

impl Room {
    /// An answer with nothing in it. Without `row_size` a row takes what its document takes.
    pub fn new(row_size: Option<RowSize>) -> Self {
        Self { row_size: row_size.unwrap_or(size), bytes: None }
    }

    /// Whether one more finding fits, which is then in.
    pub fn takes(&mut self, found: &Found) -> bool {
        let more = (self.row_size)(&found.finding);
        let bytes = self.bytes.map_or(more, |bytes| bytes.saturating_add(more));
        let fits = self.bytes.is_none() || bytes <= PAGE_BYTES;
        if fits {
            self.bytes = Some(bytes);
        }
        fits
    }
}

/// The bytes of a finding's document in an answer.
pub(super) fn size(finding: &Finding) -> usize {
    in_answer(&json::canonical(&Value::Object(finding.asff.clone())))
}
