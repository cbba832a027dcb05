//! YAML as rules are written in: reading it, and where in it something stands.

use super::problem::Problem;
use serde::de::DeserializeOwned;

pub(super) fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Problem> {
    if let Some(place) = text.lines().position(anchors) {
        let why = "has an anchor (&name): what is meant twice is written twice";
        return Err(Problem::new(file, place + 1, why));
    }
    yaml_serde::from_str(text).map_err(|error| {
        let line = error.location().map_or(0, |location| location.line());
        Problem::new(file, line, error.to_string())
    })
}

/// Whether a line may have an anchor: aliases let a small file become a large one.
fn anchors(line: &str) -> bool {
    let begins = |c: char| c.is_whitespace() || matches!(c, '[' | '{' | ',' | ':' | '-');
    let mut before = ' ';
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '&'
            && begins(before)
            && rest.peek().is_some_and(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '-'))
        {
            return true;
        }
        before = c;
    }
    false
}

/// The line on which a text stands first; 0 when it does not.
pub(super) fn line_of(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).map_or(0, |place| place + 1)
}

/// The lines on which the cases begin.
pub(super) fn case_lines(text: &str) -> Vec<usize> {
    text.lines().enumerate().filter(|(_, line)| line.starts_with("- ")).map(|(place, _)| place + 1).collect()
}
