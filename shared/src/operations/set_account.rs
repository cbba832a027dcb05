//! Names an AWS account and says whether it is scanned.

use crate::domain::error::Denial;
use crate::domain::{Account, Caller, Error};
use crate::ledger::Writer;

/// Stores an account's settings over those it had. [`Error::Denied`] when the caller's key is not good for it.
pub async fn set_account(writer: &Writer, caller: &Caller, account: &Account) -> Result<(), Error> {
    if !caller.may_name_account(&account.id) {
        return Err(Error::Denied(Denial::Account));
    }
    writer.account_put(&caller.tenant, account).await
}
