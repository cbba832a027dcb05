//! Requests for rules, resources, frameworks and accounts: alike but for what their ids are (CONTRACTS 4.4).
//!
//! The contract names no parameters for these lists. They take `id`, as `/cspm/checks` does, page by page like it, and
//! come by ascending ids.

use super::cursor::{Endpoint, PageRequest};
use super::parameters::{AS_OF, PAGE_CURSOR, PAGE_LIMIT, Parameter, Takes, parameter};
use crate::domain::{AsOf, Error, Uid};
use crate::seal::Seal;
use std::collections::BTreeSet;

/// The parameters of a list whose ids are UUIDs.
pub const BY_UID: &[Parameter] = &[parameter("id", Takes::Uids), PAGE_CURSOR, PAGE_LIMIT, AS_OF];
/// The parameters of a list whose ids are texts.
pub const BY_TEXT: &[Parameter] = &[parameter("id", Takes::Texts), PAGE_CURSOR, PAGE_LIMIT, AS_OF];

/// A request for a page.
#[derive(Debug, Clone)]
pub struct List {
    /// The page.
    pub page: PageRequest,
    /// Only those of these ids.
    pub ids: Option<BTreeSet<String>>,
}

/// A request for one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct One {
    /// Its id.
    pub id: String,
    /// As of when.
    pub as_of: Option<AsOf>,
}

/// Reads decoded pairs of a query; [`Error::Invalid`] names the parameter at fault.
pub fn parse(endpoint: &'static Endpoint, pairs: &[(String, String)], seal: &Seal) -> Result<List, Error> {
    let page = PageRequest::parse(endpoint, pairs, seal)?;
    let ids: BTreeSet<String> = page.values.list("id").iter().cloned().collect();
    Ok(List { page, ids: Some(ids).filter(|ids| !ids.is_empty()) })
}

/// Reads the `{id}` of a path that is a UUID, and decoded pairs of a query. What is no UUID is the id of nothing.
pub fn parse_one(id: &str, pairs: &[(String, String)]) -> Result<One, Error> {
    let as_of = super::get_check::state(pairs)?;
    Ok(One { id: Uid::parse(id).map_or_else(String::new, |uid| uid.to_string()), as_of })
}

/// Reads the `{id}` of a path that is any text, and decoded pairs of a query.
pub fn parse_text(id: &str, pairs: &[(String, String)]) -> Result<One, Error> {
    Ok(One { id: id.to_owned(), as_of: super::get_check::state(pairs)? })
}

/// The error for something that is not there.
pub fn absent(kind: &str) -> Error {
    Error::NotFound(format!("there is no such {kind}"))
}
