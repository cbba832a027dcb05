//! Verification, export and repair over the embedded store (DESIGN §3 and §7): a sound ledger is clean, damage is
//! named, and a restore that holds half a transaction is put right wherever the half was cut and the repair killed.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on has failed")]

use crate::ledger::{DAMAGES, Ledger, START, TABLE, Table, day, finding, number, place_of, small, text};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use posture_local::embedded::Embedded;
use posture_local::faults::Fault;
use posture_shared::ledger::{Hash, Verified, verify_export};
use serde_json::{Value, json};

fn assert_clean(what: &str, verified: &Verified) {
    assert!(verified.is_clean(), "{what}: {verified}");
}

#[tokio::test]
async fn an_empty_ledger_is_clean() {
    let ledger = Ledger::new().await;
    assert_clean("empty", &ledger.verify().await);
    let file = ledger.export().await;
    assert_clean("exported", &verify_export(&*file, None, &|_, _| ()));
    assert!(!ledger.repair().await.did_something());
    assert_eq!(ledger.dump().await.len(), 0);
}

/// The log is read by 32 commits at once; nothing is asked for behind a head that is the last of such a page.
#[tokio::test]
async fn a_log_that_ends_with_a_page_is_clean() {
    let ledger = Ledger::new().await;
    for n in 0..65 {
        ledger.import(&[finding(n, "LOW", &day(1))]).await;
        if [31, 32, 33, 64].contains(&(n + 1)) {
            let verified = ledger.verify().await;
            assert_clean("a page", &verified);
            assert_eq!(verified.seq, u64::from(n + 1));
        }
    }
}

/// Several commits and folds, every kind of change, and a last look with another process's empty cache.
#[tokio::test]
async fn a_busy_ledger_is_clean_in_the_table_and_in_a_file() {
    let store = Embedded::memory().unwrap();
    let ledger = Ledger::over(&store);
    ledger.writer.create_table().await.unwrap();
    for round in 1..=4 {
        let severity = ["LOW", "MEDIUM", "HIGH", "CRITICAL"][round as usize - 1];
        let batch = |from: u32, to: u32| -> Vec<Value> {
            (from..to).map(|n| finding(n, if n % 4 == round { severity } else { "LOW" }, &day(round))).collect()
        };
        ledger.import(&batch(0, 60 * round)).await;
        ledger.import(&batch(0, 60)).await;
        for n in (0..20).filter(|n| n % 5 == round) {
            ledger.accept(n, START + i64::from(n) * 1_000_000).await;
        }
        let mut gone = finding(round, "LOW", &day(round + 10));
        gone["RecordState"] = json!("ARCHIVED");
        ledger.import(&[gone]).await;
        if round == 2 {
            ledger.writer.fold(ledger.tenant()).await.unwrap();
        }
        assert_clean("between", &ledger.verify().await);
    }
    let verified = ledger.verify().await;
    assert_eq!((verified.findings, verified.erased), (240, 0));
    assert!(verified.documents > 240 && verified.expiries > 0 && verified.entries == verified.seq, "{verified}");
    let fresh = Ledger::over(&store);
    assert_eq!(fresh.verify().await, verified);
    assert!(!fresh.repair().await.did_something());

    let file = fresh.export().await;
    assert_eq!(verify_export(&*file, None, &|_, _| ()), verified);
    let last = String::from_utf8(file.clone()).unwrap().lines().next_back().unwrap().to_owned();
    let last: Value = serde_json::from_str(&last).unwrap();
    assert_eq!(last["head"]["seq"].as_u64(), Some(verified.seq));
    assert_eq!(last["head"]["chain"], verified.chain.hex());

    let anchored = fresh.writer.verify(fresh.tenant(), Some(verified.chain), &|_, _| ()).await.unwrap();
    assert_clean("anchored", &anchored);
    let strange = fresh.writer.verify(fresh.tenant(), Some(Hash([9; 32])), &|_, _| ()).await.unwrap();
    assert!(strange.problems.len() == 1 && strange.problems[0].contains("does not extend the anchor"), "{strange}");
    ledger.writer.rebuild(ledger.tenant()).await.unwrap();
    assert_eq!(ledger.verify().await, verified);
}

