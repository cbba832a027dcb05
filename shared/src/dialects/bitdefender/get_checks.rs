//! `GET /v1/cspm/checks`: the list of checks (CONTRACTS 4.3), by ascending ids.
//!
//! Checks are findings that have a verdict and are still there.

use super::super::Reply;
use super::cursor::{Endpoint, PageRequest};
use super::envelope::{self, Place};
use super::filters::{self, SYSTEM_COMPLIANCE};
use super::limits::DEFAULT_ROWS;
use super::parameters::{AS_OF, PAGE_CURSOR, PAGE_LIMIT, Parameter, RESULTS, SEVERITIES, STATUSES, Takes, parameter};
use super::resource::Names;
use crate::domain::finding::Vocabulary;
use crate::domain::query::{Clause, Filter, Test};
use crate::domain::{Column, Error, Finding, Ordinal, Presence, Uid};
use crate::seal::Seal;
use std::collections::BTreeSet;

/// The list. Its parameters are in the order of the vendor's links.
pub static CHECKS: Endpoint = Endpoint { path: "/v1/cspm/checks", parameters: PARAMETERS, default_rows: DEFAULT_ROWS };

const PARAMETERS: &[Parameter] = &[
    parameter("id", Takes::Uids),
    parameter("results", Takes::Words(RESULTS)),
    parameter("severities", Takes::Words(SEVERITIES)),
    parameter("statuses", Takes::Words(STATUSES)),
    parameter("scans", Takes::Uids),
    parameter("scan_groups", Takes::Uids),
    parameter("rules", Takes::Uids),
    parameter("resources", Takes::Texts),
    PAGE_CURSOR,
    PAGE_LIMIT,
    parameter("resource_types", Takes::Types),
    SYSTEM_COMPLIANCE,
    AS_OF,
];

/// A request for checks.
#[derive(Debug, Clone)]
pub struct GetChecks {
    /// The page.
    pub page: PageRequest,
    /// Which findings.
    pub filter: Filter,
    /// Only these checks.
    pub among: Option<BTreeSet<Uid>>,
    /// Only of accounts in these groups.
    pub groups: Option<BTreeSet<Uid>>,
}

/// Reads decoded pairs of a query; [`Error::Invalid`] names the parameter at fault.
pub fn parse(pairs: &[(String, String)], seal: &Seal) -> Result<GetChecks, Error> {
    let page = PageRequest::parse(&CHECKS, pairs, seal)?;
    let values = &page.values;
    let mut filter = filters::parse(values)?.and(Clause::on(Column::Presence, Test::one_of([Presence::Active.word()])));
    if values.list("results").is_empty() {
        filter = filter.and(Clause::on(Column::Result, Test::one_of(RESULTS.iter().copied())));
    }
    let severities = values.list("severities");
    if !severities.is_empty() {
        filter = filter.and(Clause::on(Column::Severity, Test::one_of(severities)));
    }
    let (among, groups) = (values.uids("id"), values.uids("scan_groups"));
    Ok(GetChecks { page, filter, among, groups })
}

/// A page of checks, each with its number.
pub fn render<'a>(
    request: &PageRequest,
    place: &Place,
    findings: impl IntoIterator<Item = (Ordinal, &'a Finding)>,
    names: &Names<'_>,
    base: &str,
    seal: &Seal,
) -> Reply {
    let rows = findings.into_iter().map(|(ordinal, finding)| super::check::check(ordinal, finding, names, base));
    envelope::page(request, place, &rows.collect::<Vec<_>>(), base, seal)
}
