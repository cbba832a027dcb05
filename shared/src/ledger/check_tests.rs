//! The check of a log made by hand: clean it passes, damaged it names what is wrong (DESIGN §3, proof).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use super::check::{Checker, Items, Link, Place};
use super::entry::Entry;
use super::evidence::Evidence;
use super::proof::Hash;
use super::samples::{Log, Made, finding, root_of, tenant};
use super::verify::Verified;
use crate::domain::{Cell, Instant, Kind, Ordinal, Severity};

fn check(commits: &[Made], anchor: Option<Hash>) -> Verified {
    let mut checker = Checker::new(&tenant(), anchor);
    for Made { entry, documents, expiries } in commits {
        let place = Place { line: None, seq: entry.seq };
        let items = Items {
            documents: documents.iter().map(|d| (place, d.clone())).collect(),
            expiries: expiries.iter().map(|e| (place, e.clone())).collect(),
        };
        let mut problems = checker.link_problems(place, &Link::from(entry), &entry.text);
        problems.extend(checker.item_problems(place, entry, &items));
        problems.into_iter().for_each(|problem| checker.problems.add(problem));
        checker.accept(place, entry, &items);
    }
    checker.check_anchor();
    Verified::of(checker)
}

/// Makes the chain right again from a commit on, as a writer with a fault, or an attacker, would.
fn rechain(commits: &mut [Made]) {
    let mut previous = Hash::default();
    for (seq, made) in (1_u64..).zip(commits) {
        let mut body = made.entry.body.clone();
        body.root = root_of(&tenant(), &made.documents, &made.expiries);
        made.entry = Entry::new(&tenant(), seq, made.entry.at, previous, body).unwrap();
        previous = made.entry.chain;
    }
}

#[test]
fn a_clean_log_is_clean() {
    let log = Log::small();
    let verified = check(&log.commits, None);
    assert_eq!(verified.problems, Vec::<String>::new());
    let Verified { entries, documents, erased, expiries, findings, seq, chain, .. } = verified;
    assert_eq!((entries, documents, erased, expiries, findings, seq), (3, 4, 1, 1, 2, 3));
    assert_eq!(chain, log.commits[2].entry.chain);
    assert_eq!(check(&[], None).problems, Vec::<String>::new());
}

#[test]
fn an_anchor_is_a_commit_of_the_log_or_a_problem() {
    let log = Log::small();
    for made in &log.commits {
        assert!(check(&log.commits, Some(made.entry.chain)).is_clean());
    }
    let other = check(&log.commits, Some(Hash([7; 32])));
    assert!(other.problems.len() == 1 && other.problems[0].contains("does not extend the anchor"), "{other}");
    // A cut that verifies in itself is found by an anchor behind the cut.
    let cut = check(&log.commits[..2], Some(log.commits[2].entry.chain));
    assert_eq!(cut.problems.len(), 1, "{cut}");
}

