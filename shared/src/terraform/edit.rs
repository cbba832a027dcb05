//! Changes of a text by spans: whatever is not changed stays byte by byte.

use super::Why;
use super::outline::{Argument, Block, Said};
use super::write::{Wanted, Written, block, expression, literal};
use serde_json::Value;
use std::ops::Range;

/// A span that gets another text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; nothing where something is put in.
    pub at: Range<usize>,
    /// What stands there then.
    pub text: String,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout<'a> {
    /// The file.
    pub text: &'a str,
    /// How its lines end.
    pub eol: &'static str,
}

impl<'a> Layout<'a> {
    /// As the first line of the file has it.
    pub fn of(text: &'a str) -> Self {
        let is_crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
        Self { text, eol: if is_crlf { "\r\n" } else { "\n" } }
    }

    /// Where the line begins in which a place is.
    fn line_start(self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    /// Behind the end of the line in which a place is; `None` where the file ends without one.
    fn line_end(self, at: usize) -> Option<usize> {
        self.text.get(at..)?.find('\n').map(|newline| at + newline + 1)
    }

    /// What stands before a place in its line, if that is white space.
    fn indent(self, at: usize) -> Option<&'a str> {
        let before = self.text.get(self.line_start(at)..at)?;
        before.chars().all(|c| c == ' ' || c == '\t').then_some(before)
    }
}

/// The text with its changes; `None` where two of them meet.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        if edit.at.start < done {
            return None;
        }
        out.push_str(text.get(done..edit.at.start)?);
        out.push_str(&edit.text);
        done = edit.at.end;
    }
    out.push_str(text.get(done..)?);
    Some(out)
}

/// Changes a block so that what is wanted is there. `Err` where that is not for this block to say.
pub fn merge(found: &Block, wanted: &Wanted, layout: Layout<'_>, edits: &mut Vec<Edit>) -> Result<(), Why> {
    let mut missing = Wanted::default();
    for (name, written) in &wanted.arguments {
        if found.blocks(name).next().is_some() || found.is_dynamic(name) {
            return Err(Why::new(format!("`{name}` is written as a block")));
        }
        let Some(argument) = found.argument(name) else {
            missing.arguments.push((name.clone(), written.clone()));
            continue;
        };
        let Some(value) = argument.said.value() else {
            return Err(behind(name, layout.text.get(argument.value.clone()).unwrap_or_default()));
        };
        if *written == Written::Value(value) {
            continue;
        }
        if has_comment(layout, argument) {
            return Err(Why::new(format!("the list `{name}` has comments, which would be lost")));
        }
        edits.push(replaced(&argument.value, expression(written), layout));
    }
    for (name, inner) in &wanted.blocks {
        if found.is_dynamic(name) {
            return Err(Why::new(format!("the blocks `{name}` are made by a `dynamic` one")));
        }
        if let Some(argument) = found.argument(name) {
            return Err(behind(name, layout.text.get(argument.value.clone()).unwrap_or_default()));
        }
        let mut there = found.blocks(name);
        match (there.next(), there.next()) {
            (None, _) => missing.blocks.push((name.clone(), inner.clone())),
            (Some(one), None) => merge(one, inner, layout, edits)?,
            (Some(_), Some(_)) => return Err(Why::new(format!("there are several blocks `{name}`"))),
        }
    }
    if missing != Wanted::default() {
        insert(found, &missing, layout, edits)?;
    }
    Ok(())
}

/// Another value. A comment behind it stays in its column, where there is room.
pub fn replaced(value: &Range<usize>, text: String, layout: Layout<'_>) -> Edit {
    let rest = layout.text.get(value.end..).unwrap_or_default();
    let blanks = rest.len() - rest.trim_start_matches(' ').len();
    let behind = rest.get(blanks..).unwrap_or_default();
    if blanks < 2 || !(behind.starts_with('#') || behind.starts_with("//")) {
        return Edit { at: value.clone(), text };
    }
    let old = layout.text.get(value.clone()).map_or(0, |old| old.chars().count());
    let width = (old + blanks).saturating_sub(text.chars().count()).max(1);
    Edit { at: value.start..value.end + blanks, text: format!("{text}{:width$}", "") }
}

