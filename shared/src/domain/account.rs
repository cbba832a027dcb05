//! Names for AWS accounts, which some dialects call scans.

use super::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The group of accounts that somebody put into no other.
pub const DEFAULT_GROUP: &str = "default";

/// An AWS account as somebody has named it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Its name; `None` means the finding's AwsAccountName, or the id.
    pub name: Option<String>,
    /// The group that it belongs to.
    pub group: String,
    /// Whether it is scanned.
    pub enabled: bool,
    /// Whether it is kept for its history only.
    pub archived: bool,
}

impl Account {
    /// The longest name of an account or group, in characters.
    pub const LONGEST_NAME: usize = 128;

    /// An account that nobody has named.
    pub fn unnamed(id: &str) -> Self {
        Self { id: id.to_owned(), name: None, group: DEFAULT_GROUP.to_owned(), enabled: true, archived: false }
    }

    /// Whether a text is an account's id: twelve digits.
    pub fn is_id(text: &str) -> bool {
        text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// [`Error::Invalid`] when an account, or its group (`field` says which), may not be called so: 1 to 128
    /// characters, none of them a control character, not all of them white space.
    pub fn check_name(field: &str, name: &str) -> Result<(), Error> {
        if name.trim().is_empty() || name.chars().count() > Self::LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(Error::invalid(
                field,
                "must be 1 to 128 characters, without control characters, and not blank",
            ));
        }
        Ok(())
    }
}

/// The accounts that somebody has named, by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accounts(BTreeMap<String, Account>);

impl Accounts {
    /// These accounts.
    pub fn of(accounts: Vec<Account>) -> Self {
        Self(accounts.into_iter().map(|account| (account.id.clone(), account)).collect())
    }

    /// The accounts, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.0.values()
    }

    /// The account of that id, named or not.
    pub fn get(&self, id: &str) -> Account {
        self.0.get(id).cloned().unwrap_or_else(|| Account::unnamed(id))
    }

    /// What an account is called: the name that somebody gave it, else what its findings say (AwsAccountName), else its
    /// id.
    pub fn name<'a>(&'a self, id: &'a str, of_findings: Option<&'a str>) -> &'a str {
        let given = self.0.get(id).and_then(|account| account.name.as_deref());
        given.or(of_findings).unwrap_or(id)
    }

    /// The group that an account is in.
    pub fn group(&self, id: &str) -> &str {
        self.0.get(id).map_or(DEFAULT_GROUP, |account| account.group.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn ids_and_names_are_checked() {
        for (id, good) in [("123456789012", true), ("12345678901", false), ("12345678901x", false), ("١٢٣٤٥٦", false)]
        {
            assert_eq!(Account::is_id(id), good, "{id}");
        }
        for (name, good) in [("Production (EU)", true), ("ü", true), ("", false), (" ", false), ("a\nb", false)] {
            assert_eq!(Account::check_name("name", name).is_ok(), good, "{name:?}");
        }
        assert!(Account::check_name("name", &"x".repeat(129)).is_err());
    }
}
