//! IAM's credential report: a table in CSV with a row for each user and one for the root user.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The name of the root user's row.
const ROOT: &str = "<root_account>";
/// Words of the report that stand for nothing.
const NOTHING: [&str; 4] = ["N/A", "no_information", "not_supported", ""];

/// What the report says of one user, by the report's own names of columns. What it does not know is null.
pub type Row = Map<String, Value>;

/// A credential report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The root user's row.
    pub root: Option<Row>,
    /// Rows of users, by their ARNs.
    pub users: BTreeMap<String, Row>,
}

impl Report {
    /// Reads the table; `None` when it has no column of ARNs.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = records(text).into_iter();
        let names = lines.next()?;
        let arn_at = names.iter().position(|name| name == "arn")?;
        let mut report = Self::default();
        for line in lines.filter(|line| line.len() == names.len()) {
            let arn = line.get(arn_at)?.clone();
            let is_root = line.first().is_some_and(|user| user == ROOT);
            let row: Row = names.iter().cloned().zip(line.iter().map(|text| value(text))).collect();
            match is_root {
                true => report.root = Some(row),
                false => {
                    report.users.insert(arn, row);
                }
            }
        }
        Some(report)
    }
}

fn value(text: &str) -> Value {
    match text {
        "true" | "TRUE" => Value::Bool(true),
        "false" | "FALSE" => Value::Bool(false),
        text if NOTHING.contains(&text) => Value::Null,
        text => Value::from(text),
    }
}

/// Lines and cells of CSV as RFC 4180 has it: names of users may hold commas.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut all, mut line, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => line.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                line.push(std::mem::take(&mut cell));
                all.push(std::mem::take(&mut line));
            }
            letter => cell.push(letter),
        }
    }
    if !cell.is_empty() || !line.is_empty() {
        line.push(cell);
        all.push(line);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::Report;
    use serde_json::{Value, json};

    #[test]
    fn rows_are_read_and_what_is_unknown_is_null() {
        let text = "user,arn,password_enabled,password_last_used,mfa_active\n\
            <root_account>,arn:aws:iam::123456789012:root,not_supported,2026-01-01T00:00:00+00:00,true\r\n\
            \"a,b\",\"arn:aws:iam::123456789012:user/a,b\",TRUE,no_information,false";
        let Some(report) = Report::parse(text) else { unreachable!() };
        let root = json!({"user": "<root_account>", "arn": "arn:aws:iam::123456789012:root", "password_enabled": null,
            "password_last_used": "2026-01-01T00:00:00+00:00", "mfa_active": true});
        assert_eq!(report.root.map(Value::Object), Some(root));
        let user = report.users.get("arn:aws:iam::123456789012:user/a,b").cloned().map(Value::Object);
        assert_eq!(
            user,
            Some(json!({"user": "a,b", "arn": "arn:aws:iam::123456789012:user/a,b", "password_enabled": true,
                "password_last_used": null, "mfa_active": false}))
        );
        assert_eq!(Report::parse("user\nx"), None);
        assert_eq!(Report::parse(""), None);
    }
}
