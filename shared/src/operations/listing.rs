//! Pages of what findings name: rules, resources, frameworks and accounts, in the order of their ids.
//!
//! A walk stands on one state of the ledger, so its rows do not change while findings do.

use super::cursor::{Cursor, from_member};
use crate::domain::{Error, Instant, TenantId};
use crate::ledger::{Reader, View, When};
use std::collections::{BTreeMap, BTreeSet};

/// A question for a page.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// As of when, without a token.
    pub when: When,
    /// Only those of these ids.
    pub ids: Option<BTreeSet<String>>,
    /// Rows of a page.
    pub limit: usize,
    /// The token of the page, if it is not the first.
    pub token: Option<String>,
    /// Of the question; a token is good for the same one only.
    pub fingerprint: [u8; 32],
    /// The member that carries the token, for errors.
    pub token_field: &'static str,
}

/// A page.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// The rows, with their ids.
    pub rows: Vec<(String, T)>,
    /// How many there are in all.
    pub total: u32,
    /// How many rows come before this page.
    pub start: u32,
    /// The instant of the state.
    pub at: Instant,
    /// The token of the next page and the id of its first row; `None` after the last.
    pub next: Option<(String, String)>,
}

/// Where a walk stands.
pub(super) struct Walk<'a> {
    reader: &'a Reader,
    tenant: &'a TenantId,
    query: &'a ListQuery,
    cursor: Option<Cursor>,
}

impl<'a> Walk<'a> {
    /// Reads the question's token.
    pub fn open(reader: &'a Reader, tenant: &'a TenantId, query: &'a ListQuery) -> Result<Self, Error> {
        let open = |token: &String| Cursor::open(reader, tenant, token, &query.fingerprint, query.token_field);
        Ok(Self { reader, tenant, query, cursor: query.token.as_ref().map(open).transpose()? })
    }

    /// The state that it stands on.
    pub fn when(&self) -> When {
        self.cursor.map_or(self.query.when, |cursor| cursor.when())
    }

    /// What was asked of that state. Where it is gone since, the error names the member that carried the token.
    pub fn told<T>(&self, found: Result<T, Error>) -> Result<T, Error> {
        from_member(found, self.cursor.as_ref(), self.query.token_field)
    }

    /// The page's part of all rows. They are told of in [`Walk::page`].
    pub fn part<T>(&self, rows: BTreeMap<String, T>) -> Part<T> {
        let is_asked = |id: &String| self.query.ids.as_ref().is_none_or(|ids| ids.contains(id));
        let mut rows: Vec<(String, T)> = rows.into_iter().filter(|(id, _)| is_asked(id)).collect();
        let total = rows.len();
        let start = self.cursor.map_or(0, |cursor| cursor.position as usize).min(total);
        rows.drain(..start);
        let beyond = rows.get(self.query.limit).map(|(id, _)| id.clone());
        rows.truncate(self.query.limit);
        Part { rows, beyond, total: u32::try_from(total).unwrap_or(u32::MAX) }
    }

    /// The page: the first of the part's rows, of which `rows` tells as many as fit.
    pub fn page<T, U>(&self, view: &View, part: Part<T>, rows: Vec<U>) -> Listed<U> {
        let Part { rows: named, beyond, total } = part;
        let begins = named.get(rows.len()).map(|(id, _)| id.clone()).or(beyond);
        let cursor = self.cursor.unwrap_or_else(|| Cursor::start(view, self.query.fingerprint, total));
        let passed = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let next = begins.map(|begins| {
            let position = cursor.position.saturating_add(passed);
            (Cursor { position, ..cursor }.seal(self.reader, self.tenant), begins)
        });
        let rows = named.into_iter().map(|(id, _)| id).zip(rows).collect();
        Listed { rows, total: cursor.total, start: cursor.position, at: view.at, next }
    }
}

/// The rows of a page, before what they show is read.
pub(super) struct Part<T> {
    /// The rows, with their ids.
    pub rows: Vec<(String, T)>,
    beyond: Option<String>,
    total: u32,
}
