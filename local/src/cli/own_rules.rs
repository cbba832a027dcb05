//! `posture rules list|show|add|remove|set` where a ledger is named: rules and parameters of a tenant, in the store or through a
//! server.

use super::door::{Door, Opened, operator};
use super::store::Absent;
use super::{Ending, Failure, print, print_all, tell};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posture_shared::audit::RuleSource;
use posture_shared::config::Settings;
use posture_shared::dialects::native::rules as native;
use posture_shared::domain::audit_rule::Files;
use posture_shared::domain::json::{self, Object};
use posture_shared::operations::{get_rule_sheet, list_rule_rows, retire_rule, set_rule, set_rule_params};
use serde_json::{Value, json};

/// Lists the tenant's rules, one a line.
pub(super) async fn list(door: &Door, settings: &Settings) -> Result<Ending, Failure> {
    match door.open(settings, Absent::Fail).await? {
        Opened::Store(open, tenant) => {
            for row in list_rule_rows(&open.app.writer, &tenant).await? {
                print(&native::row(&row)?)?;
            }
        }
        Opened::Server(server) => print_all(&server.web.send("GET", &server.path("rules"), b"").await?, "rules")?,
    }
    Ok(Ending::Done)
}

/// Shows one of the tenant's rules.
pub(super) async fn show(door: &Door, settings: &Settings, rule: &str) -> Result<Ending, Failure> {
    match door.open(settings, Absent::Fail).await? {
        Opened::Store(open, tenant) => {
            print(&native::shown(&get_rule_sheet(&open.app.writer, &tenant, rule, None).await?)?)?;
        }
        Opened::Server(server) => print(&server.web.send("GET", &server.path(&place(rule)), b"").await?)?,
    }
    Ok(Ending::Done)
}

/// Adds rules, or their next versions; a line each. What is refused is told, and the others are added all the same.
pub(super) async fn add(door: &Door, settings: &Settings, sources: Vec<RuleSource>) -> Result<Ending, Failure> {
    let opened = door.open(settings, Absent::Make).await?;
    let mut ending = Ending::Done;
    for RuleSource { folder, files } in sources {
        let files: Files = files.into_iter().map(|file| (file.name, file.text)).collect();
        let added = match &opened {
            Opened::Store(open, tenant) => {
                let added = set_rule(&open.app.writer, &operator(tenant.clone()), &folder, files).await;
                added.and_then(|sheet| native::row(&sheet.row))
            }
            Opened::Server(server) => {
                let body = json!({"files": files}).to_string();
                let sent = server.web.send("PUT", &server.path(&place(&folder)), body.as_bytes()).await;
                sent.map(without_files)
            }
        };
        match added {
            Ok(row) => print(&row)?,
            Err(error) => {
                tell(&format_args!("{folder}: {error}"));
                ending = Ending::SomethingRejected;
            }
        }
    }
    Ok(ending)
}

/// Retires a rule of the tenant's own.
pub(super) async fn remove(door: &Door, settings: &Settings, key: &str) -> Result<Ending, Failure> {
    match door.open(settings, Absent::Fail).await? {
        Opened::Store(open, tenant) => {
            print(&native::row(&retire_rule(&open.app.writer, &operator(tenant), key).await?.row)?)?;
        }
        Opened::Server(server) => {
            print(&without_files(server.web.send("DELETE", &server.path(&place(key)), b"").await?))?;
        }
    }
    Ok(Ending::Done)
}

/// Sets parameters of a rule in place of those that were set.
pub(super) async fn set(
    door: &Door,
    settings: &Settings,
    key: &str,
    values: Vec<(String, Value)>,
) -> Result<Ending, Failure> {
    let values: Object = values.into_iter().collect();
    match door.open(settings, Absent::Make).await? {
        Opened::Store(open, tenant) => {
            print(&native::row(&set_rule_params(&open.app.writer, &operator(tenant), key, values).await?.row)?)?;
        }
        Opened::Server(server) => {
            let body = json!({"params": values}).to_string();
            let path = server.path(&format!("{}/params", place(key)));
            print(&without_files(server.web.send("PUT", &path, body.as_bytes()).await?))?;
        }
    }
    Ok(Ending::Done)
}

/// A parameter as an argument: `days=60`, `ports=[22, 80]`, `bucket=logs`. What is no JSON is a text.
pub(super) fn value(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("must be NAME=VALUE")?;
    let value = json::parse(value.as_bytes()).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

fn place(rule: &str) -> String {
    format!("rules/{}", utf8_percent_encode(rule, NON_ALPHANUMERIC))
}

fn without_files(mut answer: Value) -> Value {
    if let Value::Object(members) = &mut answer {
        for long in ["files", "description", "rationale", "ccss", "controls", "remediation", "versions"] {
            members.remove(long);
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::value;
    use serde_json::json;

    #[test]
    fn values_are_json_or_text() {
        for (text, read) in [
            ("days=60", json!(60)),
            ("ports=[22, 80]", json!([22, 80])),
            ("bucket=logs=1", json!("logs=1")),
            ("text=\"60\"", json!("60")),
            ("text=", json!("")),
        ] {
            let name = text.split('=').next().unwrap_or_default().to_owned();
            assert_eq!(value(text), Ok((name, read)), "{text}");
        }
        assert!(value("days").is_err() && value("=7").is_err());
    }
}
