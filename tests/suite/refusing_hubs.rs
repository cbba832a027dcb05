//! The trigger `tell-hubs` where hubs refuse for reasons that nobody knows, or for want of rights.

use crate::house::tenant;
use crate::listening_hubs::{OWN, Stub, name};
use crate::tell_hubs::{accept, house, hubs, listener, suppress, wake};
use posture_shared::domain::synchronisation::PERIOD_MS;
use posture_shared::domain::telling::MOST_TRIES;
use posture_shared::operations::{Extent, tell_hubs as work};
use serde_json::json;

const EU: &str = "eu-west-1";

/// What a hub refuses in words that nobody knows may pass; where it does not, it keeps nothing back for ever.
#[tokio::test]
async fn a_refusal_that_nobody_knows_is_passed_over_in_the_end() {
    let stub = Stub::with(&[(OWN, EU, 6)]);
    let house = house(&stub).await;
    let tries = async |expected: (u64, u64)| {
        for attempt in 1..=MOST_TRIES {
            let answer = wake(&house).await.unwrap();
            let found = ["told", "refused", "untold"].map(|count| answer[count].as_u64().unwrap());
            let last = attempt == MOST_TRIES;
            assert_eq!(found, if last { [expected.0, expected.1, 0] } else { [0, 0, 1] }, "{attempt}");
            house.clock.set(house.clock.now().plus(PERIOD_MS));
        }
    };
    // One of several, and one that comes later.
    stub.change(|state| state.outlandish.push(name(OWN, EU, 1)));
    suppress(&house, &[0, 1, 2, 3].map(|number| (OWN, EU, number))).await;
    tries((3, 1)).await;
    suppress(&house, &[(OWN, EU, 4)]).await;
    assert_eq!(wake(&house).await.unwrap()["told"], json!(1));
    // One that passes.
    stub.change(|state| state.outlandish = vec![name(OWN, EU, 5)]);
    suppress(&house, &[(OWN, EU, 5)]).await;
    assert_eq!(wake(&house).await.unwrap()["untold"], json!(1));
    let left = listener(&house, OWN, EU).await;
    assert_eq!((left.error.as_deref(), left.tries), (Some("FindingFrozenException: not now"), 1));
    stub.change(|state| state.outlandish.clear());
    house.clock.set(house.clock.now().plus(PERIOD_MS));
    assert_eq!(wake(&house).await.unwrap()["told"], json!(1));
    assert_eq!(listener(&house, OWN, EU).await.tries, 0);
}

/// A hub that refuses everything so is not asked for each finding by itself; one that may not be told is waited for.
#[tokio::test]
async fn a_hub_that_refuses_everything_is_given_up_and_one_that_denies_is_not() {
    let stub = Stub::with(&[(OWN, EU, 400)]);
    let house = house(&stub).await;
    let eu = (OWN.to_owned(), EU.to_owned());
    let refuse = |code: &str| {
        stub.change(|state| state.refuse.insert(eu.clone(), (code.to_owned(), "no".to_owned())));
    };
    accept(&house, "eu-west-1", "2023-12-20").await;
    refuse("AccessDeniedException");
    for _ in 0..=2 * MOST_TRIES {
        let answer = wake(&house).await.unwrap();
        assert_eq!((&answer["refused"], &answer["untold"]), (&json!(0), &json!(1)), "{answer}");
        house.clock.set(house.clock.now().plus(PERIOD_MS));
    }
    refuse("FindingFrozenException");
    for _ in 1..MOST_TRIES {
        assert_eq!(wake(&house).await.unwrap()["untold"], json!(1));
        house.clock.set(house.clock.now().plus(PERIOD_MS));
    }
    let before = stub.change(|state| state.answered);
    let answer = wake(&house).await.unwrap();
    assert_eq!((&answer["refused"], &answer["untold"]), (&json!(400), &json!(0)), "{answer}");
    let asked = stub.change(|state| state.answered) - before;
    assert!(asked < 40, "{asked}");
    stub.change(|state| state.refuse.clear());
    let found = work(house.writer(), &tenant("acme"), &hubs(&stub, &[EU], &[]), Extent::Whole, || false).await.unwrap();
    assert_eq!(found.tally.told, 400, "whoever asks for it tells all of them later");
}
