//! `FindingIdentifier`, the pair of Id and ProductArn by which operations name a finding.

use super::super::members::Members;
use super::limits;
use crate::domain::{Error, FindingKey};
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// The key that an identifier names; both members are required and bounded (CONTRACTS 1.8).
pub fn parse(members: &Members<'_>) -> Result<FindingKey, Error> {
    let part = |member: &str, chars: &RangeInclusive<usize>| {
        let text = members.required(member, members.text(member)?)?;
        if !chars.contains(&text.chars().count()) {
            let message = format!("must have {} to {} characters", chars.start(), chars.end());
            return Err(Error::invalid(members.name(member), message));
        }
        Ok(text.to_owned())
    };
    Ok(FindingKey { product_arn: part("ProductArn", &limits::PRODUCT_ARN_CHARS)?, id: part("Id", &limits::ID_CHARS)? })
}

/// The identifier as answers spell it.
pub fn render(key: &FindingKey) -> Value {
    let FindingKey { product_arn, id } = key;
    json!({"Id": id, "ProductArn": product_arn})
}
