//! `GET /api/v1/tenants/{tenantID}/accounts` and `PUT …/accounts/{id}`: how AWS accounts are called, and whether they
//! are scanned.
//!
//! A `PUT` replaces all four members; one that is left out has its default again: no name, group `default`, enabled,
//! not archived.

use super::super::members::{self, Members};
use super::super::{Reply, native};
use crate::domain::Error;
use crate::domain::account::{Account, DEFAULT_GROUP};
use serde_json::{Value, json};

const MEMBERS: &[&str] = &["name", "group", "enabled", "archived"];

/// Reads the `{id}` of a path; [`Error::NotFound`] for what is no account's id.
pub fn parse_id(id: &str) -> Result<String, Error> {
    if Account::is_id(id) {
        return Ok(id.to_owned());
    }
    Err(Error::NotFound("there is no such account: an id has 12 digits".to_owned()))
}

/// Reads `{"name","group","enabled","archived"}`; [`Error::Invalid`] names the member at fault.
pub fn parse(id: String, body: &[u8]) -> Result<Account, Error> {
    let body = members::body(body)?;
    native::check_members(&body, MEMBERS)?;
    let members = Members::root(&body);
    let name = |member: &str| -> Result<Option<String>, Error> {
        let Some(name) = members.any_text(member)? else { return Ok(None) };
        Account::check_name(member, name).map(|()| Some(name.to_owned()))
    };
    Ok(Account {
        id,
        name: name("name")?,
        group: name("group")?.unwrap_or_else(|| DEFAULT_GROUP.to_owned()),
        enabled: members.boolean("enabled")?.unwrap_or(true),
        archived: members.boolean("archived")?.unwrap_or(false),
    })
}

/// The answer to a request for one account.
pub fn one(account: &Account) -> Reply {
    Reply::json(200, &shown(account))
}

/// The answer to a request for all accounts.
pub fn list(accounts: &[Account]) -> Reply {
    Reply::json(200, &json!({"accounts": accounts.iter().map(shown).collect::<Vec<_>>()}))
}

/// An account.
pub fn shown(account: &Account) -> Value {
    let Account { id, name, group, enabled, archived } = account;
    json!({"id": id, "name": name, "group": group, "enabled": enabled, "archived": archived})
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]
mod tests {
    use super::{parse, parse_id};
    use crate::domain::{Account, Error};

    const ID: &str = "123456789012";

    #[test]
    fn what_is_left_out_has_its_default() {
        assert_eq!(parse(ID.to_owned(), b"").unwrap(), Account::unnamed(ID));
        let body = r#"{"name":"Prod","group":"EU","enabled":false,"archived":true}"#;
        let (name, group) = (Some("Prod".to_owned()), "EU".to_owned());
        let wanted = Account { id: ID.to_owned(), name, group, enabled: false, archived: true };
        assert_eq!(parse(ID.to_owned(), body.as_bytes()).unwrap(), wanted);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, wanted) in [
            ("7", "body"),
            (r#"{"name":" "}"#, "name"),
            (r#"{"name":7}"#, "name"),
            (r#"{"group":""}"#, "group"),
            (r#"{"enabled":"yes"}"#, "enabled"),
            (r#"{"archived":0}"#, "archived"),
            (r#"{"id":"123456789012"}"#, "id"),
        ] {
            match parse(ID.to_owned(), body.as_bytes()) {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, wanted, "{body}"),
                other => panic!("{body} gave {other:?}"),
            }
        }
        assert!(matches!(parse_id("12345678901x"), Err(Error::NotFound(_))));
    }
}
