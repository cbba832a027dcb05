//! Which members a rule's text names.
//!
//! References that begin with `input.resource` or `input.related.NAME` are read, also through names given by `:=`, `some … in` and
//! `every … in`. A reference that cannot be followed is not judged here; the rule's cases must come out all the same.

use std::collections::BTreeMap;

/// A member that a rule names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The line, counted from 1.
    pub line: usize,
    /// The join that it belongs to; `None` for the resource itself.
    pub related: Option<String>,
    /// The path without places.
    pub path: String,
}

/// A part of a reference: a name, or a place in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Name(String),
    Place,
}

/// Whose member a name stands for, and its path so far.
type Target = (Option<String>, Vec<String>);

/// The members that a Rego text names.
pub fn references(rego: &str) -> Vec<Reference> {
    let mut names: BTreeMap<String, Vec<Target>> = BTreeMap::new();
    let mut found = Vec::new();
    for (place, line) in rego.lines().enumerate() {
        let tokens = chains(line);
        for (at, chain) in &tokens {
            for (related, path) in resolved(chain, &names) {
                // A join that is named alone is told, too, so that one that there is not is noticed.
                if !path.is_empty() || related.is_some() {
                    found.push(Reference { line: place + 1, related, path: path.join(".") });
                }
            }
            if let Some(name) = line.get(..*at).and_then(given) {
                let targets = resolved(chain, &names);
                if !targets.is_empty() {
                    names.entry(name.to_owned()).or_default().extend(targets);
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The parameters that a Rego text names, each with its line.
pub fn parameters(rego: &str) -> Vec<(usize, String)> {
    let named = |(_, chain): (usize, Vec<Part>)| match chain.as_slice() {
        [Part::Name(input), Part::Name(params), Part::Name(name), ..] if input == "input" && params == "params" => {
            Some(name.clone())
        }
        _ => None,
    };
    let lines = rego.lines().enumerate();
    lines.flat_map(|(at, line)| chains(line).into_iter().filter_map(named).map(move |name| (at + 1, name))).collect()
}

/// The name that stands for what follows: `NAME :=`, `some NAME in`, `some _, NAME in`, `every NAME in`.
fn given(before: &str) -> Option<&str> {
    let before = before.trim_end();
    let name = match before.strip_suffix(":=") {
        Some(before) => before.trim_end(),
        None => before.strip_suffix(" in")?.trim_end(),
    };
    let start = name.rfind(|c: char| !is_name(c)).map_or(0, |at| at + 1);
    name.get(start..).filter(|name| !name.is_empty() && *name != "_")
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn resolved(chain: &[Part], names: &BTreeMap<String, Vec<Target>>) -> Vec<Target> {
    let Some((Part::Name(first), rest)) = chain.split_first() else { return Vec::new() };
    let names_of = |parts: &[Part]| -> Vec<String> {
        parts.iter().filter_map(|part| if let Part::Name(name) = part { Some(name.clone()) } else { None }).collect()
    };
    if first == "input" {
        return match rest {
            [Part::Name(root), rest @ ..] if root == "resource" => vec![(None, names_of(rest))],
            [Part::Name(root), Part::Name(join), rest @ ..] if root == "related" => {
                vec![(Some(join.clone()), names_of(rest))]
            }
            _ => Vec::new(),
        };
    }
    let targets = names.get(first).map(Vec::as_slice).unwrap_or_default();
    targets.iter().map(|(related, path)| (related.clone(), [path.clone(), names_of(rest)].concat())).collect()
}

/// The chains of names and brackets in a line, each with where it begins; not those in texts and comments.
fn chains(line: &str) -> Vec<(usize, Vec<Part>)> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let at = line.len() - rest.len();
        match c {
            '#' => break,
            '"' => rest = after_text(rest, '"'),
            '`' => rest = after_text(rest, '`'),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let (chain, left) = chain(rest);
                found.push((at, chain));
                rest = left;
            }
            c => rest = rest.get(c.len_utf8()..).unwrap_or_default(),
        }
    }
    found
}

/// What follows a text that begins here.
fn after_text(rest: &str, quote: char) -> &str {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\\' if quote == '"' && !escaped => escaped = true,
            c if c == quote && !escaped => return rest.get(at + 1..).unwrap_or_default(),
            _ => escaped = false,
        }
    }
    ""
}

fn chain(text: &str) -> (Vec<Part>, &str) {
    let (name, mut rest) = name_of(text);
    let mut parts = vec![Part::Name(name.to_owned())];
    loop {
        if let Some(after) = rest.strip_prefix('.') {
            let (next, left) = name_of(after);
            if next.is_empty() {
                return (parts, rest);
            }
            parts.push(Part::Name(next.to_owned()));
            rest = left;
        } else if let Some(after) = rest.strip_prefix('[') {
            let Some((inside, left)) = after.split_once(']') else { return (parts, rest) };
            let quoted = inside.trim().strip_prefix('"').and_then(|inside| inside.strip_suffix('"'));
            parts.push(quoted.map_or(Part::Place, |name| Part::Name(name.to_owned())));
            rest = left;
        } else {
            // A function is called, and no member named.
            if rest.starts_with('(') {
                parts.clear();
            }
            return (parts, rest);
        }
    }
}

fn name_of(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::{Reference, parameters, references};

    fn paths(rego: &str) -> Vec<(usize, String)> {
        let shown = |reference: Reference| {
            let Reference { line, related, path } = reference;
            (line, related.map_or(path.clone(), |related| format!("{related}:{path}")))
        };
        references(rego).into_iter().map(shown).collect()
    }

    #[test]
    fn members_are_followed_through_names() {
        let rego = r#"
violations contains v if {
    some permission in input.resource.configuration.ipPermissions # input.resource.comment
    range := permission.ipv4Ranges[_]
    range.cidrIp == "input.resource.text"
    some i, bucket in input.related.buckets
    bucket.supplementaryConfiguration["BucketPolicy"].policyText[i]
    every x in input.resource.configuration["a-b"] { x.c > count(input.resource.tags) }
    lib.network.open(permission)
}
"#;
        let expected = [
            (3, "configuration.ipPermissions"),
            (4, "configuration.ipPermissions.ipv4Ranges"),
            (5, "configuration.ipPermissions.ipv4Ranges.cidrIp"),
            (6, "buckets:"),
            (7, "buckets:supplementaryConfiguration.BucketPolicy.policyText"),
            (8, "configuration.a-b"),
            (8, "configuration.a-b.c"),
            (8, "tags"),
            (9, "configuration.ipPermissions"),
        ];
        assert_eq!(paths(rego), expected.map(|(line, path)| (line, path.to_owned())));
    }

    #[test]
    fn parameters_are_found() {
        let rego = "a if input.params.most > 1 # input.params.comment\nb if count(input.params[\"least\"]) > input.params.x[_]";
        let expected = [(1, "most"), (2, "least"), (2, "x")];
        assert_eq!(parameters(rego), expected.map(|(line, name)| (line, name.to_owned())));
    }

    #[test]
    fn odd_texts_end() {
        for text in ["input.resource.", "input.resource[", "\"", "`x", "a :=", "some in", "input.resource.é.x", "x[\"]"]
        {
            let _ = references(text);
        }
    }
}
