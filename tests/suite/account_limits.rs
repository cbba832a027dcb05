//! Keys that are good for some AWS accounts only: what they may not write, by whichever route (DESIGN §5).

use crate::house::{ARN, House, admin, finding, key, tenant};
use lambda_http::http::Method;
use posture_shared::auth::{Credentials, Wish};
use posture_shared::domain::{Caller, Error, FindingKey, Ruling, Status, Terms};
use posture_shared::operations::decide_finding;
use serde_json::{Value, json};

const OURS: &str = "111111111111";
const THEIRS: &str = "222222222222";
const SNAPSHOTS: &str = "/api/v1/tenants/acme/snapshots";

/// A house in which each account has a finding, and a key that is good for one account.
async fn house() -> (House, Credentials) {
    let house = House::new().await;
    let both = [("ours", OURS), ("theirs", THEIRS)].map(|(id, of)| finding(id, of, "FAILED", "2023-11-02T00:00:00Z"));
    house.import(&house.acme.token, &both).await;
    let accounts = Some([OURS.to_owned()].into());
    let limited = key(house.writer(), "acme", Wish { accounts, name: "limited".to_owned(), ..admin() }).await;
    (house, limited)
}

async fn stored(house: &House, id: &str) -> Value {
    let filters = json!({"Filters": {"Id": [{"Value": id, "Comparison": "EQUALS"}]}});
    house.ask(&house.acme.token, Method::POST, "/findings", &filters).await.body["Findings"][0].clone()
}

/// CONTRACTS 1.7: identity is (ProductArn, Id), and an account that does not match is InvalidAccess. Whatever account
/// the sent document names, the finding that is there belongs to its own.
#[tokio::test]
async fn anothers_finding_is_not_imported_over() {
    let (house, limited) = house().await;
    let before = stored(&house, "theirs").await;
    for account in [OURS, THEIRS] {
        let sent = finding("theirs", account, "PASSED", "2023-11-03T00:00:00Z");
        let import = json!({"Findings": [&sent]});
        let answer = house.ask(&limited.token, Method::POST, "/findings/import", &import).await;
        assert_eq!(answer.body["FailedFindings"][0]["ErrorCode"], "InvalidAccess", "{}", answer.body);
        for body in [import, json!({"time": "2023-11-03T00:00:05Z", "detail": {"findings": [&sent]}})] {
            let answer = house.ask(&limited.token, Method::POST, SNAPSHOTS, &body).await;
            assert_eq!(answer.body["rejected"], 1, "{}", answer.body);
            assert_eq!(answer.body["rejections"][0]["code"], "InvalidAccess", "{}", answer.body);
        }
        assert_eq!(stored(&house, "theirs").await, before, "{account}");
    }
}

/// Its own account's findings are imported by both routes.
#[tokio::test]
async fn own_findings_are_imported() {
    let (house, limited) = house().await;
    let sent = |day: u32| finding("ours", OURS, "PASSED", &format!("2023-11-0{day}T00:00:00Z"));
    house.import(&limited.token, &[sent(3)]).await;
    let answer = house.ask(&limited.token, Method::POST, SNAPSHOTS, &json!({"Findings": [sent(4)]})).await;
    assert_eq!((&answer.body["rejected"], answer.status), (&json!(0), 200), "{}", answer.body);
    assert_eq!(stored(&house, "ours").await["ProductArn"], ARN);
}

/// CONTRACTS 1.7, BatchUpdate failure codes: of those that clients know, FindingNotFound is what Security Hub gives for a
/// finding outside of the caller's accounts.
#[tokio::test]
async fn anothers_finding_is_not_found_for_an_update() {
    let (house, limited) = house().await;
    let before = stored(&house, "theirs").await;
    let identifiers = ["ours", "theirs"].map(|id| json!({"Id": id, "ProductArn": ARN}));
    let update = json!({"FindingIdentifiers": identifiers, "Workflow": {"Status": "SUPPRESSED"}});
    let answer = house.ask(&limited.token, Method::PATCH, "/findings/batchupdate", &update).await;
    assert_eq!(answer.body["ProcessedFindings"], json!([identifiers[0]]));
    let refused = json!([{"FindingIdentifier": identifiers[1], "ErrorCode": "FindingNotFound",
        "ErrorMessage": "Finding Not Found"}]);
    assert_eq!(answer.body["UnprocessedFindings"], refused);
    assert_eq!(stored(&house, "theirs").await, before);
    assert_eq!(stored(&house, "ours").await["Workflow"]["Status"], "SUPPRESSED");
}

/// The same holds for decisions made here.
#[tokio::test]
async fn anothers_finding_is_not_found_for_an_acceptance() {
    let (house, _) = house().await;
    let (accounts, scopes) = (Some([OURS.to_owned()].into()), [].into());
    let caller = Caller { tenant: tenant("acme"), key_name: "limited".to_owned(), scopes, accounts, region: None };
    for (id, accepted) in [("ours", true), ("theirs", false)] {
        let key = FindingKey { product_arn: ARN.to_owned(), id: id.to_owned() };
        let ruling = Ruling::of(Status::RiskAccepted);
        match decide_finding(house.writer(), &caller, key, ruling, &Terms::default()).await {
            Ok(()) => assert!(accepted, "{id}"),
            Err(Error::NotFound(_)) => assert!(!accepted, "{id}"),
            other => panic!("{other:?}"),
        }
    }
}
