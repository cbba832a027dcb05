//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}/history`: everything that ever happened to a finding, newest first.
//!
//! Unlike Security Hub's history it has no end, and it has what only we know: verdicts as we read them, acceptances and
//! their ends, versions of rules, and why somebody decided. A finding that was merely seen again has no row.

use super::super::Reply;
use super::parameters::Parameters;
use super::recorded::{judged, kind, source};
use crate::domain::column::SEEN_TEXTS;
use crate::domain::json::{FieldChange, Object, differences};
use crate::domain::{Actor, Error, Finding, Instant, Kind, Standing, Uid};
use serde_json::{Value, json};

/// Rows of a page, unless the client says otherwise.
pub const DEFAULT_LIMIT: u32 = 100;

/// The most rows of a page.
pub const MAX_LIMIT: u32 = 500;

/// The parameters.
pub const PARAMETERS: [&str; 4] = ["from", "to", "cursor", "limit"];

/// Our own fields that tell what happened.
const TOLD: [&str; 5] = ["acceptance", "decided", "rated", "rule_version", "unknown_since"];

/// A request for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetHistory {
    /// Not before this instant.
    pub from: Option<Instant>,
    /// Not after this instant.
    pub to: Option<Instant>,
    /// Before this instant.
    pub before: Option<Instant>,
    /// Rows of the page.
    pub limit: u32,
}

/// A version of a finding, and the one before it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// When.
    pub at: Instant,
    /// What kind of change.
    pub kind: Kind,
    /// Who, and through which door.
    pub actor: &'a Actor,
    /// The finding until then; `None` when it was not there, or that was erased.
    pub before: Option<&'a Finding>,
    /// The finding from then on; `None` if that was erased.
    pub after: Option<&'a Finding>,
}

/// Reads a query; [`Error::Invalid`] names the parameter at fault.
pub fn parse(query: &[(String, String)]) -> Result<GetHistory, Error> {
    let parameters = Parameters::of(query, &PARAMETERS)?;
    let cursor = |text: &str| {
        Instant::parse_millis(text).ok_or_else(|| Error::invalid("cursor", "must be the next of an earlier answer"))
    };
    Ok(GetHistory {
        from: parameters.instant("from")?,
        to: parameters.instant("to")?,
        before: parameters.one("cursor")?.map(cursor).transpose()?,
        limit: parameters.limit(DEFAULT_LIMIT, MAX_LIMIT)?,
    })
}

/// A page, and before which instant the next one lies.
pub fn render<'a>(uid: Uid, rows: impl IntoIterator<Item = Row<'a>>, next: Option<Instant>) -> Reply {
    let items: Vec<Value> = rows.into_iter().map(|row| shown(&row)).collect();
    Reply::json(200, &json!({"uid": uid.to_string(), "items": items, "next": next.map(|at| at.0.to_string())}))
}

fn shown(row: &Row<'_>) -> Value {
    let Row { at, actor, before, after, .. } = row;
    let changes = before.zip(*after).map_or_else(Vec::new, |(before, after)| changes(before, after));
    let changes =
        changes.into_iter().map(|FieldChange { path, old, new }| json!({"field": path, "old": old, "new": new}));
    json!({
        "at": at.to_string(),
        "kind": kind(row.kind),
        "source": source(actor),
        "actor": actor.identity,
        "before": before.map(|before| judged(&before.standing)),
        "after": after.map(|after| judged(&after.standing)),
        "changes": changes.collect::<Vec<_>>(),
    })
}

/// Which fields differ: ASFF's begin with a capital letter, ours with a small one.
fn changes(before: &Finding, after: &Finding) -> Vec<FieldChange> {
    let mut changes = differences(&before.asff, &after.asff);
    changes.retain(|change| !SEEN_TEXTS.iter().any(|column| column.name() == change.path));
    changes.extend(differences(&told(&before.standing), &told(&after.standing)));
    changes
}

fn told(own: &Standing) -> Object {
    // A standing is made of what JSON can say.
    let Ok(Value::Object(mut members)) = serde_json::to_value(own) else { return Object::new() };
    members.retain(|name, _| TOLD.contains(&name.as_str()));
    for decided in ["decided", "rated"] {
        if let Some(Value::Object(decided)) = members.get_mut(decided) {
            // By which a request that is sent again is recognised.
            decided.remove("request");
        }
    }
    members
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::parse;
    use crate::domain::Instant;

    #[test]
    fn parameters_are_read_and_named() {
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(parse(&pair("cursor", "17")).unwrap().before, Some(Instant(17)));
        for (name, value) in
            [("cursor", "-17"), ("cursor", "x"), ("limit", "501"), ("to", "later"), ("as_of", "1970-01-01")]
        {
            let refused = parse(&pair(name, value));
            assert!(refused.is_err_and(|error| error.to_string().starts_with(name)), "{name}={value}");
        }
    }
}