/// Timestamps that moved when the finding was seen again are the ones that the next change starts from.
#[tokio::test]
async fn a_change_after_an_observation_keeps_the_observed_timestamps() {
    let ledger = Ledger::new().await;
    ledger.import(&[finding(0, "LOW", &day(1))]).await;
    ledger.import(&[finding(0, "LOW", &day(2))]).await;
    let mut changed = finding(0, "HIGH", &day(3));
    // As when it was seen again, and other than when it was created.
    changed["FirstObservedAt"] = json!(day(2));
    ledger.import(&[changed]).await;
    assert_clean("unfolded", &ledger.verify().await);
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    assert_clean("folded", &ledger.verify().await);
}

/// Within one request, too: seen again and then changed is two commits, the second knowing the first.
#[tokio::test]
async fn one_request_may_see_a_finding_again_and_then_change_it() {
    let ledger = Ledger::new().await;
    ledger.import(&[finding(0, "LOW", &day(1))]).await;
    let mut newer = finding(0, "HIGH", &day(6));
    newer["FirstObservedAt"] = json!(day(5));
    ledger.import(&[finding(0, "LOW", &day(5)), finding(0, "MEDIUM", &day(3)), newer]).await;
    let verified = ledger.verify().await;
    assert_clean("unfolded", &verified);
    assert_eq!((verified.entries, verified.documents), (3, 2), "what is older than what was seen changes nothing");
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    assert_clean("folded", &ledger.verify().await);
}

/// The progress never goes back and ends at its total.
#[tokio::test]
async fn progress_ends_where_it_should() {
    let ledger = small().await;
    let heard = std::sync::Mutex::new(Vec::new());
    ledger
        .writer
        .verify(ledger.tenant(), None, &|done, total| heard.lock().unwrap().push((done, total)))
        .await
        .unwrap();
    let heard = heard.into_inner().unwrap();
    assert!(heard.is_sorted(), "{heard:?}");
    assert_eq!(heard.last(), Some(&(6, 6)), "four commits and two findings");
}

/// Everything that can go wrong with an item is named by the verification.
#[tokio::test]
async fn damage_is_named() {
    let ledger = small().await;
    let sound = ledger.dump().await;
    for (what, damage, expected) in DAMAGES {
        let mut table = sound.clone();
        damage(&mut table);
        ledger.restore(&table).await;
        let verified = ledger.verify().await;
        assert!(verified.problems.iter().any(|problem| problem.contains(expected)), "{what}: {expected}: {verified}");
    }
    ledger.restore(&sound).await;
    assert_clean("restored", &ledger.verify().await);
}

/// A segment of another state in the place of the right one: the columns drift, and a rebuild puts them right.
#[tokio::test]
async fn an_index_that_drifts_is_named_and_rebuilt() {
    let ledger = small().await;
    let before = ledger.dump().await;
    ledger.writer.rebuild(ledger.tenant()).await.unwrap();
    let mut table = ledger.dump().await;
    let core = |table: &Table, n: usize| place_of(table, "segment#00000000#core", n);
    assert!(!before.contains_key(&core(&table, 1)));
    let old = table[&core(&table, 0)]["body"].clone();
    let newest = core(&table, 1);
    table.get_mut(&newest).unwrap().insert("body".to_owned(), old);
    ledger.restore(&table).await;
    let verified = ledger.verify().await;
    let expected = "finding 0: severity is \"low\" in the index and \"critical\" in the log";
    assert!(verified.problems.iter().any(|problem| problem == expected), "{verified}");
    assert_eq!(ledger.writer.rebuild(ledger.tenant()).await.unwrap(), 4);
    assert_clean("rebuilt", &ledger.verify().await);
}

