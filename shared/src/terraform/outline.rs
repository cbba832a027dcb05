//! Where everything stands in a file: blocks and arguments with their spans.
//!
//! The parser recurses, and files are anybody's. What can nest is counted before, so that the stack below is always enough, and the
//! parsed tree, which is dropped by recursion too, never leaves its thread.

use crate::domain::terraform::LONGEST_FILE;
use hcl_edit::Span;
use hcl_edit::expr::{Expression, TraversalOperator, UnaryOperator};
use hcl_edit::structure;
use serde_json::{Number, Value};
use std::ops::Range;
use std::thread::{Builder, scope};

/// Characters of a file that can begin something nested. A level of nesting has at least one of them, and 5,000 levels of the
/// dearest kind take less than half of [`STACK`], without optimization too.
const MOST_OPENED: usize = 5_000;
/// Memory is taken as it is used, so that a usual file costs next to nothing.
const STACK: usize = 256 * 1024 * 1024;
/// Blocks within blocks that are looked into. No resource of AWS has as many.
const DEEPEST: usize = 24;

/// A file's blocks, those that hold others with what they hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outline {
    /// The blocks that stand in no other.
    pub blocks: Vec<Block>,
}

/// A block: `resource "aws_s3_bucket" "logs" { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The word before its labels.
    pub kind: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// All of it.
    pub span: Range<usize>,
    /// Just behind its opening brace.
    pub open: usize,
    /// Its closing brace.
    pub close: usize,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// The blocks in it.
    pub blocks: Vec<Block>,
}

/// An argument: `bucket = "logs"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// All of it.
    pub span: Range<usize>,
    /// What it is set to.
    pub value: Range<usize>,
    /// What that says.
    pub said: Said,
}

/// What an expression says, as far as its text alone tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A text, number, boolean or null.
    Literal(Value),
    /// A list of expressions with where they stand.
    List(Vec<(Range<usize>, Said)>),
    /// A reference: `aws_s3_bucket.logs.id`.
    Reference(Vec<String>),
    /// Anything else.
    Other,
}

impl Said {
    /// The value, if the text alone tells it.
    pub fn value(&self) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::List(items) => items.iter().map(|(_, item)| item.value()).collect::<Option<_>>().map(Value::Array),
            Self::Reference(_) | Self::Other => None,
        }
    }
}

impl Block {
    /// An argument by its name.
    pub fn argument(&self, name: &str) -> Option<&Argument> {
        self.arguments.iter().find(|argument| argument.name == name)
    }

