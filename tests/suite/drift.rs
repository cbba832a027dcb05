//! Drift (DESIGN §3): whatever is wrong with a ledger is told by the schedule within a rotation, and again in each one while it stays.

use crate::ledger::{DAMAGES, Ledger, START, Table, day, finding, flip, place_of, small, text};
use crate::verify_ledgers::{DAY, a_week_later, assert_clean, verify};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use posture_local::embedded::Embedded;

/// Everything that the whole verification knows of, with the same words: before anybody has verified the ledger, and when all of it
/// was verified before. It is told again, and no more when it is put right.
#[tokio::test]
async fn damage_is_told_within_a_rotation() {
    let ledger = small().await;
    let unseen = ledger.dump().await;
    let at = ledger.clock.now();
    assert_clean("sound", &ledger).await;
    a_week_later(&ledger);
    let seen = ledger.dump().await;
    let later = ledger.clock.now();
    for (what, damage, expected) in DAMAGES {
        for (sound, at) in [(&unseen, at), (&seen, later)] {
            // Without a place and a head there is nothing that would say that there is a ledger.
            if what == "head deleted" && at != later {
                continue;
            }
            let mut table = sound.clone();
            damage(&mut table);
            ledger.restore(&table).await;
            ledger.clock.set(at);
            let told = verify(&ledger).await;
            assert!(told.tells(expected), "{what}: {expected}: {:?}", told.problems);
            assert_eq!(told.problems.len() as u64, told.done.problems, "{what}");
            ledger.clock.set(at.plus(DAY));
            let again = verify(&ledger).await;
            assert!(again.tells(expected), "{what}, the day after: {:?}", again.problems);
            assert_eq!(again.anchors, [], "{what}: what is wrong is not anchored");
            // Whatever was done about it, the next rotations see it.
            let place = ledger.dump().await.into_iter().filter(|(key, _)| key.0 == "acme#patrol");
            let right: Table = sound.clone().into_iter().chain(place).collect();
            ledger.restore(&right).await;
            ledger.clock.set(at.plus(2 * DAY));
            assert_clean(&format!("{what}, put right"), &ledger).await;
        }
    }
}

/// A rule list, segments that are missing, damaged, or of another state, and expiries that nobody wrote.
#[tokio::test]
async fn damage_of_what_is_derived_is_told() {
    let ledger = Ledger::new().await;
    ledger.import(&[finding(0, "LOW", &day(1)), finding(1, "LOW", &day(1))]).await;
    ledger.accept(1, START + 1_000_000_000).await;
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    ledger.import(&[finding(0, "LOW", &day(2))]).await;
    ledger.import(&[finding(1, "HIGH", &day(2))]).await;
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    let sound = ledger.dump().await;
    assert_clean("sound", &ledger).await;
    type Case = (&'static str, fn(&mut Table), &'static str);
    fn older(table: &mut Table, family: &str) {
        let places: Vec<_> = table.keys().filter(|place| place.0.ends_with(&format!("#{family}"))).cloned().collect();
        assert_eq!(places.len(), 2, "{places:?}");
        let old = table[&places[0]]["body"].clone();
        table.get_mut(&places[1]).unwrap().insert("body".to_owned(), old);
    }
    let cases: [Case; 8] = [
        (
            "a rule's list deleted",
            |t| {
                let place = t.keys().find(|place| place.0.contains("#rule#")).unwrap().clone();
                t.remove(&place);
            },
            "the list of versions of rule rule-",
        ),
        ("older columns", |t| older(t, "core"), "finding 1: severity is \"low\" in the index and \"high\" in the log"),
        ("older observations", |t| older(t, "seen"), "finding 0: last_seen is"),
        (
            "a segment deleted",
            |t| {
                let place = t.keys().rfind(|place| place.0.ends_with("#core")).unwrap().clone();
                t.remove(&place);
            },
            "a segment of the index of commit 4 is missing",
        ),
        (
            "a segment damaged",
            |t| {
                let place = t.keys().rfind(|place| place.0.ends_with("#core")).unwrap().clone();
                flip(t.get_mut(&place).unwrap(), "body");
            },
            "the index of commit 4 cannot be read",
        ),
        (
            "an expiry of nobody",
            |t| {
                let place = place_of(t, "expiry", 0);
                let mut stray = t[&place].clone();
                let sk = place.1.replacen("#00000001#", "#00000000#", 1);
                text(&mut stray, "sk", &sk);
                t.insert((place.0, sk), stray);
            },
            "no log entry names the expiry of finding 0",
        ),
        (
            "an expiry with another end",
            |t| {
                let place = place_of(t, "expiry", 0);
                let mut stray = t[&place].clone();
                let sk = format!("{:015}{}", START + 5, &place.1[15..]);
                text(&mut stray, "sk", &sk);
                t.insert((place.0, sk), stray);
            },
            "no log entry names the expiry of finding 1",
        ),
        (
            "every document of a finding",
            |t| t.retain(|place, _| place.0 != "acme#document#00000000"),
            "finding 0 has no document",
        ),
    ];
    for (what, damage, expected) in cases {
        let mut table = sound.clone();
        damage(&mut table);
        ledger.restore(&table).await;
        let told = verify(&ledger).await;
        assert!(told.tells(expected), "{what}: {expected}: {:?}", told.problems);
    }
}

