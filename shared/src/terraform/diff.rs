//! Unified diffs that `git apply` and `patch -p1` take.

use super::edit::{Edit, apply};
use std::fmt::Write;

/// Lines around a change.
const CONTEXT: usize = 3;

/// Lines that are replaced.
struct Hunk {
    /// The first line that is replaced, counted from 0.
    from: usize,
    /// How many.
    count: usize,
    /// The lines in their place.
    new: Vec<String>,
}

/// A file's changes, which come in order; `None` where they meet or change nothing.
pub fn diff(path: &str, text: &str, edits: &[Edit]) -> Option<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut starts = Vec::with_capacity(lines.len());
    let mut at = 0;
    for line in &lines {
        starts.push(at);
        at += line.len();
    }
    let hunks = hunks(text, &lines, &starts, edits)?;
    if hunks.is_empty() {
        return None;
    }
    // A name with a blank ends with a tab, as both programs expect.
    let tab = if path.contains(' ') { "\t" } else { "" };
    let mut out = format!("--- a/{path}{tab}\n+++ b/{path}{tab}\n");
    let mut shift: isize = 0;
    let mut rest = hunks.as_slice();
    while let Some(first) = rest.first() {
        let near = |pair: &[Hunk]| matches!(pair, [a, b] if b.from - (a.from + a.count) <= 2 * CONTEXT);
        let together = 1 + rest.windows(2).take_while(|pair| near(pair)).count();
        let (group, behind) = rest.split_at(together);
        rest = behind;
        let begin = first.from.saturating_sub(CONTEXT);
        let last = group.last()?;
        let end = (last.from + last.count + CONTEXT).min(lines.len());
        let mut body = String::new();
        let (mut place, mut added, mut taken) = (begin, 0, 0);
        for Hunk { from, count, new } in group {
            for line in lines.get(place..*from)? {
                put(&mut body, ' ', line);
            }
            for line in lines.get(*from..from + count)? {
                put(&mut body, '-', line);
            }
            for line in new {
                put(&mut body, '+', line);
            }
            place = from + count;
            added += new.len();
            taken += count;
        }
        for line in lines.get(place..end)? {
            put(&mut body, ' ', line);
        }
        let old = end - begin;
        let new = old + added - taken;
        let new_begin = begin.checked_add_signed(shift)?;
        let first_line = |begin: usize, count: usize| if count == 0 { begin } else { begin + 1 };
        let _ = writeln!(out, "@@ -{},{old} +{},{new} @@", first_line(begin, old), first_line(new_begin, new));
        out.push_str(&body);
        shift += isize::try_from(added).ok()? - isize::try_from(taken).ok()?;
    }
    Some(out)
}

/// The edits as whole lines, without those at both ends that stay the same.
fn hunks(text: &str, lines: &[&str], starts: &[usize], edits: &[Edit]) -> Option<Vec<Hunk>> {
    let line_of = |at: usize| starts.partition_point(|start| *start <= at).saturating_sub(1);
    let mut groups: Vec<(usize, usize, Vec<Edit>)> = Vec::new();
    for edit in edits {
        let is_behind = edit.at.start == text.len() && (text.is_empty() || text.ends_with('\n'));
        let from = if is_behind { lines.len() } else { line_of(edit.at.start) };
        // What is put in at the beginning of a line leaves the line as it is.
        let is_between = edit.at.is_empty() && starts.get(from) == Some(&edit.at.start) && edit.text.ends_with('\n');
        let to = if is_behind || is_between { from } else { line_of(edit.at.end.max(edit.at.start + 1) - 1) + 1 };
        match groups.last_mut() {
            Some((_, end, group)) if from < *end || (from == *end && from == to) => {
                *end = (*end).max(to);
                group.push(edit.clone());
            }
            _ => groups.push((from, to, vec![edit.clone()])),
        }
    }
    let mut hunks = Vec::new();
    for (from, to, group) in groups {
        let begin = starts.get(from).copied().unwrap_or(text.len());
        let end = starts.get(to).copied().unwrap_or(text.len());
        let moved: Option<Vec<Edit>> = group
            .iter()
            .map(|edit| {
                let at = edit.at.start.checked_sub(begin)?..edit.at.end.checked_sub(begin)?;
                Some(Edit { at, text: edit.text.clone() })
            })
            .collect();
        let changed = apply(text.get(begin..end)?, &moved?)?;
        let new: Vec<&str> = changed.split_inclusive('\n').collect();
        let old = lines.get(from..to.min(lines.len()))?;
        let before = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let most = old.len().min(new.len()) - before;
        let behind = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(old, new)| old == new).count();
        let new = new.get(before..new.len() - behind)?;
        let count = old.len() - before - behind;
        if count > 0 || !new.is_empty() {
            let new = new.iter().map(|line| (*line).to_owned()).collect();
            hunks.push(Hunk { from: from + before, count, new });
        }
    }
    Some(hunks)
}

fn put(out: &mut String, sign: char, line: &str) {
    out.push(sign);
    out.push_str(line);
    if !line.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}
