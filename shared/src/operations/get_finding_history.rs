//! A finding's history: the differences between its consecutive documents, newest first.

use super::answer_size::{PAGE_BYTES, text_in_answer};
use super::cursor::{foreign, take};
use crate::domain::{Error, FindingKey, HistoryRecord, Instant, TenantId};
use crate::ledger::{Reader, When};
use crate::seal::Seal;

/// What a record takes in an answer beside its texts.
const RECORD_BYTES: usize = 300;
/// What a changed field takes beside its texts.
const CHANGE_BYTES: usize = 80;

/// A question for a page of a finding's history.
#[derive(Debug, Clone)]
pub struct HistoryQuery {
    /// The finding.
    pub key: FindingKey,
    /// Only records from then on.
    pub from: Option<Instant>,
    /// Only records up to then.
    pub to: Option<Instant>,
    /// Records of a page.
    pub limit: usize,
    /// The token of the page, if it is not the first.
    pub token: Option<String>,
    /// Of finding and interval; a token is good for the same ones only.
    pub fingerprint: [u8; 32],
}

/// A page of a finding's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// The records, newest first.
    pub records: Vec<HistoryRecord>,
    /// The token of the next page; `None` after the last.
    pub next: Option<String>,
}

impl HistoryQuery {
    /// The same question, of the history as it was in a state.
    #[must_use]
    pub fn as_of(mut self, when: When) -> Self {
        if let When::At(at) | When::Pinned { at, .. } = when {
            self.to = Some(self.to.map_or(at, |to| to.min(at)));
        }
        self
    }
}

/// A page of a finding's history; empty for a finding that was never seen. Two rounds, whatever the tenant's size.
///
/// A page may be short, even empty, and still have a token: documents that differ only in our own fields make no
/// record. Tokens never repeat, since each names an earlier instant than the one before.
pub async fn get_finding_history(
    reader: &Reader,
    tenant: &TenantId,
    query: &HistoryQuery,
) -> Result<HistoryPage, Error> {
    let seal = Seal::new(reader.masters(), tenant, "history");
    let before = match &query.token {
        Some(token) => Some(open(&seal, token, &query.fingerprint).ok_or_else(|| foreign("NextToken"))?),
        None => None,
    };
    let interval = (query.from, query.to);
    let mut history = reader.history(tenant, &query.key, interval, before, query.limit).await?;
    let mut bytes = 0;
    let beyond = history.records.iter().position(|record| {
        bytes += size(&query.key, record);
        bytes > PAGE_BYTES
    });
    if let Some(place) = beyond.map(|place| place.max(1))
        && place < history.records.len()
    {
        history.records.truncate(place);
        history.before = history.records.last().map(|record| record.at);
    }
    let next = history.before.map(|at| {
        let mut bytes = at.0.to_be_bytes().to_vec();
        bytes.extend(query.fingerprint);
        seal.seal(&bytes)
    });
    Ok(HistoryPage { records: history.records, next })
}

fn open(seal: &Seal, token: &str, fingerprint: &[u8; 32]) -> Option<Instant> {
    let bytes = seal.open(token)?;
    let mut rest = bytes.as_slice();
    let at = Instant(i64::from_be_bytes(take(&mut rest)?));
    (rest == fingerprint).then_some(at)
}

fn size(key: &FindingKey, record: &HistoryRecord) -> usize {
    let changes = record.changes.iter().map(|change| {
        let texts = [Some(&change.path), change.old.as_ref(), change.new.as_ref()];
        CHANGE_BYTES + texts.into_iter().flatten().map(|text| text_in_answer(text)).sum::<usize>()
    });
    let own = [&key.product_arn, &key.id, &record.actor.identity].map(|text| text_in_answer(text));
    RECORD_BYTES + own.iter().sum::<usize>() + changes.sum::<usize>()
}