#[tokio::test]
async fn an_erased_document_still_verifies() {
    let ledger = small().await;
    let verified = ledger.verify().await;
    let table = ledger.dump().await;
    let place = place_of(&table, "document#00000000", 0);
    let file = String::from_utf8(ledger.export().await).unwrap();
    let line = file.lines().find(|line| line.contains("\"ordinal\":0") && line.starts_with("{\"document\"")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    let leaf = Hash::parse(line["document"]["leaf"].as_str().unwrap()).unwrap();
    let mut erased = table[&place].clone();
    erased.remove("body");
    erased.remove("salt");
    erased.insert("leaf".to_owned(), AttributeValue::B(Blob::new(leaf.0.to_vec())));
    text(&mut erased, "erased_by", "dpo");
    erased.insert("erased_at".to_owned(), AttributeValue::N(START.to_string()));
    ledger.put(&erased).await;
    let after = ledger.verify().await;
    assert_eq!(after, Verified { erased: 1, ..verified });
    let file = ledger.export().await;
    assert!(String::from_utf8(file.clone()).unwrap().contains(r#""erased":{"at":1700000000000,"by":"dpo"}"#));
    assert_eq!(verify_export(&*file, None, &|_, _| ()), after);
}

/// The last commit creates a finding, changes another one: seven items. Whichever of them a restore
/// brought back, the repair ends in a clean ledger that takes the same request again.
#[tokio::test]
async fn half_a_transaction_is_put_right_whichever_half_it_is() {
    let ledger = small().await;
    let before = ledger.dump().await;
    let last = [finding(0, "MEDIUM", &day(4)), finding(2, "LOW", &day(4))];
    ledger.import(&last).await;
    let after = ledger.dump().await;
    let touched: Vec<&(String, String)> =
        after.keys().filter(|place| before.get(*place) != after.get(*place)).collect();
    assert_eq!(touched.len(), 7, "head, entry, two findings, two documents, a rule: {touched:?}");
    let seq = ledger.verify().await.seq;
    // A rule's item alone is not looked for, which is harmless: its first version's number is given to the same content again.
    for half in 0..1_u32 << touched.len() {
        let restored = |n: usize| half & (1 << n) != 0;
        let mut table = before.clone();
        for (_, place) in touched.iter().enumerate().filter(|(n, _)| restored(*n)) {
            table.insert((*place).clone(), after[*place].clone());
        }
        let is_there = |part: &str| touched.iter().enumerate().any(|(n, p)| restored(n) && p.0.contains(part));
        let mut pieces = touched.iter().enumerate().filter(|(n, _)| restored(*n)).map(|(_, place)| place);
        let unseen = pieces.all(|place| place.0.contains("#rule#"));
        ledger.restore(&table).await;
        let repaired = ledger.repair().await;
        assert_eq!(repaired.did_something(), table != before && table != after && !unseen, "{half:b}");
        let whole = is_there("#log") && is_there("#document#00000000") && is_there("#document#00000002");
        assert_eq!(repaired.seq, if whole { seq } else { seq - 1 }, "{half:b}: {repaired}");
        assert_clean(&format!("{half:b} repaired: {repaired}"), &ledger.verify().await);
        assert!(!ledger.repair().await.did_something(), "{half:b}: once is enough");
        ledger.import(&last).await;
        let verified = ledger.verify().await;
        assert_clean(&format!("{half:b} sent again"), &verified);
        assert_eq!((verified.findings, verified.seq), (3, seq), "{half:b}");
    }
}

/// A restore that lost an entry in the middle, with commits, expiries, folds and new findings behind it.
async fn torn() -> (Ledger, Table) {
    let ledger = small().await;
    ledger.import(&(2..60).map(|n| finding(n, "LOW", &day(4))).collect::<Vec<_>>()).await;
    ledger.accept(50, START + 2_000_000_000).await;
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    ledger.import(&[finding(0, "INFORMATIONAL", &day(5)), finding(59, "HIGH", &day(5))]).await;
    let mut table = ledger.dump().await;
    // Of commit 6, the second of those that created findings, one document is missing, and so is entry 8.
    let lost = [place_of(&table, "document#00000036", 0), place_of(&table, "log", 7)];
    lost.iter().for_each(|place| drop(table.remove(place)));
    ledger.restore(&table).await;
    (ledger, table)
}

/// Everything behind the cut is moved aside and nothing is lost.
#[tokio::test]
async fn what_lies_behind_the_cut_is_moved_aside() {
    let (ledger, table) = torn().await;
    let repaired = ledger.repair().await;
    assert_eq!(repaired.seq, 5, "{repaired}");
    assert!(
        repaired.reasons.iter().any(|r| r.contains("commit 6: the document of finding 54 is missing")),
        "{repaired}"
    );
    assert!(repaired.entries > 1 && repaired.expiries == 1 && repaired.manifests == 1 && repaired.head, "{repaired}");
    assert!(repaired.findings_restored > 0 && repaired.findings_removed == 10, "{repaired}");
    assert_clean("repaired", &ledger.verify().await);
    let now = ledger.dump().await;
    let derived = |place: &(String, String)| {
        place.0.contains("#segment#") || place.0.contains("#manifest") || place.0.contains("#head")
    };
    for (place, item) in table.iter().filter(|(place, _)| !derived(place)) {
        let aside = (place.0.replacen("acme#", "acme#aside#5#", 1), place.1.clone());
        let mut copy = item.clone();
        text(&mut copy, "pk", &aside.0);
        let put_back = place.0.starts_with("acme#finding#") && now.contains_key(place);
        assert!(put_back || now.get(place) == Some(item) || now.get(&aside) == Some(&copy), "{place:?} is lost");
    }
    assert_clean("exported", &verify_export(&*ledger.export().await, None, &|_, _| ()));
    ledger.import(&(0..60).map(|n| finding(n, "LOW", &day(6))).collect::<Vec<_>>()).await;
    let verified = ledger.verify().await;
    assert_clean("imported again", &verified);
    assert_eq!(verified.findings, 60);
}

/// Killed before or after any of its requests, the next repair ends where an undisturbed one ends.
#[tokio::test]
async fn a_repair_that_was_killed_is_completed() {
    let (ledger, table) = torn().await;
    ledger.repair().await;
    let undisturbed = ledger.dump().await;
    ledger.restore(&table).await;
    ledger.faults.plan(Fault::None);
    ledger.repair().await;
    let requests = ledger.faults.seen();
    assert!(requests > 200, "{requests}");
    // Every request of the last steps, which are of several kinds, and some of the many before, which are alike.
    for n in (1..=requests).filter(|n| n + 20 > requests || n.is_multiple_of(13)) {
        ledger.restore(&table).await;
        ledger.faults.plan(Fault::CrashBefore(n));
        assert!(ledger.writer.repair(ledger.tenant()).await.is_err(), "{n}");
        ledger.faults.plan(Fault::None);
        ledger.repair().await;
        let now = ledger.dump().await;
        if now != undisturbed {
            let places = now.keys().chain(undisturbed.keys());
            let differing: Vec<_> = places.filter(|place| now.get(*place) != undisturbed.get(*place)).collect();
            panic!("killed before request {n}: {differing:?}");
        }
    }
    assert_clean("in the end", &ledger.verify().await);
}

/// A commit that comes between a repair's beginning and its end makes it give up rather than lose the commit unseen.
#[tokio::test]
async fn a_repair_gives_way_to_a_commit() {
    let (ledger, _) = torn().await;
    let raw = ledger.raw.clone();
    let table = ledger.dump().await;
    let mut head = table[&place_of(&table, "head", 0)].clone();
    number(&mut head, "seq", 1);
    ledger.faults.plan(Fault::None);
    ledger.faults.before_each(Some(std::sync::Arc::new(move |number, _| {
        let (raw, head) = (raw.clone(), head.clone());
        Box::pin(async move {
            if number == 20 {
                raw.put_item().table_name(TABLE).set_item(Some(head)).send().await.unwrap();
            }
        })
    })));
    let refused = ledger.writer.repair(ledger.tenant()).await;
    assert!(matches!(&refused, Err(posture_shared::domain::Error::Conflict(_))), "{refused:?}");
    ledger.faults.before_each(None);
    ledger.repair().await;
    assert_clean("the second time", &ledger.verify().await);
}

/// A list of rule versions is derived from the documents: what it lacks is named and written anew.
#[tokio::test]
async fn a_lost_list_of_rule_versions_is_put_back() {
    let ledger = small().await;
    let table = ledger.dump().await;
    let place = table.keys().find(|place| place.0.contains("#rule#")).unwrap().clone();
    let mut lost = table.clone();
    lost.remove(&place);
    ledger.restore(&lost).await;
    let verified = ledger.verify().await;
    assert_eq!(verified.problems.len(), 1, "{verified}");
    assert!(verified.problems[0].contains("the list of versions of rule rule-"), "{verified}");
    assert_eq!(ledger.repair().await.rules, 1);
    assert_eq!(ledger.dump().await, table);
    assert_clean("repaired", &ledger.verify().await);
}
