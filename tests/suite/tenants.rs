//! Two tenants: whatever of one is tried on the other gets the answer that nonsense gets (DESIGN §5).

use crate::denial::{assert_clean, error_of};
use posture_functions::Route;
use posture_functions::routes::keyed;
use posture_shared::domain::{Account, Scope};
use posture_tests::samples::{self, PRODUCT, get, patch, post};
use posture_tests::world::signed;
use posture_tests::{Answer, Ask, Gateway, Tenant, World};
use serde_json::{Value, json};

/// An operation, its request with a token, and tokens that are not for it.
type Case<'a> = (&'a str, fn(&str) -> Ask, Vec<&'a str>);

/// Both tenants have the findings `shared-1` and `shared-2` with four records of history; each has one of its own.
async fn world() -> World {
    let world = World::new().await;
    for (tenant, own) in [(&world.ours, "ours-only"), (&world.theirs, "theirs-only")] {
        for day in 1..=4 {
            let findings = ["shared-1", "shared-2", own].map(|id| samples::finding(id, day));
            world.import(tenant, &findings).await;
        }
    }
    world
}

fn identifier(id: &str) -> Value {
    json!({"Id": id, "ProductArn": PRODUCT})
}

fn history(id: &str, token: Option<&str>) -> Ask {
    post(
        "/findingHistory/get",
        &json!({"FindingIdentifier": identifier(id), "MaxResults": 1, "NextToken": token}).to_string(),
    )
}

fn list(token: Option<&str>) -> Ask {
    post("/findings", &json!({"MaxResults": 1, "NextToken": token}).to_string())
}

fn by_id(id: &str) -> Ask {
    let filters = json!({"Id": [{"Value": id, "Comparison": "EQUALS"}]});
    post("/findings", &json!({"Filters": filters}).to_string())
}

fn token_of(answer: &Answer) -> String {
    answer.json()["NextToken"].as_str().unwrap_or_else(|| panic!("no token: {}", answer.body)).to_owned()
}

/// What we get for a thing of theirs, and for a thing that nobody has, told apart by nothing but its name.
async fn same_as_nonsense(
    world: &World,
    ask: impl Fn(&str) -> Ask,
    theirs: &str,
    nonsense: &str,
    case: &str,
) -> Answer {
    let foreign = world.ask(&world.ours, &ask(theirs)).await.timeless();
    let absent = world.ask(&world.ours, &ask(nonsense)).await.timeless();
    let renamed = Answer { body: absent.body.replace(nonsense, theirs), ..absent };
    assert_eq!(foreign, renamed, "{case}");
    assert_clean(world, &foreign, case);
    foreign
}

#[tokio::test]
async fn anothers_findings_are_not_there() {
    let world = world().await;
    let nobody = "nobody-has";
    let answer = same_as_nonsense(&world, by_id, "theirs-only", nobody, "filter by id").await;
    assert_eq!(answer.json(), json!({"Findings": []}));
    let records = same_as_nonsense(&world, |id| history(id, None), "theirs-only", nobody, "history").await;
    assert_eq!(records.json(), json!({"Records": []}));
    let update = |id: &str| patch("/findings/batchupdate", &samples::update(&[identifier(id)]).to_string());
    let refused = same_as_nonsense(&world, update, "theirs-only", nobody, "update").await;
    assert_eq!(refused.json()["UnprocessedFindings"][0]["ErrorCode"], "FindingNotFound");
    // And it is untouched.
    let theirs = world.ask(&world.theirs, &by_id("theirs-only")).await.json();
    assert_eq!(theirs["Findings"][0]["Workflow"], json!({"Status": "NEW"}));
}

#[tokio::test]
async fn equal_names_are_different_findings() {
    let world = world().await;
    let update = patch("/findings/batchupdate", &samples::update(&[identifier("shared-1")]).to_string());
    assert_eq!(world.ask(&world.theirs, &update).await.json()["UnprocessedFindings"], json!([]));
    let ours = world.ask(&world.ours, &by_id("shared-1")).await.json();
    assert_eq!(ours["Findings"][0]["Workflow"], json!({"Status": "NEW"}));
    let all = world.ask(&world.ours, &post("/findings", "{}")).await.json();
    assert_eq!(all["Findings"].as_array().unwrap().len(), 3);
}