/// Adds values to a list that stands in a block, behind its last item; `None` where there is no such list.
pub fn append(found: &Block, name: &str, values: &[Value], layout: Layout<'_>) -> Result<Option<Vec<Edit>>, Why> {
    let Some(argument) = found.argument(name) else { return Ok(None) };
    let text = layout.text.get(argument.value.clone()).unwrap_or_default();
    let (Said::List(items), Some(Value::Array(there))) = (&argument.said, argument.said.value()) else {
        return Err(behind(name, text));
    };
    let missing: Vec<String> = values.iter().filter(|value| !there.contains(value)).map(literal).collect();
    if missing.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let put = |at: usize, text: String| Edit { at: at..at, text };
    let Some((last, _)) = items.last() else {
        if has_comment(layout, argument) {
            return Err(Why::new(format!("the list `{name}` has comments, which would be lost")));
        }
        return Ok(Some(vec![Edit { at: argument.value.clone(), text: format!("[{}]", missing.join(", ")) }]));
    };
    if let Some((end, has_comma)) = own_line(last, layout).filter(|(end, _)| *end < argument.value.end) {
        let indent = layout.indent(last.start).unwrap_or_default();
        let lines: String = missing.iter().map(|value| format!("{indent}{value},{}", layout.eol)).collect();
        let comma = (!has_comma).then(|| put(last.end, ",".to_owned()));
        return Ok(Some(comma.into_iter().chain([put(end, lines)]).collect()));
    }
    Ok(Some(vec![put(last.end, format!(", {}", missing.join(", ")))]))
}

/// Where the line ends that an item of a list has for itself, and whether a comma stands behind the item.
fn own_line(item: &Range<usize>, layout: Layout<'_>) -> Option<(usize, bool)> {
    layout.indent(item.start)?;
    let end = layout.line_end(item.end)?;
    let rest = layout.text.get(item.end..end)?.trim();
    let (behind, has_comma) = rest.strip_prefix(',').map_or((rest, false), |behind| (behind.trim(), true));
    (behind.is_empty() || behind.starts_with('#') || behind.starts_with("//")).then_some((end, has_comma))
}

/// Takes an item out of a list of several, with the line that it has for itself.
pub fn without(items: &[(Range<usize>, Said)], at: usize, layout: Layout<'_>) -> Option<Edit> {
    let (item, _) = items.get(at)?;
    let before = at.checked_sub(1).and_then(|before| items.get(before)).map(|(span, _)| span);
    if let Some((end, has_comma)) = own_line(item, layout)
        && (has_comma || before.is_none())
        && before.is_none_or(|before| before.end < layout.line_start(item.start))
    {
        return Some(Edit { at: layout.line_start(item.start)..end, text: String::new() });
    }
    let out = match before {
        Some(before) => before.end..item.end,
        None => item.start..items.get(at + 1)?.0.start,
    };
    Some(Edit { at: out, text: String::new() })
}

/// The reason where a value is not written where it would have to be changed.
fn behind(name: &str, text: &str) -> Why {
    let shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(60).collect();
    Why::new(format!("`{name}` is set by the expression `{shown}`, whose value is not written there"))
}

/// Whether a list has comments between its items.
fn has_comment(layout: Layout<'_>, argument: &Argument) -> bool {
    let Said::List(items) = &argument.said else { return false };
    let plain = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']');
    let mut from = argument.value.start;
    let end = argument.value.end;
    let ends = items.iter().map(|(span, _)| span.clone()).chain(std::iter::once(end..end));
    for span in ends {
        if layout.text.get(from..span.start).is_none_or(|between| !between.chars().all(plain)) {
            return true;
        }
        from = span.end;
    }
    false
}