    /// The blocks of a kind in it.
    pub fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Self> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }

    /// Whether blocks of a kind are made by a `dynamic` one.
    pub fn is_dynamic(&self, kind: &str) -> bool {
        self.blocks("dynamic").any(|block| block.labels.first().is_some_and(|label| label == kind))
    }

    /// Type and name of a resource.
    pub fn resource(&self) -> Option<(&str, &str)> {
        match self.labels.as_slice() {
            [kind, name] if self.kind == "resource" => Some((kind, name)),
            _ => None,
        }
    }

    /// The text of an argument that is a literal one.
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.argument(name)?.said {
            Said::Literal(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

impl Outline {
    /// Parses files; `Err` says why one cannot be read.
    pub fn read_all(texts: &[&str]) -> Vec<Result<Self, String>> {
        let read = || texts.iter().map(|text| read(text)).collect();
        let done = scope(|scope| Builder::new().stack_size(STACK).spawn_scoped(scope, read).ok()?.join().ok());
        let broken = || texts.iter().map(|_| Err("the parser broke off".to_owned())).collect();
        done.unwrap_or_else(broken)
    }

    /// Parses a file.
    pub fn read(text: &str) -> Result<Self, String> {
        Self::read_all(&[text]).pop().unwrap_or_else(|| Err("the parser broke off".to_owned()))
    }
}

/// Why a file is not parsed at all.
fn refusal(text: &str) -> Option<String> {
    if text.len() > LONGEST_FILE {
        return Some(format!("has more than {LONGEST_FILE} bytes"));
    }
    let opened = opened(text);
    (opened > MOST_OPENED).then(|| format!("has {opened} brackets and operators, and {MOST_OPENED} are the most"))
}

/// How many characters can begin something nested, wherever they stand. A sign counts where another one or a comment is next: before an
/// operand it nests nothing.
fn opened(text: &str) -> usize {
    let (mut count, mut sign) = (0, false);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let nests = match byte {
            b'(' | b'[' | b'{' | b'?' => true,
            b'-' | b'!' | b'/' | b'#' => sign,
            _ => false,
        };
        count += usize::from(nests);
        sign = matches!(byte, b'-' | b'!');
    }
    count
}

fn read(text: &str) -> Result<Outline, String> {
    if let Some(why) = refusal(text) {
        return Err(why);
    }
    let body = hcl_edit::parser::parse_body(text).map_err(|error| {
        let at = error.location();
        format!("line {}, column {}: {}", at.line(), at.column(), error.message())
    })?;
    Ok(Outline { blocks: blocks(&body, text, DEEPEST) })
}

fn blocks(body: &structure::Body, text: &str, deepest: usize) -> Vec<Block> {
    let Some(deepest) = deepest.checked_sub(1) else { return Vec::new() };
    body.blocks().filter_map(|found| block(found, text, deepest)).collect()
}

/// A block; `None` for one that does not stand as blocks do.
fn block(found: &structure::Block, text: &str, deepest: usize) -> Option<Block> {
    let span = found.span()?;
    let head = found.labels.last().and_then(Span::span).or_else(|| found.ident.span())?;
    let between = text.get(head.end..span.end)?;
    let brace = between.find(|c: char| !c.is_whitespace())?;
    if !between.get(brace..)?.starts_with('{') || !text.get(span.clone())?.ends_with('}') {
        return None;
    }
    Some(Block {
        kind: found.ident.as_str().to_owned(),
        labels: found.labels.iter().map(|label| label.as_str().to_owned()).collect(),
        open: head.end + brace + 1,
        close: span.end - 1,
        arguments: found.body.attributes().filter_map(argument).collect(),
        blocks: blocks(&found.body, text, deepest),
        span,
    })
}

fn argument(found: &structure::Attribute) -> Option<Argument> {
    let (span, value) = (found.span()?, found.value.span()?);
    Some(Argument { name: found.key.as_str().to_owned(), span, value, said: said(&found.value, true) })
}

fn said(expression: &Expression, lists: bool) -> Said {
    match expression {
        Expression::Null(_) => Said::Literal(Value::Null),
        Expression::Bool(value) => Said::Literal(Value::Bool(*value.value())),
        Expression::String(text) => Said::Literal(Value::String(text.value().to_string())),
        Expression::Number(number) => numbered(number.value().as_i64(), number.value().as_f64()),
        Expression::UnaryOp(operation) if *operation.operator.value() == UnaryOperator::Neg => {
            match operation.expr.as_number() {
                Some(number) => numbered(number.as_i64().and_then(i64::checked_neg), number.as_f64().map(|n| -n)),
                None => Said::Other,
            }
        }
        Expression::Array(items) if lists => {
            let item = |item: &Expression| Some((item.span()?, said(item, false)));
            items.iter().map(item).collect::<Option<_>>().map_or(Said::Other, Said::List)
        }
        Expression::Traversal(traversal) => reference(&traversal.expr, traversal).map_or(Said::Other, Said::Reference),
        _ => Said::Other,
    }
}

fn numbered(whole: Option<i64>, float: Option<f64>) -> Said {
    let number = whole.map(Number::from).or_else(|| Number::from_f64(float?));
    number.map_or(Said::Other, |number| Said::Literal(Value::Number(number)))
}

fn reference(root: &Expression, traversal: &hcl_edit::expr::Traversal) -> Option<Vec<String>> {
    let mut parts = vec![root.as_variable()?.as_str().to_owned()];
    for operator in &traversal.operators {
        match operator.value() {
            TraversalOperator::GetAttr(name) => parts.push(name.as_str().to_owned()),
            _ => return None,
        }
    }
    Some(parts)
}