/// A token is good for its tenant, its operation and its question, and for nobody and nothing else.
#[tokio::test]
async fn anothers_tokens_are_nonsense() {
    let world = world().await;
    let theirs = token_of(&world.ask(&world.theirs, &list(None)).await);
    let ours = token_of(&world.ask(&world.ours, &list(None)).await);
    assert_eq!(world.ask(&world.ours, &list(Some(&ours))).await.status, 200);
    let their_history = token_of(&world.ask(&world.theirs, &history("shared-1", None)).await);
    let our_history = token_of(&world.ask(&world.ours, &history("shared-1", None)).await);
    assert_eq!(world.ask(&world.ours, &history("shared-1", Some(&our_history))).await.status, 200);
    let flipped: String = ours.chars().rev().collect();
    let padded = format!("{ours}=");
    let cases: [Case<'_>; 3] = [
        ("list", |token| list(Some(token)), vec![&theirs, &our_history, &their_history, &flipped, &padded]),
        ("history", |token| history("shared-1", Some(token)), vec![&their_history, &ours, &theirs, &flipped]),
        ("another finding's history", |token| history("shared-2", Some(token)), vec![&our_history, &their_history]),
    ];
    for (name, ask, tokens) in cases {
        for token in tokens {
            let answer = same_as_nonsense(&world, ask, token, "nonsense", name).await;
            assert_eq!(answer.status, 400, "{name}");
            assert!(error_of(&answer).unwrap().1.starts_with("NextToken: "), "{name}: {}", answer.body);
        }
    }
    // Another filter, with our own token.
    let filtered = |token: &str| {
        let filters = json!({"Id": [{"Value": "shared-1", "Comparison": "EQUALS"}]});
        post("/findings", &json!({"Filters": filters, "MaxResults": 1, "NextToken": token}).to_string())
    };
    same_as_nonsense(&world, filtered, &ours, "nonsense", "another filter").await;
}

#[tokio::test]
async fn anothers_accounts_are_not_there() {
    let world = world().await;
    let account = |id: &str| Account {
        id: id.to_owned(),
        name: None,
        group: "default".to_owned(),
        enabled: true,
        archived: false,
    };
    world.app.writer.account_put(&world.theirs.id, &account("222222222222")).await.unwrap();
    world.app.writer.account_put(&world.ours.id, &account("111111111111")).await.unwrap();
    let arn = |id: &str| {
        let arn = format!("arn:aws:securityhub:us-east-1:{id}:product-subscription/prowler/prowler");
        get(&format!("/productSubscriptions?NextToken={}", arn.replace(':', "%3A").replace('/', "%2F")))
    };
    let answer = same_as_nonsense(&world, arn, "222222222222", "333333333333", "subscriptions").await;
    assert_eq!(answer.status, 400);
    let hub = |id: &str| {
        let arn = format!("arn:aws:securityhub:us-east-1:{id}:hub/default");
        get(&format!("/accounts?HubArn={}", arn.replace(':', "%3A").replace('/', "%2F")))
    };
    same_as_nonsense(&world, hub, "222222222222", "333333333333", "hub").await;
    let limited = world.key(&world.ours, "limited", |r| r.accounts = Some(["111111111111".to_owned()].into())).await;
    for id in ["222222222222", "333333333333"] {
        let answer = world.send(Gateway::Rest, &hub(id).bearing(&limited.token)).await.timeless();
        assert_eq!((answer.status, error_of(&answer).unwrap().1.as_str()), (404, "there is no such hub"));
    }
    let all = world.ask(&world.ours, &get("/productSubscriptions")).await;
    assert!(all.body.contains("111111111111") && !all.body.contains("222222222222"), "{}", all.body);
}

/// Infracast's uids and ids, and states that only the other tenant has.
#[tokio::test]
async fn anothers_findings_are_not_there_by_uid_either() {
    let world = world().await;
    let list = |tenant: &Tenant| get(&format!("/api/v1/tenants/{}/findings", tenant.id));
    let theirs = world.ask(&world.theirs, &list(&world.theirs)).await.json();
    let ours = world.ask(&world.ours, &list(&world.ours)).await.json();
    let one = |id: &str| get(&format!("/api/v1/tenants/acme/findings/{id}"));
    for (row, own) in theirs["items"].as_array().unwrap().iter().zip(ours["items"].as_array().unwrap()) {
        for member in ["uid", "id"] {
            let (foreign, nonsense) = (row[member].as_str().unwrap(), "aaaaaaaa-aaaa-8aaa-8aaa-aaaaaaaaaaaa");
            let answer = same_as_nonsense(&world, one, foreign, nonsense, member).await;
            assert_eq!(answer.status, 404, "{member}");
            let own = own[member].as_str().unwrap();
            assert_eq!(world.ask(&world.ours, &one(own)).await.status, 200, "{own}");
        }
    }
}

