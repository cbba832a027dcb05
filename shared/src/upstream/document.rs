//! XML answers, of which only names and texts of elements matter.

use super::Refusal;
use roxmltree::Node;
use serde_json::{Map, Value};

/// An XML text that can be read.
#[derive(Debug, Clone)]
pub struct Document(String);

impl Document {
    /// Takes a text; a refusal when it is no XML.
    pub fn parse(text: String) -> Result<Self, Refusal> {
        match roxmltree::Document::parse(&text) {
            Ok(_) => Ok(Self(text)),
            Err(error) => Err(Refusal::failed("Unreadable", error)),
        }
    }

    /// The text of the first element of a name, wherever it stands.
    pub fn text(&self, name: &str) -> Option<String> {
        self.first(name, |node| node.text().unwrap_or_default().to_owned())
    }

    /// Whether there is an element of a name.
    pub fn has(&self, name: &str) -> bool {
        self.first(name, |_| ()).is_some()
    }

    /// The texts of every element of a name, in their order.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let Ok(document) = roxmltree::Document::parse(&self.0) else { return Vec::new() };
        let named = document.descendants().filter(|node| node.is_element() && node.tag_name().name() == name);
        named.map(|node| node.text().unwrap_or_default().to_owned()).collect()
    }

    /// The elements within the first one of a name that have texts only, as JSON: numbers and booleans as such.
    pub fn members(&self, name: &str) -> Option<Map<String, Value>> {
        self.first(name, |node| {
            let elements = node.children().filter(Node::is_element);
            elements
                .map(|child| (child.tag_name().name().to_owned(), scalar(child.text().unwrap_or_default())))
                .collect()
        })
    }

    /// The `key` and `value` of each `entry` within the first element of a name, as JSON.
    pub fn entries(&self, name: &str) -> Option<Map<String, Value>> {
        self.first(name, |node| {
            let inner = |entry: &Node<'_, '_>, name: &str| {
                let child = entry.children().find(|child| child.tag_name().name() == name)?;
                Some(child.text().unwrap_or_default().to_owned())
            };
            let entries = node.children().filter(|child| child.tag_name().name() == "entry");
            entries.filter_map(|entry| Some((inner(&entry, "key")?, scalar(&inner(&entry, "value")?)))).collect()
        })
    }

    fn first<T>(&self, name: &str, read: impl FnOnce(Node<'_, '_>) -> T) -> Option<T> {
        let document = roxmltree::Document::parse(&self.0).ok()?;
        let found = document.descendants().find(|node| node.is_element() && node.tag_name().name() == name)?;
        Some(read(found))
    }
}

fn scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::Document;
    use serde_json::{Value, json};

    #[test]
    fn members_and_entries_are_read_whatever_their_namespace() {
        let text = "<R xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><PasswordPolicy><MinimumPasswordLength>6\
            </MinimumPasswordLength><RequireSymbols>false</RequireSymbols></PasswordPolicy><SummaryMap><entry><key>Users\
            </key><value>31</value></entry></SummaryMap><member>a</member><member>b</member></R>";
        let document = Document::parse(text.to_owned()).unwrap();
        assert_eq!(
            document.members("PasswordPolicy").map(Value::Object),
            Some(json!({"MinimumPasswordLength": 6, "RequireSymbols": false}))
        );
        assert_eq!(document.entries("SummaryMap").map(Value::Object), Some(json!({"Users": 31})));
        assert_eq!(document.texts("member"), ["a", "b"]);
        assert_eq!((document.text("nothing"), document.has("entry")), (None, true));
        assert!(Document::parse("{}".to_owned()).is_err());
        assert!(Document::parse("<!DOCTYPE x [<!ENTITY e \"e\">]><x>&e;</x>".to_owned()).is_err());
    }
}
