//! Reads Rust sources as far as layering needs: which paths the code names, comments, texts and unit tests left out.

/// A path as the code names it, for example `["crate", "domain", "Error"]`.
pub type Named = Vec<String>;

/// Every path that a source names. `use a::{b, c::d}` is two. Unit tests, in `#[cfg(test)] mod … { … }`, are left out.
pub fn paths(text: &str) -> Vec<Named> {
    let tokens = without_unit_tests(&tokens(text));
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if is_name(&tokens[at]) && tokens.get(at.wrapping_sub(1)).is_none_or(|before| before != "::") {
            read_path(&tokens, &mut at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one path, and the paths of its groups; the nesting is that of our own `use` lines.
fn read_path(tokens: &[String], at: &mut usize, above: &[String], found: &mut Vec<Named>) {
    let mut path = above.to_vec();
    while tokens.get(*at).is_some_and(|token| is_name(token)) {
        path.push(tokens[*at].clone());
        *at += 1;
        if tokens.get(*at).is_none_or(|token| token != "::") {
            break;
        }
        *at += 1;
        if tokens.get(*at).is_some_and(|token| token == "{") {
            *at += 1;
            while tokens.get(*at).is_some_and(|token| token != "}") {
                let before = *at;
                read_path(tokens, at, &path, found);
                if *at == before {
                    *at += 1;
                }
            }
            *at += 1;
            return;
        }
    }
    if path.len() > above.len() {
        found.push(path);
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::`, and every other character that is no space.
fn tokens(text: &str) -> Vec<String> {
    let code: Vec<char> = without_texts(text).chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while let Some(c) = code.get(at) {
        let end = match c {
            c if c.is_alphanumeric() || *c == '_' => {
                code[at..].iter().position(|c| !c.is_alphanumeric() && *c != '_').map_or(code.len(), |n| at + n)
            }
            ':' if code.get(at + 1) == Some(&':') => at + 2,
            _ => at + 1,
        };
        if !c.is_whitespace() {
            tokens.push(code[at..end].iter().collect());
        }
        at = end;
    }
    tokens
}

/// Leaves out the bodies of modules that only tests compile.
fn without_unit_tests(tokens: &[String]) -> Vec<String> {
    let (mut left, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let rest = &tokens[at..];
        let is = |words: &[&str]| rest.iter().map(String::as_str).take(words.len()).eq(words.iter().copied());
        if is(&["#", "[", "cfg", "(", "test", ")", "]", "mod"]) && rest.get(9).is_some_and(|token| token == "{") {
            let mut depth = 0;
            let end = rest[9..].iter().position(|token| {
                depth += i32::from(token == "{") - i32::from(token == "}");
                depth == 0
            });
            at += 9 + end.unwrap_or(rest.len()) + 1;
        } else {
            left.push(tokens[at].clone());
            at += 1;
        }
    }
    left
}

/// The source without comments, and with nothing in its texts.
pub fn without_texts(text: &str) -> String {
    let code: Vec<char> = text.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    while let Some(&c) = code.get(at) {
        let rest = &code[at..];
        let in_name = at > 0 && (code[at - 1].is_alphanumeric() || code[at - 1] == '_');
        at += match (c, rest.get(1)) {
            ('/', Some('/')) => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ('/', Some('*')) => rest.windows(2).position(|two| two == ['*', '/']).map_or(rest.len(), |n| n + 2),
            ('r', Some('"' | '#')) if !in_name => raw_text(rest).unwrap_or(1),
            ('"', _) => plain_text(rest),
            ('\'', Some('\\')) => rest[3..].iter().position(|c| *c == '\'').map_or(rest.len(), |n| n + 4),
            ('\'', Some(_)) if rest.get(2) == Some(&'\'') => 3,
            _ => {
                out.push(c);
                1
            }
        };
    }
    out
}

/// The length of a text in quotes.
fn plain_text(rest: &[char]) -> usize {
    let mut at = 1;
    while let Some(c) = rest.get(at) {
        match c {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a raw text; `None` when it is a raw name.
fn raw_text(rest: &[char]) -> Option<usize> {
    let marks = rest[1..].iter().position(|c| *c != '#')?;
    if rest.get(1 + marks) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', marks)).collect();
    let body = &rest[2 + marks..];
    Some(body.windows(end.len()).position(|part| part == end).map_or(rest.len(), |n| 2 + marks + n + end.len()))
}

#[test]
fn paths_are_read_as_the_compiler_reads_them() {
    let text = r##"
        //! crate::comment
        use crate::{domain::{Error, json}, seal};
        use super::store::*; /* crate::block */
        fn f<'a>(x: &'a str) -> Vec<aws_sdk_dynamodb::Client> {
            let _ = ('"', '\'', '\u{41}', "crate::text \" crate::text", r#"crate::raw "quoted" "#);
            std::env::var("X"); x.method(); r#type::x()
        }
        #[cfg(test)]
        mod tests { use crate::in_a_test; fn g() { {} } }
        fn after() { crate::after::all() }
    "##;
    let found: Vec<String> = paths(text).iter().filter(|path| path.len() > 1).map(|path| path.join("::")).collect();
    assert_eq!(
        found,
        [
            "crate::domain::Error",
            "crate::domain::json",
            "crate::seal",
            "super::store",
            "aws_sdk_dynamodb::Client",
            "std::env::var",
            "type::x",
            "crate::after::all"
        ]
    );
}