/// A fold takes over unread what it does not change; a visit reads it, however many folds have done so.
#[tokio::test]
async fn what_folds_take_over_unread_is_told() {
    let store = Embedded::memory().unwrap();
    let ledger = Ledger::over(&store);
    ledger.writer.create_table().await.unwrap();
    ledger.import(&[finding(0, "LOW", &day(1)), finding(1, "LOW", &day(1))]).await;
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    let mut table = ledger.dump().await;
    let (place, item) = table.iter_mut().find(|(place, _)| place.0.ends_with("#text")).unwrap();
    let body = item["body"].as_b().unwrap().as_ref();
    item.insert("body".to_owned(), AttributeValue::B(Blob::new(&body[..body.len() - 1])));
    let (place, item) = (place.clone(), item.clone());
    ledger.restore(&table).await;
    let other = Ledger::over(&store);
    for (n, severity) in [(2, "HIGH"), (3, "LOW")] {
        other.import(&[finding(0, severity, &day(n))]).await;
        other.writer.fold(other.tenant()).await.unwrap();
    }
    let table = other.dump().await;
    assert_eq!(table.keys().filter(|place| place.0.ends_with("#text")).count(), 1, "no fold has written it anew");
    assert_eq!(table[&place], item);
    let told = verify(&other).await;
    assert!(told.tells("the index of commit 3 cannot be read"), "{:?}", told.problems);
    other.writer.rebuild(other.tenant()).await.unwrap();
    other.clock.set(other.clock.now().plus(DAY));
    assert_clean("rebuilt", &other).await;
}

/// The head moved back, with or without the commits behind it, and a log that was written anew.
#[tokio::test]
async fn a_log_that_was_turned_back_is_told_until_somebody_says_that_it_is_right() {
    let ledger = small().await;
    let before = ledger.dump().await;
    ledger.import(&[finding(1, "MEDIUM", &day(5))]).await;
    assert_clean("sound", &ledger).await;
    let after = ledger.dump().await;
    let patrol = |table: &Table| table.iter().find(|(key, _)| key.0 == "acme#patrol").unwrap().1.clone();
    // The head alone.
    let mut table = after.clone();
    let head = place_of(&table, "head", 0);
    table.insert(head.clone(), before[&head].clone());
    ledger.restore(&table).await;
    let told = verify(&ledger).await;
    assert!(told.tells("the head says commit 4 of") && told.tells("the log was verified up to commit 5"), "{told:?}");
    // A head that is none.
    let mut table = after.clone();
    table.get_mut(&head).unwrap().remove("seq");
    ledger.restore(&table).await;
    assert!(verify(&ledger).await.tells("the head cannot be read"));
    // All of it, but for the place: as after a restore of half a table.
    let mut table = before.clone();
    table.insert(("acme#patrol".to_owned(), "-".to_owned()), patrol(&after));
    ledger.restore(&table).await;
    for n in 0..3 {
        ledger.clock.set(ledger.clock.now().plus(DAY));
        let told = verify(&ledger).await;
        assert!(told.tells("the log has no commit 5 of"), "{n}: {told:?}");
        assert_eq!(told.anchors, []);
    }
    // Commits go on, and are verified; it is told all the same.
    ledger.import(&[finding(1, "LOW", &day(6))]).await;
    assert!(verify(&ledger).await.tells("the log has no commit 5 of"));
    assert!(ledger.verify().await.is_clean(), "in itself it is sound");
    ledger.repair().await;
    let told = assert_clean("after a repair", &ledger).await;
    assert_eq!(told.anchors.len(), 1);
    // A table that was restored as a whole is sound, with its older place.
    ledger.restore(&after).await;
    assert_clean("restored", &ledger).await;
    ledger.restore(&before).await;
    assert_clean("restored from before anybody verified it", &ledger).await;
    // The place itself.
    let mut table = after.clone();
    text(table.get_mut(&("acme#patrol".to_owned(), "-".to_owned())).unwrap(), "body", "{}");
    ledger.restore(&table).await;
    assert!(verify(&ledger).await.tells("how far verification came cannot be read"));
    a_week_later(&ledger);
    assert_clean("its place is kept anew", &ledger).await;
}
