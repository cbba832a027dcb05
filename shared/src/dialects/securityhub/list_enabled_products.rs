//! `GET /productSubscriptions`: ListEnabledProductsForImport, which producers ask before they send (CONTRACTS 1.1
//! and 6).
//!
//! Every product may send here, without asking; the list names those that look themselves up. The list is a
//! function of region and accounts alone, so a token is the last ARN of the page before.

use super::super::Reply;
use super::hub::Hub;
use super::{limits, page};
use crate::domain::Error;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The products that look for their own subscription before they send, as `COMPANY/PRODUCT`.
pub const PRODUCTS: [&str; 1] = ["prowler/prowler"];

/// A request for the subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEnabledProducts {
    /// Subscriptions of a page, 1 to 100.
    pub limit: u32,
    /// The last ARN of the page before, if it is not the first.
    pub token: Option<String>,
}

/// Reads the query parameters; [`Error::Invalid`] names the one at fault.
pub fn parse(max_results: Option<&str>, next_token: Option<&str>) -> Result<ListEnabledProducts, Error> {
    let limit = match max_results.filter(|text| !text.is_empty()) {
        None => limits::DEFAULT_MAX_RESULTS,
        // What is no number at all gets the same message as one out of range.
        Some(text) => page::limit_of(text.parse().unwrap_or(0))?,
    };
    Ok(ListEnabledProducts { limit, token: next_token.filter(|token| !token.is_empty()).map(str::to_owned) })
}

/// One page of the subscriptions of these accounts in one region, in the order of their ARNs.
/// [`Error::Invalid`] when the token is none of them.
pub fn render(request: &ListEnabledProducts, region: &str, accounts: &[String]) -> Result<Reply, Error> {
    let ListEnabledProducts { limit, token } = request;
    let all: BTreeSet<String> = accounts
        .iter()
        .flat_map(|account| {
            let hub = Hub { region: region.to_owned(), account: account.clone() };
            PRODUCTS.map(|product| hub.subscription(product))
        })
        .collect();
    if let Some(token) = token
        && !all.contains(token)
    {
        return Err(Error::invalid("NextToken", "is not a token of this list"));
    }
    let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
    let mut rest = all.into_iter().filter(|arn| token.as_ref().is_none_or(|token| arn > token));
    let shown: Vec<String> = rest.by_ref().take(limit).collect();
    let mut body = json!({"ProductSubscriptions": shown});
    if rest.next().is_some()
        && let (Some(last), Value::Object(members)) = (shown.last(), &mut body)
    {
        members.insert("NextToken".to_owned(), Value::String(last.clone()));
    }
    Ok(Reply::json(200, &body))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests stop where an assumption fails")]
mod tests {
    use super::{ListEnabledProducts, parse, render};
    use serde_json::{Value, json};

    fn page(request: &ListEnabledProducts, accounts: &[String]) -> Value {
        serde_json::from_slice(&render(request, "eu-central-1", accounts).unwrap().body).unwrap()
    }

    /// CONTRACTS 6: what prowler looks for before it sends.
    #[test]
    fn every_account_is_subscribed_to_prowler() {
        let accounts = ["222222222222", "111111111111", "222222222222"].map(str::to_owned);
        let arn =
            |account: &str| format!("arn:aws:securityhub:eu-central-1:{account}:product-subscription/prowler/prowler");
        let expected = json!({"ProductSubscriptions": [arn("111111111111"), arn("222222222222")]});
        assert_eq!(page(&parse(None, None).unwrap(), &accounts), expected);
        assert_eq!(page(&parse(None, None).unwrap(), &[]), json!({"ProductSubscriptions": []}));
    }

    #[test]
    fn pages_hold_every_subscription_once() {
        let accounts: Vec<String> = (0..250).map(|i| format!("{i:012}")).collect();
        let (mut token, mut seen) = (None, Vec::new());
        for _ in 0..3 {
            let body = page(&parse(Some("100"), token.as_deref()).unwrap(), &accounts);
            let listed = body.get("ProductSubscriptions").and_then(Value::as_array).unwrap().clone();
            seen.extend(listed.iter().filter_map(Value::as_str).map(str::to_owned));
            token = body.get("NextToken").and_then(Value::as_str).map(str::to_owned);
        }
        assert_eq!((seen.len(), token), (250, None));
        seen.dedup();
        assert_eq!(seen.len(), 250);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for wrong in ["0", "101", "ten", "1.5", "-1"] {
            assert!(parse(Some(wrong), None).is_err_and(|e| e.to_string().starts_with("MaxResults")), "{wrong}");
        }
        assert_eq!(parse(Some(""), Some("")), parse(None, None));
        let foreign = parse(None, Some("arn:aws:other")).unwrap();
        assert!(render(&foreign, "eu-central-1", &[]).is_err_and(|e| e.to_string().starts_with("NextToken")));
    }
}
