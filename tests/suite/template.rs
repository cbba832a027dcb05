//! Reads `template.yaml` as far as it is written: block style, two spaces, one value a line.

use std::collections::BTreeMap;

/// A template's values by path, for example `Resources/Table/Type`; list items are numbered from 0.
#[derive(Debug)]
pub struct Template(BTreeMap<String, String>);

impl Template {
    pub fn parse(text: &str) -> Self {
        let mut values = BTreeMap::new();
        // Where we are: the indent of each key above, and its name.
        let mut above: Vec<(usize, String)> = Vec::new();
        let mut items: BTreeMap<String, usize> = BTreeMap::new();
        for line in text.lines().map(str::trim_end) {
            let mut rest = line.trim_start();
            if rest.is_empty() || rest.starts_with('#') {
                continue;
            }
            let mut indent = line.len() - rest.len();
            while let Some(item) = rest.strip_prefix("- ") {
                above.retain(|(at, _)| *at < indent);
                let number = items.entry(path(&above)).or_default();
                above.push((indent, number.to_string()));
                *number += 1;
                (rest, indent) = (item, indent + 2);
            }
            above.retain(|(at, _)| *at < indent);
            // A colon inside a bare text, such as a resource's name, stands before no space.
            let (key, value) =
                rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, ""))).unwrap_or(("", rest));
            if !key.is_empty() {
                above.push((indent, key.to_owned()));
            }
            if !value.is_empty() {
                values.insert(path(&above), value.trim_matches('\'').to_owned());
            }
        }
        Self(values)
    }

    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// What is below a path: the first key after it, each once.
    pub fn keys(&self, path: &str) -> Vec<&str> {
        let prefix = format!("{path}/");
        let mut keys: Vec<&str> =
            self.0.keys().filter_map(|key| key.strip_prefix(&prefix)?.split('/').next()).collect();
        keys.dedup();
        keys
    }

    /// The values of a list.
    pub fn list(&self, path: &str) -> Vec<&str> {
        self.keys(path).iter().filter_map(|number| self.get(&format!("{path}/{number}"))).collect()
    }
}

fn path(above: &[(usize, String)]) -> String {
    above.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>().join("/")
}

#[test]
fn values_are_found_by_path() {
    let text = "A:\n  # no value\n  B:\n    C: x # y\n    D:\n      - p:q\n      - r\n  E: 'e'\nF:\n  - G: 1\n    H: 2\n  - G: 3\n";
    let template = Template::parse(text);
    assert_eq!(template.get("A/B/C"), Some("x # y"));
    assert_eq!(template.list("A/B/D"), ["p:q", "r"]);
    assert_eq!(template.get("A/E"), Some("e"));
    assert_eq!((template.get("F/0/H"), template.get("F/1/G")), (Some("2"), Some("3")));
    assert_eq!(template.keys("A"), ["B", "E"]);
    assert_eq!(template.get("A/B/E"), None);
}
