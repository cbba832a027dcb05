//! ARNs of a hub and of what is subscribed to it.

use crate::domain::Account;
use std::fmt;

/// One account's hub in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// The region, for example `eu-central-1`.
    pub region: String,
    /// The account's 12 digits.
    pub account: String,
}

/// The partition that a region belongs to, as ARNs spell it.
pub fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// The region of hubs when a request is not signed for one.
pub const DEFAULT_REGION: &str = "us-east-1";

impl Hub {
    /// The hub of the first account in a region; of account 000000000000 when none is known.
    pub fn first(region: Option<&str>, accounts: &[String]) -> Self {
        let account = accounts.first().map_or("000000000000", String::as_str);
        Self { region: region.unwrap_or(DEFAULT_REGION).to_owned(), account: account.to_owned() }
    }

    /// The hub of that ARN, `arn:PARTITION:securityhub:REGION:ACCOUNT:hub/default`.
    pub fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", partition_name, "securityhub", region, account, "hub/default"] = *parts.as_slice() else {
            return None;
        };
        let known = !region.is_empty() && partition_name == partition(region);
        (Account::is_id(account) && known).then(|| Self { region: region.to_owned(), account: account.to_owned() })
    }

    /// The ARN of the subscription to a product, named `COMPANY/PRODUCT`.
    pub fn subscription(&self, product: &str) -> String {
        let Self { region, account } = self;
        format!("arn:{}:securityhub:{region}:{account}:product-subscription/{product}", partition(region))
    }
}

impl fmt::Display for Hub {
    /// The ARN.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, account } = self;
        write!(f, "arn:{}:securityhub:{region}:{account}:hub/default", partition(region))
    }
}