type Damage = (&'static str, fn(&mut Vec<Made>), &'static [&'static str]);

#[test]
fn damage_is_named() {
    let cases: [Damage; 15] = [
        ("an entry dropped", |log| drop(log.remove(1)), &["after commit 1 comes commit 3", "previous hash"]),
        ("two entries swapped", |log| log.swap(1, 2), &["after commit 3 comes commit 2", "its instant"]),
        ("the first entry dropped", |log| drop(log.remove(0)), &["previous hash is not that of a first commit"]),
        ("an entry's text changed", |log| log[1].entry.text.push(' '), &["commit 2: its chain hash"]),
        (
            "an instant changed",
            |log| log[1].entry.at = Instant(2_001),
            &["commit 2: its chain hash", "no log entry names"],
        ),
        (
            "a document missing",
            |log| drop(log[0].documents.pop()),
            &["the document of finding 1 is missing", "commit 1: its root"],
        ),
        (
            "a document too many",
            |log| {
                let stray = log[2].documents[0].clone();
                log[1].documents.push(stray);
            },
            &["commit 2: no log entry names the document of finding 0", "commit 2: its root"],
        ),
        (
            "a document twice",
            |log| {
                let twin = log[0].documents[1].clone();
                log[0].documents.push(twin);
            },
            &["the document of finding 1 is there twice"],
        ),
        (
            "a document's text changed",
            |log| {
                let Evidence::Whole(document) = &mut log[2].documents[0] else { return };
                document.text = document.text.replace("critical", "low");
            },
            &["commit 3: its root", "severity is \"critical\" in the log and \"low\" in the document"],
        ),
        (
            "a document's actor changed",
            |log| {
                let Evidence::Whole(document) = &mut log[2].documents[0] else { return };
                document.actor.identity.push('x');
            },
            &["commit 3: its root", "names another kind or actor than the log"],
        ),
        ("an expiry missing", |log| drop(log[1].expiries.pop()), &["commit 2: its root"]),
        (
            "an expiry changed",
            |log| log[1].expiries[0].key.id.push('x'),
            &["commit 2: its root", "names another finding"],
        ),
        (
            "a finding twice, chain and root made right",
            |log| {
                let twin = log[0].entry.body.changes[1].clone();
                log[0].entry.body.changes.push(twin);
                rechain(log);
            },
            &["commit 1: finding 1 is there twice"],
        ),
        (
            "a number left out, chain and root made right",
            |log| {
                log.truncate(1);
                let change = &mut log[0].entry.body.changes[1];
                change.ordinal = Ordinal(2);
                let Evidence::Whole(document) = &mut log[0].documents[1] else { return };
                document.ordinal = Ordinal(2);
                rechain(log);
            },
            &["the new finding has number 2, not the next one, 1"],
        ),
        (
            "a column that the document does not have, chain made right",
            |log| {
                let columns = &mut log[2].entry.body.changes[0].columns;
                columns.insert("Title".to_owned(), Cell::Text("another".to_owned()));
                rechain(log);
            },
            &["commit 3: finding 0: Title is \"another\" in the log and \"t\" in the document"],
        ),
    ];
    for (what, damage, expected) in cases {
        let mut commits = Log::small().commits;
        damage(&mut commits);
        let problems = check(&commits, None).problems;
        for part in expected {
            assert!(problems.iter().any(|problem| problem.contains(part)), "{what}: {part} not in {problems:#?}");
        }
    }
}

#[test]
fn what_a_writer_with_a_fault_would_log_is_named() {
    let cases: [Damage; 4] = [
        ("kind", |log| log[2].entry.body.changes[0].kind = Kind::Gone, &["the kind of change is gone"]),
        (
            "before",
            |log| drop(log[2].entry.body.changes[0].before.insert("severity".to_owned(), Cell::None)),
            &["severity is said to have been absent, it was \"low\""],
        ),
        ("observed", |log| log[2].entry.body.observed[0].ordinals.push(Ordinal(9)), &["finding 9 is seen again"]),
        ("actor", |log| log[2].entry.body.changes[0].actor = 3, &["names no actor"]),
    ];
    for (what, damage, expected) in cases {
        let mut commits = Log::small().commits;
        damage(&mut commits);
        rechain(&mut commits);
        let problems = check(&commits, None).problems;
        for part in expected {
            assert!(problems.iter().any(|problem| problem.contains(part)), "{what}: {part} not in {problems:#?}");
        }
    }
}

#[test]
fn long_lists_are_cut_and_counted() {
    let mut log = Log::default();
    let many: Vec<_> = (0..40).map(|n| (n, finding(n, Severity::Low, "2024-01-01T00:00:00Z"))).collect();
    log.commit(1_000, &many, &[]);
    for change in &mut log.commits[0].entry.body.changes {
        for column in ["Title", "severity", "Types"] {
            change.columns.insert(column.to_owned(), Cell::None);
        }
    }
    rechain(&mut log.commits);
    let problems = check(&log.commits, None).problems;
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[100], "and 20 more differences between columns that are not listed");
}
