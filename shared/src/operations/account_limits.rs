//! Keys that are good for some AWS accounts only: which findings they may write.
//!
//! A finding is known by ProductArn and Id, whatever account it says it is of; so a key must be good for the account
//! that is sent and for the account of the finding that is there. Where the contracts are silent we chose:
//!
//! - An import of another account's finding is refused with InvalidAccess (CONTRACTS 1.7, account check).
//! - An update or a decision does not find it: FindingNotFound is the one refusal that Security Hub's clients know for a
//!   finding outside their accounts.

use crate::domain::json::{Object, text_at};
use crate::domain::{Caller, Finding, Rejection};

/// Refuses a document of an account that the key is not good for.
pub(super) fn check_sent(caller: &Caller, sent: &Object) -> Result<(), Rejection> {
    check(caller, sent, "AwsAccountId: the key is not good for this account")
}

/// Refuses to import over the finding that is there, if that is of an account that the key is not good for.
pub(super) fn check_current(caller: &Caller, current: Option<&Finding>) -> Result<(), Rejection> {
    let message = "Id: the finding of this ProductArn and Id is of an account that the key is not good for";
    current.map_or(Ok(()), |finding| check(caller, &finding.asff, message))
}

/// The finding as the caller may update it: none when it is of an account that the key is not good for.
pub(super) fn within<'a>(caller: &Caller, current: Option<&'a Finding>) -> Option<&'a Finding> {
    current.filter(|finding| caller.may_name_account(account_of(&finding.asff)))
}

fn check(caller: &Caller, asff: &Object, message: &str) -> Result<(), Rejection> {
    if caller.may_name_account(account_of(asff)) {
        return Ok(());
    }
    let id = text_at(asff, "Id").unwrap_or_default().to_owned();
    Err(Rejection { id, code: "InvalidAccess".to_owned(), message: message.to_owned() })
}

fn account_of(asff: &Object) -> &str {
    text_at(asff, "AwsAccountId").unwrap_or_default()
}
