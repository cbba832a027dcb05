//! Verification of an exported file, without the table that it came from.
//!
//! Strict: every line must be spelled exactly as an export spells it and stand where an export puts it, so that one
//! changed byte anywhere is a problem. Memory: one row of columns for every finding, and one commit with its items.

use super::check::{Checker, Items, Link, Place};
use super::entry::{Body, Entry};
use super::export::{DocumentLine, EXPORT_FORMAT, EntryLine, ExpiryLine, FirstLine, HeadLine, HexHash, Line, spelled};
use super::item::Key;
use super::items::Expiry;
use super::keys;
use super::proof::Hash;
use super::verify::{Progress, Verified};
use crate::domain::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::io::{BufRead, Read};

/// The longest line that is read: 400 MiB, more than the largest document needs when all of it is escaped.
const LINE_BYTES: u64 = 400 << 20;
/// Documents and expiries of one commit that are kept: a transaction has no room for more.
const ITEMS_PER_COMMIT: usize = 100;

/// A file being read.
struct File {
    checker: Checker,
    tenant: TenantId,
    /// The line that is being read, from 1 on.
    line: u64,
    /// The commit whose items are being read.
    open: Option<Open>,
    /// The last line has been read.
    ended: bool,
    read: Sha256,
}

/// A commit whose items are being read.
struct Open {
    place: Place,
    link: Link,
    text: String,
    items: Items,
    /// Key of the newest item: a document's, or an expiry's.
    newest: (Order, Option<Key>),
    refused: usize,
}

/// Documents come before expiries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Document,
    Expiry,
}

/// Verifies an exported file: any byte that was changed, any line that was dropped, repeated, moved or cut off is in
/// [`Verified::problems`], with its line and commit. `anchor` as for verification in the table.
///
/// `progress` hears the bytes that were read; the total is 0, because a reader does not know its size.
pub fn verify_export(mut lines: impl BufRead, anchor: Option<Hash>, progress: Progress<'_>) -> Verified {
    let mut bytes = 0;
    let (first, mut file) = match read_line(&mut lines) {
        Ok(Some(first)) => match begin(&first, anchor) {
            Ok(file) => (first, file),
            Err(problem) => return unreadable(problem),
        },
        Ok(None) => return unreadable("the file is empty".to_owned()),
        Err(problem) => return unreadable(format!("line 1: {problem}")),
    };
    bytes += first.len() as u64;
    loop {
        file.line += 1;
        match read_line(&mut lines) {
            Ok(Some(line)) => {
                bytes += line.len() as u64;
                file.take(&line);
            }
            Ok(None) => break,
            Err(problem) => {
                file.problem(&problem);
                break;
            }
        }
        progress(bytes, 0);
    }
    file.finish()
}

fn unreadable(problem: String) -> Verified {
    Verified { problems: vec![problem], ..Verified::default() }
}

/// A line with its line feed, without which only the end of the file is a line's end.
fn read_line(lines: &mut impl BufRead) -> Result<Option<Vec<u8>>, String> {
    let mut line = Vec::new();
    let mut limited = lines.take(LINE_BYTES);
    limited.read_until(b'\n', &mut line).map_err(|error| format!("the file cannot be read: {error}"))?;
    if limited.limit() == 0 {
        return Err("the line is longer than any that an export writes".to_owned());
    }
    Ok(Some(line).filter(|line| !line.is_empty()))
}

/// What a line says, if it is spelled as an export spells it.
fn parse<T: Serialize + DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let Some((b'\n', line)) = line.split_last() else { return Err("the line is cut off".to_owned()) };
    let text = std::str::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned())?;
    // The parser counts lines within this one.
    let why = |error: serde_json::Error| error.to_string().replace(" at line 1 column ", " at column ");
    let value: T = serde_json::from_str(text).map_err(|error| format!("not a line of an export: {}", why(error)))?;
    match spelled(&value) {
        Ok(again) if again == text => Ok(value),
        _ => Err("the line is not spelled as an export spells it".to_owned()),
    }
}

fn begin(first: &[u8], anchor: Option<Hash>) -> Result<File, String> {
    let line: FirstLine = parse(first).map_err(|problem| format!("line 1: {problem}"))?;
    if line.posture_export != EXPORT_FORMAT {
        return Err(format!("line 1: format {} is not {EXPORT_FORMAT}, which this version reads", line.posture_export));
    }
    let tenant = TenantId::parse(&line.tenant).map_err(|error| format!("line 1: {error}"))?;
    let checker = Checker::new(&tenant, anchor);
    Ok(File { checker, tenant, line: 1, open: None, ended: false, read: Sha256::new_with_prefix(first) })
}

impl File {
    /// Notes a problem of the present line.
    fn problem(&mut self, what: &str) {
        let seq = self.open.as_ref().map_or(self.checker.tip.seq, |open| open.place.seq);
        let place = Place { line: Some(self.line), seq };
        self.checker.problems.add(format!("{place}: {what}"));
    }

