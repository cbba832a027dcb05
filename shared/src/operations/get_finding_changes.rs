//! Net changes over an interval: one row per finding whose state at its end differs from that just before it began.
//!
//! The log's own before and after values tell what changed; documents are read for the rows of the page only. Where the log of the interval
//! is long, as where a tenant came within it, the columns before and after it are compared instead: they take microseconds a finding, and an
//! entry some tens for each of its changes. An acceptance that ends within the interval is a change at that instant, whether or not a job has
//! recorded it.

use super::cursor::{Cursor, from_member};
use super::get_findings::{Room, RowSize};
use super::question::{Opened, Question};
use crate::domain::query::{Clause, Filter, InstantRange, Test};
use crate::domain::{Column, Error, Family, Instant, NetChange, NetKind, Ordinal, Severity, TenantId, net};
use crate::ledger::{Former, Found, Need, Reader, View, When};
use std::collections::{BTreeMap, BTreeSet};

/// Stored bytes of log beyond which columns are compared: some tens of thousands of changes, and the better part of a second.
pub const MOST_LOG: usize = 4 << 20;

/// A question for a page of net changes.
#[derive(Debug, Clone)]
pub struct ChangesQuery {
    /// Of which findings, by their state at the end, and the end of the interval.
    pub question: Question,
    /// The beginning of the interval: what happened at that instant belongs to it.
    pub from: Instant,
    /// Of which kind; `None` means any.
    pub kind: Option<NetKind>,
    /// Severities of the fail that the row tells of: the one after the interval, or before it when it is resolved.
    pub severities: Option<BTreeSet<Severity>>,
    /// Bytes of log that are read before columns are compared instead; [`MOST_LOG`].
    pub most_log: usize,
    /// Rows of a page.
    pub limit: usize,
    /// What a row takes in the answer; without it, what its document takes.
    pub row_size: Option<RowSize>,
    /// The token of the page, if it is not the first.
    pub token: Option<String>,
    /// Of the whole question; a token is good for the same one only.
    pub fingerprint: [u8; 32],
    /// The member that carries the token, for errors.
    pub token_field: &'static str,
}

/// A page of net changes.
#[derive(Debug, Clone)]
pub struct ChangesPage {
    /// The changes by ascending numbers, each with its finding as of the end of the interval.
    pub changes: Vec<(NetChange, Found)>,
    /// How many there are in all.
    pub total: u32,
    /// How many rows come before this page.
    pub start: u32,
    /// The token of the next page; `None` after the last.
    pub next: Option<String>,
    /// The first change of the next page.
    pub next_begins: Option<NetChange>,
    /// What was asked.
    pub opened: Opened,
}

/// What findings were just before an interval.
enum Before {
    /// Of those that changed in it, by the log.
    Told(BTreeMap<Ordinal, Former>),
    /// Of all, by their columns.
    Held(View),
}

/// A page of net changes. Three rounds when warm: the newest log, the log of the interval, the page's documents; where that log is long, one
/// to three more for the columns before it, of which a warm process has most.
pub async fn get_finding_changes(
    reader: &Reader,
    tenant: &TenantId,
    query: &ChangesQuery,
) -> Result<ChangesPage, Error> {
    let cursor = match &query.token {
        Some(token) => Some(Cursor::read(reader, tenant, token, query.token_field)?),
        None => None,
    };
    let mut question = query.question.clone();
    question.when = cursor.map_or(question.when, |cursor| cursor.when());
    let opened = question.open(reader, tenant, [Family::Times, Family::Seen]).await;
    let opened = from_member(opened, cursor.as_ref(), query.token_field)?;
    let fingerprint = opened.fingerprint(&query.fingerprint);
    let cursor = cursor.map(|cursor| cursor.meant(&fingerprint, query.token_field)).transpose()?;
    let before = match reader.former_states(tenant, query.from, &opened.view, query.most_log).await? {
        Some(former) => Before::Told(former),
        None => {
            let just_before = When::At(query.from.plus(-1));
            Before::Held(reader.view(tenant, just_before, &Need::all([Family::Core])).await?)
        }
    };
    let changes = changes(query, &opened, &before)?;
    let total = u32::try_from(changes.len()).unwrap_or(u32::MAX);
    let cursor = cursor.unwrap_or_else(|| Cursor::start(&opened.view, fingerprint, total));
    let rest = changes.get(cursor.position as usize..).unwrap_or_default();
    let page = rest.get(..query.limit.min(rest.len())).unwrap_or_default();
    let ordinals: Vec<Ordinal> = page.iter().map(|change| change.ordinal).collect();
    let mut room = Room::new(query.row_size);
    let found = reader.documents_while(tenant, &opened.view, &ordinals, |found| room.takes(found)).await?;
    let fitting = found.len();
    let next_begins = rest.get(fitting).copied();
    let next = next_begins.map(|_| {
        let passed = u32::try_from(fitting).unwrap_or(u32::MAX);
        Cursor { position: cursor.position.saturating_add(passed), ..cursor }.seal(reader, tenant)
    });
    let changes = page.iter().copied().zip(found).collect();
    Ok(ChangesPage { changes, total: cursor.total, start: cursor.position, next, next_begins, opened })
}

/// Every net change that the query asks for, by ascending numbers.
fn changes(query: &ChangesQuery, opened: &Opened, before: &Before) -> Result<Vec<NetChange>, Error> {
    let Opened { view, filter, .. } = opened;
    let touched: Box<dyn Iterator<Item = Ordinal>> = match before {
        Before::Told(former) => {
            let mut touched: BTreeSet<Ordinal> = former.keys().copied().collect();
            touched.extend(ended(view, query.from)?);
            Box::new(touched.into_iter())
        }
        Before::Held(_) => Box::new((0..view.count()).map(Ordinal)),
    };
    let mut changes = Vec::new();
    for ordinal in touched {
        let before = match before {
            Before::Told(former) => view.judged_before(ordinal, query.from, former.get(&ordinal))?,
            Before::Held(past) if ordinal.0 < past.count() => past.judged_before(ordinal, query.from, None)?,
            Before::Held(_) => None,
        };
        let after = view.judged(ordinal)?;
        let Some(reason) = net::compare(before, after) else { continue };
        if query.kind.is_some_and(|kind| kind != reason.kind()) {
            continue;
        }
        let told = if reason.kind() == NetKind::Resolved { before } else { after };
        let is_asked = |severities: &BTreeSet<Severity>| told.is_some_and(|told| severities.contains(&told.severity));
        if !query.severities.as_ref().is_none_or(is_asked)
            || !filter.accepts_cells(&|column| view.cell(ordinal, column), view.at)?
        {
            continue;
        }
        let at = view.cell(ordinal, Column::ChangedAt)?.int().map_or(view.at, Instant);
        changes.push(NetChange { ordinal, at, reason, before, after });
    }
    Ok(changes)
}

/// The findings with an acceptance that ended between an instant and that of the view.
fn ended(view: &View, from: Instant) -> Result<Vec<Ordinal>, Error> {
    let within = Test::Instants(vec![InstantRange::Between { from: Some(from), to: Some(view.at) }]);
    view.select(&Filter::of([Clause::on(Column::ExpiresAt, within)]))
}
