//! The trigger `tell-hubs` where hubs refuse for reasons that nobody knows, or for want of rights.

use crate::listening_hubs::{OWN, Stub, name};
use crate::tell_hubs::{accept, house, listener, suppress, wake};
use posture_shared::domain::synchronisation::PERIOD_MS;
use posture_shared::domain::telling::MOST_TRIES;
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

/// Only those that are refused are passed over, however many they are and wherever they stand.
#[tokio::test]
async fn what_stands_beside_what_is_refused_is_told() {
    for refused in [0..40, 80..100, 12..13, 200..250] {
        let stub = Stub::with(&[(OWN, EU, 250)]);
        let house = house(&stub).await;
        let count = refused.len() as u64;
        stub.change(|state| state.outlandish.extend(refused.map(|number| name(OWN, EU, number))));
        accept(&house, "eu-west-1", "2023-12-20").await;
        for _ in 1..MOST_TRIES {
            assert_eq!(wake(&house).await.unwrap()["untold"], json!(1));
            house.clock.set(house.clock.now().plus(PERIOD_MS));
        }
        let answer = wake(&house).await.unwrap();
        let found = ["told", "refused", "untold"].map(|count| answer[count].as_u64().unwrap());
        assert!(found[1..] == [count, 0] && listener(&house, OWN, EU).await.tally.told == 250 - count, "{answer}");
    }
}

/// A hub that refuses everything so is not asked for each finding by itself, and is waited for, as one that may not be told.
#[tokio::test]
async fn a_hub_that_refuses_everything_is_waited_for() {
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
    for _ in 0..2 {
        let before = stub.change(|state| state.answered);
        let answer = wake(&house).await.unwrap();
        assert_eq!((&answer["refused"], &answer["untold"]), (&json!(0), &json!(1)), "{answer}");
        let asked = stub.change(|state| state.answered) - before;
        assert!((1..40).contains(&asked), "{asked}");
        let left = listener(&house, OWN, EU).await;
        assert_eq!((left.error.as_deref(), left.tally.refused), (Some("FindingFrozenException: no"), 0));
        house.clock.set(house.clock.now().plus(PERIOD_MS));
    }
    stub.change(|state| state.refuse.clear());
    assert_eq!(wake(&house).await.unwrap()["told"], json!(400), "nothing is lost");
    assert_eq!(listener(&house, OWN, EU).await.refuses_since, None);
}

/// One finding alone tells nothing about the hub: it is waited for, for a day, until it takes something or nobody can wait any longer.
#[tokio::test]
async fn a_hub_that_takes_nothing_keeps_nothing_back_for_ever() {
    for is_helped in [false, true] {
        let stub = Stub::with(&[(OWN, EU, 3)]);
        let house = house(&stub).await;
        stub.change(|state| state.outlandish.push(name(OWN, EU, 0)));
        suppress(&house, &[(OWN, EU, 0)]).await;
        let mut refused = Vec::new();
        for _ in 0..48 {
            let answer = wake(&house).await.unwrap();
            refused.push(answer["refused"].as_u64().unwrap());
            house.clock.set(house.clock.now().plus(PERIOD_MS));
            if refused.len() == 10 && is_helped {
                suppress(&house, &[(OWN, EU, 1)]).await;
            }
        }
        let hours = refused.iter().position(|refused| *refused == 1).unwrap();
        assert_eq!(refused.iter().sum::<u64>(), 1, "{refused:?}");
        assert_eq!(hours, if is_helped { 10 } else { 24 });
        suppress(&house, &[(OWN, EU, 2)]).await;
        assert_eq!(wake(&house).await.unwrap()["told"], json!(1));
        assert_eq!(listener(&house, OWN, EU).await.tally.told, if is_helped { 2 } else { 1 });
    }
}