    fn take(&mut self, line: &[u8]) {
        if self.ended {
            self.problem("the file goes on after its last line");
        }
        match parse(line) {
            Ok(Line::Entry(entry)) => self.entry(entry),
            Ok(Line::Document(document)) => self.document(document),
            Ok(Line::Expiry(expiry)) => self.expiry(expiry),
            Ok(Line::Head(head)) => self.head(&head),
            Err(problem) => self.problem(&problem),
        }
        self.read.update(line);
    }

    fn entry(&mut self, line: EntryLine) {
        self.close();
        let EntryLine { format, seq, at, previous: HexHash(previous), chain: HexHash(chain), body } = line;
        self.open = Some(Open {
            place: Place { line: Some(self.line), seq },
            link: Link { format, seq, at, previous, chain },
            text: body,
            items: Items::default(),
            newest: (Order::Document, None),
            refused: 0,
        });
    }

    fn document(&mut self, line: DocumentLine) {
        let Some((evidence, claimed)) = line.evidence() else {
            return self.problem("the document is neither whole nor erased");
        };
        let key = evidence.key(&self.tenant);
        let leaf = evidence.leaf(&self.tenant);
        if let Some(place) = self.admit(Order::Document, key, leaf == claimed)
            && let Some(open) = &mut self.open
        {
            open.items.documents.push((place, evidence));
        }
    }

    fn expiry(&mut self, line: ExpiryLine) {
        let (expiry, claimed): (Expiry, Hash) = line.expiry();
        let key = keys::expiry(&self.tenant, expiry.expires_at, expiry.ordinal, expiry.at);
        let leaf = expiry.leaf(&self.tenant);
        if let Some(place) = self.admit(Order::Expiry, key, leaf == claimed)
            && let Some(open) = &mut self.open
        {
            open.items.expiries.push((place, expiry));
        }
    }

    /// The place of an item of the open commit; `None` when there is no such commit or it has no room.
    fn admit(&mut self, order: Order, key: Key, leaf_is_good: bool) -> Option<Place> {
        if !leaf_is_good {
            self.problem("the leaf is not what the contents make it");
        }
        let line = self.line;
        let Some(open) = &mut self.open else {
            self.problem("it belongs to no commit");
            return None;
        };
        let place = Place { line: Some(line), seq: open.place.seq };
        let newest = (order, Some(key));
        let in_order = open.newest < newest;
        open.newest = newest;
        let full = open.items.documents.len() + open.items.expiries.len() >= ITEMS_PER_COMMIT;
        open.refused += usize::from(full);
        let first_refused = full && open.refused == 1;
        if !in_order {
            self.problem("it is not in order: swapped, or there twice");
        }
        if first_refused {
            self.problem("the commit has more items than a transaction has room for");
        }
        (!full).then_some(place)
    }

    /// Checks the open commit, all of whose items have been read.
    fn close(&mut self) {
        let Some(Open { place, link, text, items, .. }) = self.open.take() else { return };
        for problem in self.checker.link_problems(place, &link, &text) {
            self.checker.problems.add(problem);
        }
        let body: Body = match serde_json::from_str(&text) {
            Ok(body) => body,
            Err(error) => {
                self.checker.problems.add(format!("{place}: its log entry cannot be read: {error}"));
                return self.checker.pass_over(link);
            }
        };
        let Link { format, seq, at, previous, chain } = link;
        let entry = Entry { format, seq, at, previous, chain, text, body, size: 0 };
        for problem in self.checker.item_problems(place, &entry, &items) {
            self.checker.problems.add(problem);
        }
        self.checker.accept(place, &entry, &items);
    }

    fn head(&mut self, head: &HeadLine) {
        self.close();
        if self.ended {
            return;
        }
        self.ended = true;
        let tip = self.checker.tip;
        let HeadLine { seq, at, chain: HexHash(chain), lines: HexHash(lines) } = head;
        if (*seq, *at, *chain) != (tip.seq, tip.at, tip.chain) {
            self.problem(&format!(
                "the last line says commit {seq} of {at} with chain {}, the lines before end with commit {} of {} with chain {}",
                chain.hex(),
                tip.seq,
                tip.at,
                tip.chain.hex()
            ));
        }
        if Hash(self.read.clone().finalize().into()) != *lines {
            self.problem(DAMAGED);
        }
    }

    fn finish(mut self) -> Verified {
        self.close();
        if !self.ended {
            let line = self.line;
            self.checker.problems.add(format!("the file has no last line: it was cut off before line {line}"));
        }
        self.checker.check_anchor();
        Verified::of(self.checker)
    }
}

/// What is said when nothing but the hash over all lines tells that something changed.
const DAMAGED: &str = "the lines before are not those that were exported: their SHA-256 is another one";
