//! Lists as files: CSV (RFC 4180), one JSON value a line, or one OCSF event a line.
//!
//! A list is exported with `format` in its query, or with `Accept: text/csv` or `application/x-ndjson`. An export has every row of
//! the list in its order and of one state, so it knows no pages.

use super::Reply;
use super::members::shown;
use crate::domain::Error;
use serde_json::Value;

/// The parameter.
pub const FORMAT: &str = "format";

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A line of names, and a line of cells for each row.
    Csv,
    /// A JSON object a line.
    Ndjson,
    /// An event of OCSF's class Compliance Finding a line.
    Ocsf,
}

impl Format {
    /// Every one with its word.
    pub const WORDS: [(Self, &'static str); 3] = [(Self::Csv, "csv"), (Self::Ndjson, "ndjson"), (Self::Ocsf, "ocsf")];

    /// Its media type.
    pub fn media(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson | Self::Ocsf => "application/x-ndjson",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Ocsf => "ocsf.ndjson",
        }
    }
}

/// The format that is asked for, of those that a list has; `None` for a page of JSON. [`Error::Invalid`] names what is wrong, also
/// one of `pages`, the parameters that an export has no use for.
pub fn parse(
    accept: Option<&str>,
    query: &[(String, String)],
    known: &[Format],
    pages: &[&str],
) -> Result<Option<Format>, Error> {
    let mut words = query.iter().filter(|(name, value)| name == FORMAT && !value.trim().is_empty());
    let format = match (words.next(), words.next()) {
        (None, _) => accept.and_then(accepted).filter(|format| known.contains(format)),
        (Some((_, word)), None) if word.trim().eq_ignore_ascii_case("json") => None,
        (Some((_, word)), None) => Some(named(word.trim(), known)?),
        (Some(_), Some(_)) => return Err(Error::invalid(FORMAT, "is sent more than once")),
    };
    if format.is_some()
        && let Some((name, _)) =
            query.iter().find(|(name, value)| pages.contains(&name.as_str()) && !value.trim().is_empty())
    {
        return Err(Error::invalid(name, "does not go with an export, which has every row; leave it out"));
    }
    Ok(format)
}

fn named(word: &str, known: &[Format]) -> Result<Format, Error> {
    let words = Format::WORDS.iter().filter(|(format, _)| known.contains(format));
    let found = words.clone().find(|(_, known)| known.eq_ignore_ascii_case(word));
    found.map(|(format, _)| *format).ok_or_else(|| {
        let words: Vec<&str> = words.map(|(_, word)| *word).chain(["json"]).collect();
        Error::invalid(FORMAT, format!("{} is not one of {}", shown(word), words.join(", ")))
    })
}

/// The format of the first media type that is one, if JSON does not come before it.
fn accepted(accept: &str) -> Option<Format> {
    let types = accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let mut known = types.filter_map(|media| match media.as_str() {
        "text/csv" => Some(Some(Format::Csv)),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(Some(Format::Ndjson)),
        "application/json" | "application/*" | "*/*" => Some(None),
        _ => None,
    });
    known.next().flatten()
}

/// What goes before the rows of an export that is called `name` and is of a state; `total` is how many there will be, if that is
/// known, so that a reader can tell that all of them came.
pub fn head(format: Format, name: &str, state: &str, total: Option<u32>, columns: &[&str]) -> Reply {
    let place: String = state.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let disposition = format!("attachment; filename=\"{name}-{place}.{}\"", format.extension());
    let content_type = match format {
        Format::Csv => format!("{}; charset=utf-8; header=present", format.media()),
        Format::Ndjson | Format::Ocsf => format.media().to_owned(),
    };
    let names: Vec<Value> = columns.iter().map(|column| Value::from(*column)).collect();
    let body = if format == Format::Csv { csv_line(&names).into_bytes() } else { Vec::new() };
    let reply = Reply { status: 200, headers: vec![("content-type", content_type)], body };
    let reply = reply.with_header("content-disposition", disposition).with_header("x-as-of", state);
    total.map_or_else(|| reply.clone(), |total| reply.clone().with_header("x-total-count", total.to_string()))
}

/// A row in CSV or JSON, with these columns of it as cells.
pub fn line(format: Format, row: &Value, columns: &[&str]) -> String {
    if format != Format::Csv {
        return format!("{row}\n");
    }
    let cells: Vec<Value> = columns.iter().map(|column| at(row, column).cloned().unwrap_or_default()).collect();
    csv_line(&cells)
}

/// The value at a dotted path.
fn at<'a>(row: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(row, |value, name| value.get(name))
}

