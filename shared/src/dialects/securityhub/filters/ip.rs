//! IpFilter: `{"Cidr"}`, a network such as `10.0.0.0/8` or a bare address, which is a network of one.
//!
//! Host bits may be set and do not count. A network of the other address family matches nothing.

use super::super::super::members::Members;
use crate::domain::Error;
use crate::domain::query::{Match, Test};
use std::net::IpAddr;

/// The test of an address attribute; its networks are OR-ed.
pub fn test(conditions: &[Members<'_>]) -> Result<Test, Error> {
    let any = conditions.iter().map(one).collect::<Result<_, _>>()?;
    Ok(Test::Text { any, none: Vec::new() })
}

fn one(condition: &Members<'_>) -> Result<Match, Error> {
    let text = condition.required("Cidr", condition.text("Cidr")?)?;
    network(text).ok_or_else(|| {
        let message = "must be an address or a network, such as 10.0.0.0/8 or 2001:db8::/32";
        Error::invalid(condition.name("Cidr"), message)
    })
}

fn network(text: &str) -> Option<Match> {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let widest = if address.is_ipv4() { 32 } else { 128 };
    let bits = match length {
        None => widest,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
    };
    (bits <= widest).then_some(Match::Network { address, bits })
}