/// Puts arguments and blocks into a block that has neither.
fn insert(found: &Block, missing: &Wanted, layout: Layout<'_>, edits: &mut Vec<Edit>) -> Result<(), Why> {
    let body = layout.text.get(found.open..found.close).unwrap_or_default();
    let unusual = || Why::new(format!("the block `{}` is laid out in a way that cannot be added to", found.kind));
    let outer = outer_indent(layout, found).to_owned();
    let indent = inner_indent(found, layout).unwrap_or_else(|| format!("{outer}  "));
    let Layout { eol, .. } = layout;
    if !body.contains('\n') {
        // A block of one line gets lines of its own.
        let own = body.trim();
        let mut inner = String::new();
        if !own.is_empty() {
            inner = format!("{indent}{own}{eol}");
        }
        let lines = missing.lines(&indent, eol);
        let text = format!("{eol}{inner}{lines}{outer}");
        edits.push(Edit { at: found.open..found.close, text });
        return Ok(());
    }
    let last = found.arguments.iter().rfind(|argument| layout.indent(argument.span.start).is_some());
    let mut blocks_at = layout.line_start(found.close);
    if blocks_at <= found.open {
        return Err(unusual());
    }
    let mut tail = String::new();
    if !missing.arguments.is_empty() {
        let (at, width) = match last {
            Some(last) => {
                let at = layout.line_end(last.span.end).filter(|at| *at <= found.close).ok_or_else(unusual)?;
                let head = layout.text.get(last.span.start..last.value.start).unwrap_or_default();
                (at, head.find('=').unwrap_or(0))
            }
            None => (layout.line_end(found.open).filter(|at| *at <= found.close).ok_or_else(unusual)?, 0),
        };
        let widest = missing.arguments.iter().map(|(name, _)| name.len() + 1).max().unwrap_or(0).max(width);
        let mut text = String::new();
        for (name, written) in &missing.arguments {
            // Where the names are longer than those before, these are aligned among themselves.
            text.push_str(&format!("{indent}{name:0$}= {1}{eol}", widest, expression(written)));
        }
        if last.is_none() && !found.blocks.is_empty() {
            text.push_str(eol);
        }
        if at == blocks_at {
            tail = text;
        } else {
            edits.push(Edit { at: at..at, text });
        }
    }
    if !missing.blocks.is_empty() {
        let is_empty = body.trim().is_empty() && tail.is_empty();
        for (place, (name, inner)) in missing.blocks.iter().enumerate() {
            if place > 0 || !is_empty {
                tail.push_str(eol);
            }
            tail.push_str(&block(name, inner, &indent, eol));
        }
    }
    if !tail.is_empty() {
        // A comment may stand before the brace in its line.
        if layout.text.get(blocks_at..found.close).is_none_or(|before| !before.trim().is_empty()) {
            blocks_at = found.close;
            tail = format!("{eol}{tail}{outer}");
        }
        edits.push(Edit { at: blocks_at..blocks_at, text: tail });
    }
    Ok(())
}

/// The white space before the line in which a block begins.
fn outer_indent<'a>(layout: Layout<'a>, found: &Block) -> &'a str {
    let start = layout.line_start(found.span.start);
    let line = layout.text.get(start..found.span.start).unwrap_or_default();
    let end = line.find(|c| c != ' ' && c != '\t').unwrap_or(line.len());
    line.get(..end).unwrap_or_default()
}

/// The white space before the first line of what stands in a block.
fn inner_indent(found: &Block, layout: Layout<'_>) -> Option<String> {
    let arguments = found.arguments.iter().map(|argument| argument.span.start);
    let all = arguments.chain(found.blocks.iter().map(|block| block.span.start));
    all.min().and_then(|at| layout.indent(at)).map(str::to_owned)
}

/// Takes a block out with the lines that it alone stands on, and an empty line before it.
pub fn removed(found: &Block, layout: Layout<'_>) -> Edit {
    let start = layout.line_start(found.span.start);
    let alone_before = layout.indent(found.span.start).is_some();
    let end = layout.line_end(found.span.end).unwrap_or(layout.text.len());
    let alone_behind = layout.text.get(found.span.end..end).is_some_and(|rest| rest.trim().is_empty());
    if !alone_before || !alone_behind {
        return Edit { at: found.span.clone(), text: String::new() };
    }
    let before = layout.text.get(..start).unwrap_or_default();
    let line_before = before.strip_suffix('\n').map_or(start, |rest| rest.rfind('\n').map_or(0, |at| at + 1));
    let is_empty = layout.text.get(line_before..start).is_some_and(|line| line.trim().is_empty());
    Edit { at: if is_empty { line_before } else { start }..end, text: String::new() }
}