/// Their secret under our key's name, our secret under theirs, and their key on our path.
#[tokio::test]
async fn anothers_keys_open_nothing_here() {
    let world = world().await;
    let (ours, theirs) = (world.ours.admin(), world.theirs.admin());
    let cut = |token: &str| -> (String, String) {
        let (name, secret) = token.split_at(token.len() - 43);
        (name.to_owned(), secret.to_owned())
    };
    let mixed = cut(&ours.token).0 + &cut(&theirs.token).1;
    let nonsense = cut(&ours.token).0 + &"A".repeat(43);
    for route in keyed() {
        let ask = samples::ask(route, &world.ours);
        let foreign = world.send(Gateway::Rest, &ask.clone().bearing(&mixed)).await.timeless();
        let absent = world.send(Gateway::Rest, &ask.clone().bearing(&nonsense)).await.timeless();
        assert_eq!(foreign, absent, "{}", route.function);
        let pair = posture_shared::auth::Credentials {
            aws_secret_access_key: theirs.aws_secret_access_key.clone(),
            ..ours.clone()
        };
        let never = posture_shared::auth::Credentials { aws_secret_access_key: "x".repeat(40), ..ours.clone() };
        let foreign = world.signed(Gateway::Rest, &pair, &ask).await.timeless();
        let absent = world.signed(Gateway::Rest, &never, &ask).await.timeless();
        assert_eq!(foreign, absent, "{}", route.function);
        assert!([401, 403].contains(&foreign.status), "{}", route.function);
    }
}

/// DESIGN §5: in paths that name a tenant the key must be good for it; another tenant is as absent as none.
#[tokio::test]
async fn anothers_path_is_not_there() {
    let world = world().await;
    let named: Vec<_> = keyed().filter(|route| route.path.contains("{tenantID}")).collect();
    assert!(!named.is_empty());
    for route in named {
        let mut answers = Vec::new();
        for name in ["umbrella", "nobody-has", "ACME", "acme%20", "%61cme%00", "a%2Fb"] {
            let ask = elsewhere(route, name, &world);
            for key in [world.ours.admin(), world.ours.key(route.scope.unwrap())] {
                let bearer = world.send(Gateway::Rest, &ask.clone().bearing(&key.token)).await;
                let signed = world.send(Gateway::FunctionUrl, &signed(Gateway::FunctionUrl, key, &ask)).await;
                answers.extend([bearer.timeless(), signed.timeless()]);
            }
        }
        for answer in &answers {
            assert_eq!(answer, &answers[0], "{}", route.function);
        }
        assert_eq!(answers[0].status, 404);
        // A key without the scope learns as little about tenants.
        let other = if route.scope == Some(Scope::FindingsRead) { Scope::AuditRun } else { Scope::FindingsRead };
        let reader = world.ours.key(other);
        for name in ["acme", "umbrella", "nobody-has"] {
            let ask = elsewhere(route, name, &world);
            assert_eq!(world.send(Gateway::Rest, &ask.bearing(&reader.token)).await.status, 403, "{name}");
        }
    }
    // Nothing arrived there, by path or by event.
    assert_eq!(count(&world, &world.theirs).await, 3);
}

/// A route's good request, to the path of a tenant.
fn elsewhere(route: &Route, tenant: &str, world: &World) -> Ask {
    let ask = samples::ask(route, &world.ours);
    Ask { path: ask.path.replacen(&format!("/{}/", world.ours.id), &format!("/{tenant}/"), 1), ..ask }
}

/// Events belong to the deployment's tenant, whatever they say.
#[tokio::test]
async fn events_reach_their_own_tenant_alone() {
    let world = world().await;
    let mut event = samples::hub_event("2024-01-05T08:00:00Z", &[samples::finding("from-the-hub", 5)]);
    event["tenant"] = json!("umbrella");
    event["tenantID"] = json!("umbrella");
    world.wake(event).await.unwrap();
    assert_eq!((count(&world, &world.ours).await, count(&world, &world.theirs).await), (4, 3));
}

async fn count(world: &World, tenant: &Tenant) -> usize {
    world.ask(tenant, &post("/findings", "{}")).await.json()["Findings"].as_array().unwrap().len()
}
