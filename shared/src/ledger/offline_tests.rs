//! Exports under damage (DESIGN §7): whatever byte or line is touched, something is reported, and nothing panics.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use super::export::{DocumentLine, EntryLine, ExpiryLine, Line, Lines};
use super::offline::verify_export;
use super::proof::Hash;
use super::samples::{Log, tenant};
use super::verify::Verified;

fn exported(log: &Log) -> Vec<u8> {
    let mut out = Vec::new();
    let mut lines = Lines::begin(&mut out, &tenant()).unwrap();
    for made in &log.commits {
        lines.put(&Line::Entry(EntryLine::of(&made.entry))).unwrap();
        for document in &made.documents {
            lines.put(&Line::Document(DocumentLine::of(&tenant(), document))).unwrap();
        }
        for expiry in &made.expiries {
            lines.put(&Line::Expiry(ExpiryLine::of(&tenant(), expiry))).unwrap();
        }
    }
    let tip = log.commits.last().map(|made| &made.entry);
    let (seq, at, chain) = tip.map_or_else(Default::default, |entry| (entry.seq, entry.at, entry.chain));
    lines.end(seq, at, chain).unwrap();
    out
}

fn verify(file: &[u8]) -> Verified {
    verify_export(file, None, &|_, _| ())
}

fn lines(file: &[u8]) -> Vec<&[u8]> {
    file.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Problems that do not come from the hash over all lines, which would hide what the other checks miss.
fn without_the_hash_over_lines(verified: &Verified) -> usize {
    verified.problems.iter().filter(|problem| !problem.contains("their SHA-256 is another one")).count()
}

#[test]
fn an_untouched_export_is_clean() {
    let log = Log::small();
    let file = exported(&log);
    let verified = verify(&file);
    assert_eq!(verified.problems, Vec::<String>::new());
    assert_eq!((verified.entries, verified.documents, verified.erased, verified.expiries), (3, 4, 1, 1));
    assert_eq!((verified.findings, verified.seq, verified.chain), (2, 3, log.commits[2].entry.chain));
    assert!(verify_export(&*file, Some(log.commits[0].entry.chain), &|_, _| ()).is_clean());
    let other = verify_export(&*file, Some(Hash([1; 32])), &|_, _| ());
    assert!(other.problems.len() == 1 && other.problems[0].contains("anchor"), "{other}");
    assert!(verify(&exported(&Log::default())).is_clean(), "an empty ledger");
}

#[test]
fn every_byte_that_is_flipped_is_reported() {
    let file = exported(&Log::small());
    // Nothing but the hash over all lines covers who erased a document when, and that hash itself.
    let text = String::from_utf8(file.clone()).unwrap();
    let erased = text.find("\"erased\":").unwrap();
    let digest = text.find("\"lines\":").unwrap();
    let uncovered = [erased + 10..erased + 30, digest + 9..digest + 73];
    for at in 0..file.len() {
        let original = file[at];
        for other in [original ^ 1, original ^ 0x20, original ^ 0x80, b'\n'] {
            if other == original {
                continue;
            }
            let mut damaged = file.clone();
            damaged[at] = other;
            let verified = verify(&damaged);
            assert!(!verified.is_clean(), "byte {at} to {other:#x}");
            let covered = !uncovered.iter().any(|range| range.contains(&at));
            assert!(!covered || without_the_hash_over_lines(&verified) > 0, "byte {at} to {other:#x}: {verified}");
        }
    }
}

#[test]
fn every_line_that_is_dropped_repeated_swapped_or_cut_off_is_reported() {
    let file = exported(&Log::small());
    let lines = lines(&file);
    assert_eq!(lines.len(), 10);
    let report = |what: String, lines: &[&[u8]]| {
        let verified = verify(&lines.concat());
        assert!(without_the_hash_over_lines(&verified) > 0, "{what}: {verified}");
    };
    for n in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(n);
        report(format!("line {n} dropped"), &dropped);
        report(format!("cut before line {n}"), &lines[..n]);
        for target in 0..=lines.len() {
            let mut repeated = lines.clone();
            repeated.insert(target, lines[n]);
            report(format!("line {n} repeated at {target}"), &repeated);
        }
        for m in n + 1..lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(n, m);
            report(format!("lines {n} and {m} swapped"), &swapped);
        }
    }
}

#[test]
fn every_cut_is_reported() {
    let file = exported(&Log::small());
    for end in 0..file.len() {
        assert!(!verify(&file[..end]).is_clean(), "cut at {end}");
    }
    for more in ["\n", " ", "{}", "{}\n"] {
        assert!(!verify(&[&file, more.as_bytes()].concat()).is_clean(), "{more:?} at the end");
    }
}

#[test]
fn problems_name_line_and_commit() {
    let file = String::from_utf8(exported(&Log::small())).unwrap();
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    let without = |n: usize| lines.iter().enumerate().filter(|(i, _)| *i != n - 1).map(|(_, line)| *line).collect();
    let cases: [(String, &str); 6] = [
        (file.replace("critical", "medium"), "line 9, commit 3: the leaf is not what the contents make it"),
        (without(4), "line 2, commit 1: the document of finding 1 is missing"),
        (without(7), "line 5, commit 2: its root is not what its documents and expiries make it"),
        (without(8), "line 8, commit 2: it is not in order"),
        (without(10), "the file has no last line: it was cut off before line 10"),
        (file.replace("acme", "acmf"), "line 2, commit 1: its chain hash is not what its contents make it"),
    ];
    for (damaged, expected) in cases {
        let verified = verify(damaged.as_bytes());
        assert!(verified.problems.iter().any(|problem| problem.contains(expected)), "{expected}: {verified}");
    }
}

#[test]
fn nonsense_is_a_problem_and_never_a_panic() {
    let first = "{\"posture_export\":1,\"tenant\":\"acme\"}\n";
    let deep = format!("{first}{}\n", "[".repeat(100_000));
    for text in [
        "",
        "\n",
        "{}\n",
        "{\"posture_export\":2,\"tenant\":\"acme\"}\n",
        "{\"posture_export\":1,\"tenant\":\"a b\"}\n",
        first,
        &format!("{first}{first}"),
        &format!("{first}null\n"),
        &format!("{first}{{\"head\":{{}}}}\n"),
        &deep,
    ] {
        let verified = verify(text.as_bytes());
        assert!(!verified.is_clean(), "{:?}", text.get(..60));
    }
}
