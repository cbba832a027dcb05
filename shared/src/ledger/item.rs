//! Items as they go to and come from the table: keys, and attributes by name.

use crate::clock::Clock;
use crate::domain::Error;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// The name of the partition key attribute.
pub(super) const PK: &str = "pk";
/// The name of the sort key attribute.
pub(super) const SK: &str = "sk";
/// The attribute by which DynamoDB expires items, in seconds since 1970.
pub(super) const TTL: &str = "ttl";

/// When an item expires that is to last so many seconds: DynamoDB looks at its own clock, whatever ours was set to.
pub(super) fn expires_in(seconds: i64) -> i64 {
    Clock::machine().0.div_euclid(1000).saturating_add(seconds)
}

/// The key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub pk: String,
    pub sk: String,
}

/// An item as it goes to and comes from the table.
#[derive(Debug, Clone, Default)]
pub(super) struct Item(pub(super) HashMap<String, AttributeValue>);

impl Item {
    pub fn new(key: &Key) -> Self {
        let mut item = Self::default();
        item.put_text(PK, &key.pk);
        item.put_text(SK, &key.sk);
        item
    }

    pub fn put_text(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_owned(), AttributeValue::S(text.to_owned()));
    }

    pub fn put_number(&mut self, name: &str, number: impl Into<i128>) {
        self.0.insert(name.to_owned(), AttributeValue::N(number.into().to_string()));
    }

    pub fn put_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.insert(name.to_owned(), AttributeValue::B(Blob::new(bytes)));
    }

    pub fn text(&self, name: &str) -> Result<&str, Error> {
        self.0.get(name).and_then(|v| v.as_s().ok()).map(String::as_str).ok_or_else(|| self.lacks(name))
    }

    pub fn text_if_any(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|v| v.as_s().ok()).map(String::as_str)
    }

    pub fn number<N: std::str::FromStr>(&self, name: &str) -> Result<N, Error> {
        self.number_if_any(name).ok_or_else(|| self.lacks(name))
    }

    pub fn number_if_any<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.0.get(name).and_then(|v| v.as_n().ok()).and_then(|n| n.parse().ok())
    }

    pub fn bytes(&self, name: &str) -> Result<&[u8], Error> {
        self.0.get(name).and_then(|v| v.as_b().ok()).map(AsRef::as_ref).ok_or_else(|| self.lacks(name))
    }

    pub fn sk(&self) -> Result<&str, Error> {
        self.text(SK)
    }

    pub fn key(&self) -> Result<Key, Error> {
        Ok(Key { pk: self.text(PK)?.to_owned(), sk: self.text(SK)?.to_owned() })
    }

    /// The size that DynamoDB counts: names, and values as UTF-8 or raw bytes; numbers at most 21 bytes.
    pub fn size(&self) -> usize {
        self.0
            .iter()
            .map(|(name, value)| {
                name.len()
                    + match value {
                        AttributeValue::S(text) => text.len(),
                        AttributeValue::B(blob) => blob.as_ref().len(),
                        _ => 21,
                    }
            })
            .sum()
    }

    fn lacks(&self, name: &str) -> Error {
        let part = |n: &str| self.text_if_any(n).unwrap_or("?").to_owned();
        Error::internal(format!("item {} / {} lacks a usable attribute {name}", part(PK), part(SK)))
    }
}
