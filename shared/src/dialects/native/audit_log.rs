//! `GET /api/v1/tenants/{tenantID}/audit-log`: the decisions of a tenant, newest first.
//!
//! Decisions are what people make here, in whatever dialect, what customers set with BatchUpdateFindings or in the real
//! Security Hub, and the ends of acceptances once they are recorded. A page may be short with a `next` behind it, where
//! the log holds little else than imports.

use super::super::Reply;
use super::super::export::{FORMAT, Format};
use super::parameters::Parameters;
use super::recorded::first_resource;
use crate::domain::finding::Vocabulary;
use crate::domain::json::text_at;
use crate::domain::{
    Acceptance, Actor, Cell, Column, Decided, Error, Finding, Instant, Ordinal, Severity, Source, Status, Uid,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows of a page, unless the client says otherwise.
pub const DEFAULT_LIMIT: u32 = 100;

/// The most rows of a page.
pub const MAX_LIMIT: u32 = 500;

/// The parameters.
pub const PARAMETERS: [&str; 5] = ["from", "to", "cursor", "limit", FORMAT];

/// The formats in which all of it can be had.
pub const FORMATS: [Format; 2] = [Format::Csv, Format::Ndjson];

/// Parameters that a file has no use for.
pub const PAGES: [&str; 1] = ["limit"];

/// The columns of CSV.
pub const COLUMNS: [&str; 19] = [
    "at",
    "action",
    "actor",
    "source",
    "uid",
    "rule_id",
    "resource_id",
    "account_id",
    "before.status",
    "before.severity",
    "after.status",
    "after.severity",
    "justification",
    "severity_justification",
    "reason",
    "acceptance.justification",
    "acceptance.approved_by",
    "acceptance.review_date",
    "acceptance.expires_at",
];

/// A request for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditLog {
    /// Not before this instant.
    pub from: Option<Instant>,
    /// Not after this instant.
    pub to: Option<Instant>,
    /// Before which change.
    pub before: Option<(Instant, Ordinal)>,
    /// Rows of the page.
    pub limit: u32,
}

/// A decision, as it was recorded.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The finding's uid.
    pub uid: Uid,
    /// When.
    pub at: Instant,
    /// Who, and through which door.
    pub actor: &'a Actor,
    /// Former values, as far as they differ.
    pub before: &'a BTreeMap<Column, Cell>,
    /// The finding from then on; `None` if that was erased.
    pub finding: Option<&'a Finding>,
}

/// Reads a query; [`Error::Invalid`] names the parameter at fault.
pub fn parse(query: &[(String, String)]) -> Result<AuditLog, Error> {
    let parameters = Parameters::of(query, &PARAMETERS)?;
    Ok(AuditLog {
        from: parameters.instant("from")?,
        to: parameters.instant("to")?,
        before: parameters.one("cursor")?.map(place).transpose()?,
        limit: parameters.limit(DEFAULT_LIMIT, MAX_LIMIT)?,
    })
}

fn place(text: &str) -> Result<(Instant, Ordinal), Error> {
    let read = |text: &str| {
        let (at, ordinal) = text.split_once('-')?;
        let ordinal = Some(ordinal).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some((Instant::parse_millis(at)?, Ordinal(ordinal.parse().ok()?)))
    };
    read(text).ok_or_else(|| Error::invalid("cursor", "must be the next of an earlier answer"))
}

/// A page, and where to go on.
pub fn render<'a>(rows: impl IntoIterator<Item = Row<'a>>, next: Option<(Instant, Ordinal)>) -> Reply {
    let items: Vec<Value> = rows.into_iter().map(|row| shown_row(&row)).collect();
    let next = next.map(|(at, ordinal)| format!("{}-{}", at.0, ordinal.0));
    Reply::json(200, &json!({"items": items, "next": next}))
}

