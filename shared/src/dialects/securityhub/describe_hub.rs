//! `GET /accounts`: DescribeHub, which producers ask before they send (CONTRACTS 1.1 and 6).
//!
//! A request may name a hub by its ARN; whether the caller may see that account is for the operation to say.
//! Controls are not enabled by themselves here, and one finding is made per control, so AutoEnableControls is false
//! and ControlFindingGenerator SECURITY_CONTROL.

use super::super::Reply;
use super::hub::Hub;
use crate::domain::{Error, Instant};
use serde_json::json;

/// The hub that the query parameter `HubArn` names, if it is there; [`Error::Invalid`] when it is no hub's ARN.
pub fn parse(hub_arn: Option<&str>) -> Result<Option<Hub>, Error> {
    let malformed = || Error::invalid("HubArn", "must be arn:aws:securityhub:REGION:ACCOUNT:hub/default");
    hub_arn.filter(|arn| !arn.is_empty()).map(|arn| Hub::parse(arn).ok_or_else(malformed)).transpose()
}

/// A hub, and since when it takes findings.
pub fn render(hub: &Hub, subscribed_at: Instant) -> Reply {
    Reply::json(
        200,
        &json!({
            "HubArn": hub.to_string(),
            "SubscribedAt": subscribed_at.to_string(),
            "AutoEnableControls": false,
            "ControlFindingGenerator": "SECURITY_CONTROL",
        }),
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests stop where an assumption fails")]
mod tests {
    use super::{Hub, parse, render};
    use crate::domain::Instant;
    use serde_json::{Value, json};

    fn hub(region: &str) -> Hub {
        Hub { region: region.to_owned(), account: "123456789012".to_owned() }
    }

    #[test]
    fn a_hub_is_named_by_its_arn_or_not_at_all() {
        for none in [None, Some("")] {
            assert_eq!(parse(none), Ok(None));
        }
        for region in ["eu-central-1", "us-gov-west-1", "cn-north-1"] {
            assert_eq!(parse(Some(&hub(region).to_string())), Ok(Some(hub(region))));
        }
        for wrong in [
            "default",
            "arn:aws:securityhub:eu-central-1:123456789012:hub/other",
            "arn:aws:securityhub:eu-central-1:12345678901:hub/default",
            "arn:aws:securityhub::123456789012:hub/default",
            "arn:aws:securityhub:cn-north-1:123456789012:hub/default",
            "arn:aws:s3:eu-central-1:123456789012:hub/default",
            "arn:aws:securityhub:eu-central-1:123456789012:hub/default:more",
        ] {
            assert!(parse(Some(wrong)).is_err_and(|error| error.to_string().starts_with("HubArn")), "{wrong}");
        }
    }

    /// CONTRACTS 1.1 and 6.
    #[test]
    fn a_hub_is_described() {
        let reply = render(&hub("eu-central-1"), Instant(1_548_975_600_000));
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        let expected = json!({
            "HubArn": "arn:aws:securityhub:eu-central-1:123456789012:hub/default",
            "SubscribedAt": "2019-01-31T23:00:00.000Z",
            "AutoEnableControls": false,
            "ControlFindingGenerator": "SECURITY_CONTROL",
        });
        assert_eq!((reply.status, body), (200, expected));
    }
}
