//! The lists of findings as files. Rows are the lists' own, not cut; OCSF's are events.

use super::super::Reply;
use super::super::export::{self, Format};
use super::super::ocsf;
use super::list_findings::List;
use super::row::{self, Listed};
use crate::domain::{AsOf, Error, MappingQuery};
use serde_json::Value;

/// The formats of the lists.
pub const FORMATS: [Format; 3] = [Format::Csv, Format::Ndjson, Format::Ocsf];

/// Parameters that an export has no use for.
const PAGES: [&str; 2] = ["page", "per_page"];

/// The columns of CSV.
const COLUMNS: [&str; 23] = [
    "id",
    "uid",
    "rule_id",
    "title",
    "severity",
    "status",
    "risk_score",
    "resource_id",
    "resource_type",
    "resource_name",
    "region",
    "account_id",
    "framework",
    "control_id",
    "controls",
    "first_seen",
    "last_seen",
    "acceptance.justification",
    "acceptance.approved_by",
    "acceptance.expires_at",
    "acceptance.accepted_by",
    "description",
    "remediation",
];

/// What the scored list has beside.
const SCORED: [&str; 2] = ["risk_vector", "risk_reasons"];

/// The format that is asked for, if any; [`Error::Invalid`] names what is wrong.
pub fn parse(accept: Option<&str>, query: &[(String, String)]) -> Result<Option<Format>, Error> {
    export::parse(accept, query, &FORMATS, &PAGES)
}

/// What goes before the rows of a list of a state.
pub fn head(format: Format, list: List, as_of: AsOf, total: u32) -> Reply {
    export::head(format, "findings", &as_of.to_string(), Some(total), &columns(list))
}

/// A row.
pub fn line(format: Format, list: List, shown: &Listed<'_>, asked: Option<&MappingQuery>) -> String {
    if format == Format::Ocsf {
        return export::line(format, &ocsf::event(shown.uid, shown.finding, shown.last_seen), &[]);
    }
    let mut row = row::uncut(shown, asked, list == List::Scored);
    if format == Format::Csv {
        row.insert("controls".to_owned(), row::controls(shown.finding));
    }
    export::line(format, &Value::Object(row), &columns(list))
}

fn columns(list: List) -> Vec<&'static str> {
    let scored = if list == List::Scored { &SCORED[..] } else { &[] };
    COLUMNS.iter().chain(scored).copied().collect()
}
