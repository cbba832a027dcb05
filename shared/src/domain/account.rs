//! Names for AWS accounts, which some dialects call scans.

use serde::{Deserialize, Serialize};

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