/// A row of the log.
pub fn shown_row(row: &Row<'_>) -> Value {
    let Row { uid, at, actor, before, finding } = row;
    let own = finding.map(|finding| &finding.standing);
    let newest = own.into_iter().flat_map(|own| [&own.decided, &own.rated]).flatten();
    let decided = newest.into_iter().find(|decided| decided.at == *at);
    let acceptance = own.and_then(|own| own.acceptance.as_ref()).filter(|acceptance| acceptance.at == *at);
    let now = |column: Column| match (column, own) {
        (Column::Status, Some(own)) => json!(own.status.map(Status::word)),
        (Column::Severity, Some(own)) => json!(own.severity.word()),
        _ => Value::Null,
    };
    let then = |column: Column| before.get(&column).map_or_else(|| now(column), |cell| json!(cell.text()));
    let state = |of: &dyn Fn(Column) -> Value| json!({"status": of(Column::Status), "severity": of(Column::Severity)});
    let text = |path: &str| finding.and_then(|finding| text_at(&finding.asff, path));
    let resource = finding.and_then(first_resource);
    json!({
        "at": at.to_string(),
        "action": action(actor.source, own.and_then(|own| own.status), decided, before),
        "actor": actor.identity,
        "source": source(actor.source),
        "uid": uid.to_string(),
        "rule_id": text("GeneratorId"),
        "resource_id": resource,
        "account_id": text("AwsAccountId"),
        "before": state(&then),
        "after": state(&now),
        "justification": decided.and_then(|decided| decided.remarks.as_deref()),
        "severity_justification": decided.and_then(|decided| decided.severity_remarks.as_deref()),
        "reason": decided.and_then(|decided| decided.reason.as_deref()),
        "acceptance": acceptance.map(shown_acceptance),
    })
}

fn shown_acceptance(acceptance: &Acceptance) -> Value {
    let Acceptance { justification, approved_by, review_date, expires_at, by: _, at: _ } = acceptance;
    json!({
        "justification": justification,
        "approved_by": approved_by,
        "review_date": review_date,
        "expires_at": expires_at.map(|at| at.to_string()),
    })
}

/// What was done, in one of [`ACTIONS`].
fn action(
    source: Source,
    status: Option<Status>,
    decided: Option<&Decided>,
    before: &BTreeMap<Column, Cell>,
) -> &'static str {
    let is_about_status =
        decided.is_some_and(|decided| decided.status.is_some()) || before.contains_key(&Column::Status);
    match (source, status) {
        (Source::Expiry, _) => "expired",
        (_, Some(status)) if is_about_status => match status {
            Status::Open => "reopened",
            Status::NeedsReview => "review_asked",
            Status::Remediated => "resolved",
            Status::RiskAccepted => "accepted",
            Status::FalsePositive => "false_positive",
        },
        _ if before.contains_key(&Column::Severity) => "rated",
        _ => "updated",
    }
}

/// Every word of `action`.
pub const ACTIONS: [&str; 8] =
    ["accepted", "resolved", "false_positive", "reopened", "review_asked", "expired", "rated", "updated"];

fn source(source: Source) -> &'static str {
    match source {
        Source::Decision => SOURCES[0],
        Source::Update => SOURCES[1],
        Source::Expiry => SOURCES[2],
        Source::Import => "import",
        Source::Audit => "audit",
        Source::Told => "told",
    }
}

/// The doors through which decisions come.
pub const SOURCES: [&str; 3] = ["decision", "update", "expiry"];

/// The words of severities.
pub fn severities() -> impl Iterator<Item = &'static str> {
    Severity::WORDS.iter().map(|(_, word)| *word)
}

/// The words of statuses.
pub fn statuses() -> impl Iterator<Item = &'static str> {
    Status::WORDS.iter().map(|(_, word)| *word)
}

#[cfg(test)]
mod tests {
    use super::{AuditLog, DEFAULT_LIMIT, parse};
    use crate::domain::{Error, Instant, Ordinal};

    fn read(pairs: &[(&str, &str)]) -> Result<AuditLog, Error> {
        parse(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn parameters_are_read_and_named() {
        let bare = AuditLog { from: None, to: None, before: None, limit: DEFAULT_LIMIT };
        assert_eq!(read(&[]), Ok(bare));
        assert_eq!(
            read(&[("cursor", "17-3"), ("limit", "")]),
            Ok(AuditLog { before: Some((Instant(17), Ordinal(3))), ..bare })
        );
        assert_eq!(read(&[("from", "1970-01-01")]), Ok(AuditLog { from: Some(Instant(0)), ..bare }));
        for (name, value) in [
            ("limit", "0"),
            ("limit", "501"),
            ("limit", "x"),
            ("from", "yesterday"),
            ("to", "1969-12-31"),
            ("cursor", "-"),
            ("cursor", "1-+2"),
            ("cursor", "1-99999999999"),
            ("since", "x"),
        ] {
            assert!(read(&[(name, value)]).is_err_and(|error| error.to_string().starts_with(name)), "{name}={value}");
        }
        assert!(read(&[("limit", "1"), ("limit", "2")]).is_err());
    }
}
