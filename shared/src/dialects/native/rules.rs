//! `…/tenants/{tenantID}/rules`: the rules of the audit, a tenant's own among them, and their parameters.
//!
//! A `PUT` has the three files of a rule as texts; the key in the path is the one in `rule.yaml`. A `PUT` of parameters replaces
//! all that were set; one that is left out has its default again.

use super::super::members::{self, Members};
use super::super::{Reply, native};
use crate::domain::audit_rule::{Deed, Files, Param, RuleRow, RuleSheet};
use crate::domain::framework::Control;
use crate::domain::json::Object;
use crate::domain::{Error, Vocabulary};
use serde::Serialize;
use serde_json::{Value, json};

/// Bytes of the files of a rule together.
pub const MAX_BYTES: usize = 160 * 1024;

/// Reads `{"files": {"rule.yaml": …, "rule.rego": …, "cases.yaml": …}}`; which of them there must be is for the rule's own check.
pub fn parse(body: &[u8]) -> Result<Files, Error> {
    let body = members::body(body)?;
    native::check_members(&body, &["files"])?;
    let members = Members::root(&body);
    let files = members.required("files", members.object("files")?)?;
    let mut read = Files::new();
    for (name, text) in files.iter() {
        let text = text.as_str().ok_or_else(|| Error::invalid("files", "must be texts by the name of the file"))?;
        read.insert(members::shown(name), text.to_owned());
    }
    if read.iter().map(|(name, text)| name.len() + text.len()).sum::<usize>() > MAX_BYTES {
        return Err(Error::invalid("files", format!("must have at most {MAX_BYTES} bytes together")));
    }
    Ok(read)
}

/// Reads `{"params": {…}}`; what fits is the rule's to say.
pub fn parse_params(body: &[u8]) -> Result<Object, Error> {
    let body = members::body(body)?;
    native::check_members(&body, &["params"])?;
    match body.get("params") {
        Some(Value::Object(params)) => Ok(params.clone()),
        Some(_) => Err(Error::invalid("params", "must be an object")),
        None => Err(Error::invalid("params", "is required")),
    }
}

/// Reads the `version` of a query.
pub fn parse_version(version: Option<&str>) -> Result<Option<u32>, Error> {
    let read = |text: &str| text.parse().ok().filter(|version| *version > 0);
    let wrong = || Error::invalid("version", "must be a number from 1 on");
    version.map(|text| read(text).ok_or_else(wrong)).transpose()
}

/// All rules, in short.
pub fn list(rows: &[RuleRow]) -> Result<Reply, Error> {
    Reply::written(200, &List { rules: rows.iter().map(Row::of).collect() })
}

/// One rule, with everything that is known of it.
pub fn one(sheet: &RuleSheet) -> Result<Reply, Error> {
    Ok(Reply::json(200, &shown(sheet)?))
}

#[derive(Serialize)]
struct List<'a> {
    rules: Vec<Row<'a>>,
}

/// A rule in short.
pub fn row(row: &RuleRow) -> Result<Value, Error> {
    serde_json::to_value(Row::of(row)).map_err(Error::internal)
}

#[derive(Serialize)]
struct Row<'a> {
    key: &'a str,
    origin: &'static str,
    params: Vec<ShownParam<'a>>,
    params_set: Option<Value>,
    resource_type: &'a str,
    retired: Option<Value>,
    rule_id: &'a str,
    severity: &'static str,
    title: &'a str,
    version: u32,
}

impl<'a> Row<'a> {
    fn of(row: &'a RuleRow) -> Self {
        let retired = row.own.as_ref().and_then(|own| own.retired.as_ref());
        Self {
            key: &row.key,
            origin: if row.own.is_some() { "tenant" } else { "catalogue" },
            params: row.params.iter().map(|(name, param)| ShownParam::of(row, name, param)).collect(),
            params_set: row.set.as_ref().map(deed),
            resource_type: &row.resource_type,
            retired: retired.map(deed),
            rule_id: &row.rule_id,
            severity: row.severity.word(),
            title: &row.title,
            version: row.version,
        }
    }
}

#[derive(Serialize)]
struct ShownParam<'a> {
    default: &'a Value,
    description: Option<&'a str>,
    items: Option<&'static str>,
    max: Option<f64>,
    min: Option<f64>,
    name: &'a str,
    one_of: &'a [Value],
    #[serde(rename = "type")]
    kind: &'static str,
    value: &'a Value,
}

impl<'a> ShownParam<'a> {
    fn of(row: &'a RuleRow, name: &'a str, param: &'a Param) -> Self {
        let Param { kind, items, default, description, min, max, one_of } = param;
        let (value, description) = (row.values.get(name).unwrap_or(default), description.as_deref());
        Self { default, description, items: *items, max: *max, min: *min, name, one_of, kind, value }
    }
}

/// A rule with everything that is known of it.
pub fn shown(sheet: &RuleSheet) -> Result<Value, Error> {
    let RuleSheet { row: short, description, rationale, ccss, controls, remediation, files } = sheet;
    let controls = controls.iter().map(|control| {
        let Control { control: id, .. } = control;
        json!({"framework": control.framework_id(), "control": id})
    });
    let versions = short.own.iter().flat_map(|own| own.versions.iter().enumerate()).map(|(place, version)| {
        let mut shown = deed(&version.added);
        if let Value::Object(members) = &mut shown {
            members.insert("version".to_owned(), json!(place + 1));
            members.insert("digest".to_owned(), json!(version.digest));
        }
        shown
    });
    let more = json!({
        "description": description,
        "rationale": rationale,
        "ccss": ccss,
        "controls": controls.collect::<Vec<_>>(),
        "remediation": remediation,
        "versions": versions.collect::<Vec<_>>(),
        "files": files,
    });
    let mut shown = row(short)?;
    if let (Value::Object(members), Value::Object(more)) = (&mut shown, more) {
        members.extend(more);
    }
    Ok(shown)
}

fn deed(deed: &Deed) -> Value {
    let Deed { at, by } = deed;
    json!({"at": at.to_string(), "by": by})
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]
mod tests {
    use super::{MAX_BYTES, parse, parse_params, parse_version};
    use crate::domain::Error;
    use serde_json::json;

    #[test]
    fn what_is_wrong_is_named() {
        let large = json!({"files": {"rule.rego": "x".repeat(MAX_BYTES)}}).to_string();
        for (body, wanted) in [
            ("[]", "body"),
            ("{}", "files"),
            (r#"{"files":7}"#, "files"),
            (r#"{"files":{"rule.rego":7}}"#, "files"),
            (r#"{"files":{},"key":"x"}"#, "key"),
            (large.as_str(), "files"),
        ] {
            match parse(body.as_bytes()) {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, wanted),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(parse(br#"{"files":{"rule.rego":"x","a":null}}"#).unwrap().len(), 1);
        for (body, wanted) in [("{}", "params"), (r#"{"params":[]}"#, "params"), (r#"{"parameters":{}}"#, "parameters")]
        {
            match parse_params(body.as_bytes()) {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, wanted),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((parse_version(None), parse_version(Some("7"))), (Ok(None), Ok(Some(7))));
        assert!(parse_version(Some("0")).is_err() && parse_version(Some("x")).is_err());
    }
}
