//! Values, arguments and blocks as `terraform fmt` would write them.

use serde_json::Value;
use std::fmt::Write;

/// What an argument is set to.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// A value.
    Value(Value),
    /// An expression as it stands: `aws_s3_bucket.logs.id`.
    Expression(String),
}

/// Arguments and blocks that are to be there, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wanted {
    /// The arguments.
    pub arguments: Vec<(String, Written)>,
    /// The blocks.
    pub blocks: Vec<(String, Self)>,
}

impl Wanted {
    /// Adds an argument by its path.
    pub fn add(&mut self, path: &str, written: Written) {
        match path.split_once('.') {
            None => self.arguments.push((path.to_owned(), written)),
            Some((block, rest)) => {
                let place = match self.blocks.iter().position(|(name, _)| name == block) {
                    Some(place) => place,
                    None => {
                        self.blocks.push((block.to_owned(), Self::default()));
                        self.blocks.len() - 1
                    }
                };
                if let Some((_, inner)) = self.blocks.get_mut(place) {
                    inner.add(rest, written);
                }
            }
        }
    }

    /// All of it as lines, arguments aligned.
    pub fn lines(&self, indent: &str, eol: &str) -> String {
        let widest = self.arguments.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut out = String::new();
        for (name, written) in &self.arguments {
            let _ = write!(out, "{indent}{name:widest$} = {}{eol}", expression(written));
        }
        for (place, (name, inner)) in self.blocks.iter().enumerate() {
            if place > 0 || !self.arguments.is_empty() {
                out.push_str(eol);
            }
            out.push_str(&block(name, inner, indent, eol));
        }
        out
    }
}

/// A block as lines.
pub fn block(head: &str, inner: &Wanted, indent: &str, eol: &str) -> String {
    format!("{indent}{head} {{{eol}{}{indent}}}{eol}", inner.lines(&format!("{indent}  "), eol))
}

/// What stands behind the sign of equality.
pub fn expression(written: &Written) -> String {
    match written {
        Written::Expression(text) => text.clone(),
        Written::Value(value) => literal(value),
    }
}

/// A value as a literal.
pub fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
