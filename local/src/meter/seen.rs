//! What a request asks the store for, by kind of item.

use super::Counts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;

/// An attribute's type and value. The ledger stores texts, numbers and bytes, each as one JSON string.
type Attributes<'a> = HashMap<Cow<'a, str>, HashMap<Cow<'a, str>, Cow<'a, str>>>;

/// What one request writes and asks for.
#[derive(Debug, Default)]
pub(super) struct Seen {
    written: Vec<(String, u64)>,
    asked: Vec<String>,
    filtered: bool,
    queried: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    #[serde(borrow, default)]
    item: Option<Attributes<'a>>,
    #[serde(borrow, default)]
    key: Option<Attributes<'a>>,
    #[serde(borrow, default)]
    transact_items: Vec<Transacted<'a>>,
    #[serde(borrow, default)]
    request_items: HashMap<Cow<'a, str>, Keys<'a>>,
    #[serde(borrow, default)]
    filter_expression: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    expression_attribute_values: HashMap<Cow<'a, str>, HashMap<Cow<'a, str>, Cow<'a, str>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Transacted<'a> {
    #[serde(borrow, default)]
    put: Option<Put<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put<'a> {
    #[serde(borrow)]
    item: Attributes<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keys<'a> {
    #[serde(borrow, default)]
    keys: Vec<Attributes<'a>>,
}

impl Seen {
    /// Reads a request's body. What cannot be read counts as nothing.
    pub fn in_request(operation: &str, body: &[u8]) -> Self {
        let Ok(request) = serde_json::from_slice::<Request<'_>>(body) else { return Self::default() };
        let puts = request.transact_items.iter().filter_map(|one| one.put.as_ref()).map(|put| &put.item);
        let keys = request.request_items.values().flat_map(|table| &table.keys);
        let single = request.key.iter().filter(|_| operation == "GetItem");
        Self {
            written: puts.chain(&request.item).map(|item| (kind(item), size(item))).collect(),
            asked: keys.chain(single).map(kind).collect(),
            filtered: request.filter_expression.is_some(),
            queried: request.expression_attribute_values.get(":pk").and_then(|pk| pk.get("S")).map(|pk| kind_of(pk)),
        }
    }

    /// Whether it asks for a stretch of a log.
    pub fn is_log_query(&self) -> bool {
        self.queried.as_deref() == Some("log")
    }

    /// Adds it to what was counted.
    pub fn add_to(self, counts: &mut Counts) {
        counts.filtered += u32::from(self.filtered);
        for (name, bytes) in self.written {
            let kind = counts.kinds.entry(name).or_default();
            kind.written += 1;
            kind.bytes += bytes;
            kind.largest = kind.largest.max(bytes);
        }
        for name in self.asked {
            counts.kinds.entry(name).or_default().asked += 1;
        }
    }
}

/// The second part of the partition key, and of a segment also its family: `segment core`.
fn kind(item: &Attributes<'_>) -> String {
    kind_of(item.get("pk").and_then(|value| value.get("S")).map(Cow::as_ref).unwrap_or_default())
}

fn kind_of(pk: &str) -> String {
    let parts: Vec<&str> = pk.split('#').collect();
    match parts.as_slice() {
        [_, "segment", _, family] => format!("segment {family}"),
        [_, kind, ..] => (*kind).to_owned(),
        _ => String::new(),
    }
}

fn size(item: &Attributes<'_>) -> u64 {
    let of = |(kind, value): (&Cow<'_, str>, &Cow<'_, str>)| match kind.as_ref() {
        "B" => STANDARD.decode(value.as_bytes()).map_or(0, |bytes| bytes.len()),
        // Two digits a byte, and one more.
        "N" => value.len().div_ceil(2) + 1,
        _ => value.len(),
    };
    let bytes: usize = item.iter().map(|(name, value)| name.len() + value.iter().map(of).sum::<usize>()).sum();
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::{Counts, Seen};

    fn counts(operation: &str, body: &str) -> Counts {
        let mut counts = Counts::default();
        Seen::in_request(operation, body.as_bytes()).add_to(&mut counts);
        counts
    }

    #[test]
    fn items_are_told_apart_by_their_keys() {
        let counts = counts(
            "TransactWriteItems",
            r##"{"TransactItems": [
                {"Put": {"Item": {"pk": {"S": "t#document#00000001"}, "sk": {"S": "1"}, "body": {"B": "AAAA"}}}},
                {"Put": {"Item": {"pk": {"S": "t#document#00000002"}, "sk": {"S": "1"}, "body": {"B": "AAAAAAAA"}}}},
                {"Put": {"Item": {"pk": {"S": "t#head"}, "sk": {"S": "-"}, "seq": {"N": "123"}}}}
            ]}"##,
        );
        let document = counts.kind("document");
        assert_eq!((document.written, document.bytes, document.largest), (2, 65, 34));
        assert_eq!((counts.kind("head").written, counts.kind("head").bytes), (1, 2 + 6 + 2 + 1 + 3 + 3));
        assert_eq!((counts.kind("finding").written, counts.filtered), (0, 0));
    }

    #[test]
    fn keys_and_filters_are_seen() {
        let keys = r##"{"RequestItems": {"table": {"Keys": [
            {"pk": {"S": "t#segment#00000000#core"}, "sk": {"S": "x#0"}}, {"pk": {"S": "t#segment#00000001#core"}, "sk": {"S": "x#0"}}
        ]}}}"##;
        assert_eq!(counts("BatchGetItem", keys).kind("segment core").asked, 2);
        assert_eq!(counts("GetItem", r#"{"Key": {"pk": {"S": "t#key"}, "sk": {"S": "a"}}}"#).kind("key").asked, 1);
        assert_eq!(counts("Query", r#"{"FilterExpression": "a = :b"}"#).filtered, 1);
        assert_eq!(counts("Query", "no JSON"), Counts::default());
    }
}
