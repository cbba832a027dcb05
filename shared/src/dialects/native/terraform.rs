//! `PUT …/tenants/{tenantID}/terraform`: a root of Terraform, in place of what was pushed under its name before.
//!
//! Of a state only addresses, types, names, ids and ARNs are taken, and a request with anything else of it is refused, so that no
//! secret of a state is ever kept.

use super::super::Reply;
use super::super::members::{self, Members};
use super::check_members;
use crate::domain::Error;
use crate::domain::terraform::{AWS, Address, Content, DEFAULT_ROOT, Pushed, Root};
use serde_json::{Value, json};

/// The longest name of a root, in characters.
pub const LONGEST_NAME: usize = 128;

/// Reads `{"root", "files": {PATH: TEXT}, "resources": [{"address", "type", "name", "id", "arn"}]}`: the root's name and content.
pub fn parse(body: &[u8]) -> Result<(String, Content), Error> {
    let body = members::body(body)?;
    check_members(&body, &["root", "files", "resources"])?;
    let members = Members::root(&body);
    let name = members.text("root")?.unwrap_or(DEFAULT_ROOT);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if name.chars().count() > LONGEST_NAME || !name.chars().all(is_name) {
        let why = format!("must have at most {LONGEST_NAME} letters, digits, hyphens, underscores, dots and slashes");
        return Err(Error::invalid("root", why));
    }
    let mut content = Content::default();
    let files = members.required("files", members.object("files")?)?;
    for (path, text) in files.iter() {
        let text = text.as_str().ok_or_else(|| Error::invalid("files", "must be texts by the paths of files"))?;
        content.files.insert(path.clone(), text.to_owned());
    }
    for (place, address) in members.list("resources")?.unwrap_or_default().iter().enumerate() {
        content.resources.push(read(address, place)?);
    }
    content.check()?;
    Ok((name.to_owned(), content))
}

fn read(address: &Value, place: usize) -> Result<Address, Error> {
    let members = Members::of(address, format!("resources[{place}]"))?;
    let known = ["address", "type", "name", "id", "arn"];
    if let Some((other, _)) = members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        let why = format!("is not kept of a state; send {} alone", known.join(", "));
        return Err(Error::invalid(members.name(&members::shown(other)), why));
    }
    let required = |name: &str| members.required(name, members.text(name)?).map(str::to_owned);
    let text = |name: &str| Ok::<_, Error>(members.text(name)?.map(str::to_owned));
    let kind = required("type")?;
    if !kind.starts_with(AWS) {
        let why = "is of another provider, whose ids may be secrets; send resources of AWS alone";
        return Err(Error::invalid(members.name("type"), why));
    }
    Ok(Address { address: required("address")?, kind, name: required("name")?, id: text("id")?, arn: text("arn")? })
}

/// What became of a push.
pub fn pushed(pushed: &Pushed) -> Reply {
    let Pushed { root, unreadable } = pushed;
    let Root { name, push: _, parts: _, files, bytes, resources, pushed, revision: _ } = root;
    let unreadable: Vec<Value> = unreadable.iter().map(|(path, why)| json!({"path": path, "message": why})).collect();
    let body = json!({
        "root": name,
        "files": files,
        "bytes": bytes,
        "resources": resources,
        "pushed_at": pushed.at.to_string(),
        "pushed_by": pushed.by,
        "unreadable": unreadable,
    });
    Reply::json(200, &body)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]
mod tests {
    use super::parse;
    use crate::domain::Error;
    use serde_json::json;

    #[test]
    fn what_is_wrong_is_named() {
        let large = json!({"files": {"a.tf": "x".repeat(600_000)}}).to_string();
        for (body, wanted) in [
            ("{}", "files"),
            (r#"{"files":[]}"#, "files"),
            (r#"{"files":{"a.tf":7}}"#, "files"),
            (r#"{"files":{"../a.tf":""}}"#, "files.../a.tf"),
            (r#"{"files":{},"state":{}}"#, "state"),
            (r#"{"files":{},"root":"a b"}"#, "root"),
            (
                r#"{"files":{},"resources":[{"address":"a","type":"b","name":"c","password":"x"}]}"#,
                "resources[0].password",
            ),
            (r#"{"files":{},"resources":[{"address":"a","type":"aws_b"}]}"#, "resources[0].name"),
            (r#"{"files":{},"resources":[{"address":"a","type":"random_string","name":"c"}]}"#, "resources[0].type"),
            (large.as_str(), "files.a.tf"),
        ] {
            match parse(body.as_bytes()) {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, wanted),
                other => panic!("{other:?}"),
            }
        }
        let (root, content) = parse(
            br#"{"files":{"a.tf":""},"resources":[{"address":"aws_a.b","type":"aws_a","name":"b","id":"i","arn":null}]}"#,
        )
        .unwrap();
        assert_eq!((root.as_str(), content.files.len(), content.resources.len()), ("default", 1, 1));
    }
}