/// Cells with commas between them and CRLF at the end. Lists are one cell, with `; ` between their items.
fn csv_line(cells: &[Value]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(&text(cell))).collect();
    format!("{}\r\n", cells.join(","))
}

fn text(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

/// A text that no spreadsheet carries out: what begins like a formula, also behind what separates cells elsewhere, has a `'` before it. What
/// findings say was written by others.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    let mut is_begin = true;
    for c in text.chars() {
        if c.is_control() && !matches!(c, '\t' | '\r' | '\n') {
            // Some readers end at a NUL, and nobody is to see what a terminal does with the others.
            harmless.push(char::REPLACEMENT_CHARACTER);
            continue;
        }
        if is_begin && BEGINNINGS.contains(&c) {
            harmless.push('\'');
        }
        is_begin = matches!(c, ';' | '\t' | '\r' | '\n') || (is_begin && c == ' ');
        harmless.push(c);
    }
    harmless
}

/// What formulas begin with, the full-width forms included.
const BEGINNINGS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

fn quoted(cell: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/'".contains(c);
    if cell.chars().all(is_plain) {
        return cell.to_owned();
    }
    format!("\"{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::{Format, csv_line, head, line, parse};
    use serde_json::json;

    const ALL: [Format; 3] = [Format::Csv, Format::Ndjson, Format::Ocsf];

    fn asked(accept: Option<&str>, query: &[(&str, &str)]) -> Result<Option<Format>, String> {
        let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        parse(accept, &query, &ALL, &["page"]).map_err(|error| error.to_string())
    }

    #[test]
    fn the_query_says_the_format_and_else_the_header() {
        assert_eq!(asked(None, &[]), Ok(None));
        assert_eq!(asked(Some("*/*"), &[("format", " ")]), Ok(None));
        assert_eq!(asked(Some("text/csv"), &[("format", "OCSF")]), Ok(Some(Format::Ocsf)));
        assert_eq!(asked(Some("text/csv"), &[("format", "json"), ("page", "2")]), Ok(None));
        assert_eq!(asked(Some("text/html, Text/CSV;q=0.9, */*"), &[]), Ok(Some(Format::Csv)));
        assert_eq!(asked(Some("application/json, text/csv"), &[]), Ok(None));
        assert_eq!(asked(Some("application/jsonl"), &[]), Ok(Some(Format::Ndjson)));
        for (query, named) in [
            (&[("format", "xml")][..], "format: "),
            (&[("format", "csv"), ("format", "csv")], "format: "),
            (&[("format", "csv"), ("page", "1")], "page: "),
        ] {
            assert!(asked(None, query).is_err_and(|error| error.starts_with(named)), "{query:?}");
        }
        assert_eq!(parse(None, &[("format".to_owned(), "ocsf".to_owned())], &ALL[..2], &[]).ok(), None);
    }

    /// RFC 4180, section 2; and OWASP's advice on formulas.
    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        let cells = [
            json!("a,b"),
            json!("say \"no\""),
            json!("two\nlines"),
            json!(null),
            json!(7),
            json!(["x", "=y"]),
            json!("=1+1"),
            json!(" s"),
        ];
        let expected = "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",,7,\"x; '=y\",\"'=1+1\",\" s\"\r\n";
        assert_eq!(csv_line(&cells), expected);
        for (text, cell) in [
            ("a;=1", "\"a;'=1\""),
            ("a\t@b", "\"a\t'@b\""),
            ("\u{ff1d}1", "\"'\u{ff1d}1\""),
            ("a-b", "a-b"),
            ("a\u{0}b", "\"a\u{fffd}b\""),
            (" =1", "\" '=1\""),
        ] {
            assert_eq!(csv_line(&[json!(text)]), format!("{cell}\r\n"));
        }
    }

    #[test]
    fn rows_and_heads() {
        let row = json!({"a": {"b": 1}, "c": "x"});
        assert_eq!(line(Format::Csv, &row, &["c", "a.b", "d"]), "x,1,\r\n");
        assert_eq!(line(Format::Ndjson, &row, &["c"]), "{\"a\":{\"b\":1},\"c\":\"x\"}\n");
        let reply = head(Format::Csv, "findings", "2024-01-04T15:25:10.000Z~7", Some(3), &["c", "a.b"]);
        assert_eq!(reply.body, b"c,a.b\r\n");
        assert!(reply.headers.contains(&("x-total-count", "3".to_owned())));
        let disposition = "attachment; filename=\"findings-2024-01-04T15-25-10-000Z-7.csv\"".to_owned();
        assert!(reply.headers.contains(&("content-disposition", disposition)));
    }
}
