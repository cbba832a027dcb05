//! What functions read when they start, before anybody asks: it saves the first list a round, and changes no answer.

use crate::house::{Answer, House, finding, tenant};
use crate::import_resources::ACCOUNT;
use crate::restores::{dump, restore};
use lambda_http::http::Method;
use serde_json::{Value, json};

async fn import(house: &House, ids: std::ops::Range<usize>) {
    let findings: Vec<Value> =
        ids.map(|n| finding(&format!("f-{n:03}"), ACCOUNT, "FAILED", "2023-11-01T00:00:00Z")).collect();
    house.import(&house.acme.token, &findings).await;
}

async fn list(house: &House) -> Answer {
    house.ask(&house.acme.token, Method::POST, "/findings", &json!({"MaxResults": 100})).await
}

/// How many findings a list has, and in how many rounds it was made.
async fn listed(house: &House) -> (usize, u32) {
    house.meter.take();
    let answer = list(house).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (answer.body["Findings"].as_array().unwrap().len(), house.meter.take().rounds)
}

/// A tenant without findings, one with a log alone, and one with a fold: one round less for the first list, none for the second.
#[tokio::test]
async fn the_first_list_is_a_round_shorter() {
    let house = House::new().await;
    for (count, is_folded) in [(0, false), (20, false), (40, true)] {
        if count > 0 {
            import(&house, count - 20..count).await;
        }
        if is_folded {
            house.writer().fold(&tenant("acme")).await.unwrap();
        }
        let (cold, ready) = (house.started(false).await, house.started(true).await);
        let (plain, ahead) = (listed(&cold).await, listed(&ready).await);
        assert_eq!((plain.0, ahead.0), (count, count));
        assert_eq!(ahead.1 + 1, plain.1, "{count} {is_folded}");
        assert_eq!(list(&cold).await.body, list(&ready).await.body);
        if count > 0 {
            assert_eq!(listed(&cold).await, listed(&ready).await, "{count} {is_folded}");
        }
    }
}

/// Whatever is committed or folded between the start and the first request is in its answer.
#[tokio::test]
async fn what_comes_after_the_start_is_seen() {
    let house = House::new().await;
    let before_all = house.started(true).await;
    import(&house, 0..10).await;
    let before_fold = house.started(true).await;
    house.writer().fold(&tenant("acme")).await.unwrap();
    import(&house, 10..20).await;
    let before_more = house.started(true).await;
    import(&house, 20..30).await;
    house.writer().fold(&tenant("acme")).await.unwrap();
    for started in [before_all, before_fold, before_more] {
        assert_eq!(listed(&started).await.0, 30);
        import(&house, 20..30).await;
        assert_eq!(listed(&started).await.0, 30);
    }
}

/// A restore in place, between the start and the first request: what was looked at is of a log that is no more.
#[tokio::test]
async fn a_manifest_of_another_log_is_given_up() {
    let house = House::new().await;
    import(&house, 0..10).await;
    let before = dump(&house.raw()).await;
    import(&house, 10..20).await;
    house.writer().fold(&tenant("acme")).await.unwrap();
    let started = [house.started(true).await, house.started(true).await];
    restore(&house.raw(), &before).await;
    assert_eq!(listed(&started[0]).await.0, 10);
    import(&house.beside(house.clock.now()), 30..45).await;
    assert_eq!(listed(&started[1]).await.0, 25);
}
