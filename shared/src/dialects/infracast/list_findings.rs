//! `GET /api/v1/tenants/{tenantID}/findings` and `…/findings/scored`: pages of findings (infracast-findings, List
//! Findings; CONTRACTS §5, risk score).
//!
//! The scored list is the same with `risk_vector` and `risk_reasons`, and puts the greatest risk first. Both lists
//! know the sort field `risk_score`.

use super::super::Reply;
use super::filters;
use super::limits::{DEFAULT_PER_PAGE, MAX_PER_PAGE};
use super::parameters::{Parameters, no_such_word};
use super::row::{self, Listed};
use crate::domain::query::{DerivedKey, Filter, SortKey};
use crate::domain::resource::RESOURCE;
use crate::domain::{AsOf, Column, Error, MappingQuery};
use serde_json::{Value, json};

/// Which of the lists is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Findings.
    Plain,
    /// Findings with what made their risk.
    Scored,
}

/// A request for a page.
#[derive(Debug, Clone)]
pub struct ListFindings {
    /// Which list.
    pub list: List,
    /// Which findings.
    pub filter: Filter,
    /// By what they are ordered before anything else.
    pub first: Option<DerivedKey>,
    /// In which order; ties go by uid.
    pub sort: Vec<SortKey>,
    /// The page, from 1.
    pub page: u32,
    /// Findings of a page, 1 to 500.
    pub per_page: u32,
    /// The state that is asked for, if not the newest.
    pub as_of: Option<AsOf>,
}

const SORTS: &str = "severity, created_at, resource_id and risk_score, each with or without a - before it";

/// Reads a query; [`Error::Invalid`] names the parameter at fault.
pub fn parse(list: List, query: &[(String, String)]) -> Result<ListFindings, Error> {
    let parameters = Parameters(query);
    let (first, sort) = sort(list, parameters.one("sort")?)?;
    Ok(ListFindings {
        list,
        filter: filters::parse(parameters)?,
        first,
        sort,
        page: parameters.number("page", 1, 1, u32::MAX)?,
        per_page: parameters.number("per_page", DEFAULT_PER_PAGE, 1, MAX_PER_PAGE)?,
        as_of: parameters.as_of()?,
    })
}

/// The order, and ties: gravest first, then newest first.
fn sort(list: List, asked: Option<&str>) -> Result<(Option<DerivedKey>, Vec<SortKey>), Error> {
    let key = |column, descending| SortKey { column, descending };
    let default = if list == List::Scored { "-risk_score" } else { "-severity" };
    let asked = asked.unwrap_or(default);
    let (name, descending) = asked.strip_prefix('-').map_or((asked, false), |name| (name, true));
    let (first, column) = match name {
        "severity" => (None, Some(Column::Severity)),
        "created_at" => (None, Some(Column::FirstSeen)),
        "risk_score" => (None, Some(Column::Risk)),
        "resource_id" => (Some(DerivedKey { field: &RESOURCE, descending }), None),
        _ => return Err(no_such_word("sort", asked, SORTS)),
    };
    let mut keys: Vec<SortKey> = column.into_iter().map(|column| key(column, descending)).collect();
    for tie in [key(Column::Severity, true), key(Column::FirstSeen, true)] {
        if column != Some(tie.column) {
            keys.push(tie);
        }
    }
    Ok((first, keys))
}

impl ListFindings {
    /// How many findings come before the page.
    pub fn start(&self) -> u32 {
        (self.page - 1).saturating_mul(self.per_page)
    }
}

/// A page. `total` counts all findings of the question, `mapping` is what it asks of controls.
pub fn render<'a>(
    request: &ListFindings,
    findings: impl IntoIterator<Item = Listed<'a>>,
    total: u32,
    as_of: AsOf,
    mapping: Option<&MappingQuery>,
) -> Reply {
    let items: Vec<Value> =
        findings.into_iter().map(|finding| row::listed(&finding, mapping, request.list == List::Scored)).collect();
    let body = json!({
        "items": items,
        "total": total,
        "page": request.page,
        "per_page": request.per_page,
        "total_pages": total.div_ceil(request.per_page),
        "as_of": as_of.to_string(),
    });
    Reply::json(200, &body)
}
