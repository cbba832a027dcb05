//! The few DynamoDB requests that the ledger makes, with their loops, retries and errors.

use super::FORMAT;
use super::capacity::{counted, counted_aside, read, written};
use super::failure::{describe, failure, throttled};
use super::item::{Item, Key, PK, SK, TTL};
use crate::domain::Error;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, KeysAndAttributes, Put,
    ReturnConsumedCapacity, ReturnValue, ScalarAttributeType, Select, TimeToLiveSpecification, TransactWriteItem,
};
use futures_util::future::try_join_all;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// Keys per BatchGetItem request (a limit of DynamoDB).
const BATCH_GET_KEYS: usize = 100;
/// Rounds of asking again for unprocessed keys before giving up.
const UNPROCESSED_ROUNDS: usize = 8;

/// Which items of a partition a query wants.
#[derive(Debug, Clone, Default)]
pub(super) struct Range {
    /// Sort keys from here on, inclusive.
    pub from: Option<String>,
    /// Sort keys up to here, inclusive.
    pub to: Option<String>,
    /// Largest sort key first.
    pub newest_first: bool,
    /// At most so many items; `None` reads all pages.
    pub limit: Option<usize>,
    /// Sees every write that was acknowledged before.
    pub consistent: bool,
}

impl Range {
    /// Whether no sort key can be in it; DynamoDB refuses such a range instead of finding nothing.
    fn is_empty(&self) -> bool {
        self.from.as_ref().zip(self.to.as_ref()).is_some_and(|(from, to)| from > to)
    }
}

/// A put of a transaction.
#[derive(Debug, Clone)]
pub(super) struct ConditionalPut {
    pub item: Item,
    pub condition: Condition,
}

/// What must hold for a put.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// Nothing.
    None,
    /// There is no such item.
    Absent,
    /// The item's number attribute has this value.
    Number(&'static str, u64),
    /// There is no such item, or its number attribute is less than this.
    Less(&'static str, i64),
}

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum Transacted {
    /// It was carried out.
    Done,
    /// Somebody else was first; nothing was written.
    Lost,
    /// The table takes no more now; nothing was written.
    Throttled,
    /// Nobody knows whether it was carried out.
    Unknown(String),
}

/// A client that is made when it is needed.
type Made = LazyLock<Client, Box<dyn FnOnce() -> Client + Send>>;

/// A table.
#[derive(Debug, Clone)]
pub(super) struct Store {
    client: Arc<Made>,
    table: String,
}

impl Store {
    /// A table whose client is made by its first request, or by [`Store::open`].
    pub fn new(config: SdkConfig, table: &str) -> Self {
        Self { client: Arc::new(Made::new(Box::new(move || Client::new(&config)))), table: table.to_owned() }
    }

    pub fn open(&self) {
        LazyLock::force(&self.client);
    }

    /// Makes the table if there is none: on demand, keys `pk` and `sk`, expiry by `ttl`.
    pub async fn create_table(&self) -> Result<(), Error> {
        let attribute = |name: &str| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .map_err(Error::internal)
        };
        let element = |name: &str, kind: KeyType| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(Error::internal)
        };
        let made = self
            .client
            .create_table()
            .table_name(&self.table)
            .attribute_definitions(attribute(PK)?)
            .attribute_definitions(attribute(SK)?)
            .key_schema(element(PK, KeyType::Hash)?)
            .key_schema(element(SK, KeyType::Range)?)
            .billing_mode(BillingMode::PayPerRequest)
            .send()
            .await;
        match made {
            Err(error) if error.code() == Some("ResourceInUseException") => return Ok(()),
            other => other.map_err(|e| failure("CreateTable", &e))?,
        };
        let expiry =
            TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build().map_err(Error::internal)?;
        self.client
            .update_time_to_live()
            .table_name(&self.table)
            .time_to_live_specification(expiry)
            .send()
            .await
            .map_err(|e| failure("UpdateTimeToLive", &e))?;
        Ok(())
    }

    /// One item.
    pub async fn get(&self, key: &Key, consistent: bool) -> Result<Option<Item>, Error> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(PK, AttributeValue::S(key.pk.clone()))
            .key(SK, AttributeValue::S(key.sk.clone()))
            .consistent_read(consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send();
        let output = counted(request, |output| read(output.consumed_capacity.as_slice()));
        let output = output.await.map_err(|e| failure("GetItem", &e))?;
        Ok(output.item.map(Item))
    }

    /// The items of these keys that exist, by key. Duplicate keys are asked for once.
    pub async fn batch_get(&self, keys: &[Key], consistent: bool) -> Result<HashMap<Key, Item>, Error> {
        let unique: std::collections::BTreeSet<&Key> = keys.iter().collect();
        let unique: Vec<&Key> = unique.into_iter().collect();
        let chunks = unique.chunks(BATCH_GET_KEYS).map(|chunk| self.batch_get_chunk(chunk, consistent));
        let mut found = HashMap::with_capacity(unique.len());
        for items in try_join_all(chunks).await? {
            for item in items {
                found.insert(item.key()?, item);
            }
        }
        Ok(found)
    }

    async fn batch_get_chunk(&self, keys: &[&Key], consistent: bool) -> Result<Vec<Item>, Error> {
        let mut wanted = KeysAndAttributes::builder().consistent_read(consistent);
        for key in keys {
            wanted = wanted.keys(HashMap::from([
                (PK.to_owned(), AttributeValue::S(key.pk.clone())),
                (SK.to_owned(), AttributeValue::S(key.sk.clone())),
            ]));
        }
        let mut wanted = Some(wanted.build().map_err(Error::internal)?);
        let mut items = Vec::with_capacity(keys.len());
        for round in 0..UNPROCESSED_ROUNDS {
            let Some(request) = wanted.take() else { return Ok(items) };
            if round > 0 {
                pause(round).await;
            }
            let request = self
                .client
                .batch_get_item()
                .request_items(&self.table, request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send();
            let output = counted(request, |output| read(output.consumed_capacity()));
            let output = output.await.map_err(|e| failure("BatchGetItem", &e))?;
            let mut responses = output.responses.unwrap_or_default();
            items.extend(responses.remove(&self.table).unwrap_or_default().into_iter().map(Item));
            wanted = output.unprocessed_keys.and_then(|mut left| left.remove(&self.table));
        }
        match wanted {
            None => Ok(items),
            Some(_) => Err(throttled()),
        }
    }

    /// The items of one partition in sort key order, and whether there are more than `range.limit`.
    pub async fn query(&self, pk: &str, range: &Range) -> Result<(Vec<Item>, bool), Error> {
        if range.is_empty() {
            return Ok((Vec::new(), false));
        }
        let mut items: Vec<Item> = Vec::new();
        let mut start = None;
        loop {
            let left = range.limit.map(|limit| limit.saturating_sub(items.len()));
            let request = self
                .query_request(pk, range)
                .set_limit(left.and_then(|left| i32::try_from(left).ok()))
                .set_exclusive_start_key(start);
            let output = queried(request).await?;
            items.extend(output.items.unwrap_or_default().into_iter().map(Item));
            start = output.last_evaluated_key.filter(|key| !key.is_empty());
            let full = range.limit.is_some_and(|limit| items.len() >= limit);
            if start.is_none() || full {
                return Ok((items, start.is_some()));
            }
        }
    }

    /// One request's worth of a partition (about 1 MB), and whether there is more.
    pub async fn query_page(&self, pk: &str, range: &Range) -> Result<(Vec<Item>, bool), Error> {
        if range.is_empty() {
            return Ok((Vec::new(), false));
        }
        let limit = range.limit.and_then(|limit| i32::try_from(limit).ok());
        let output = queried(self.query_request(pk, range).set_limit(limit)).await?;
        let more = output.last_evaluated_key.is_some_and(|key| !key.is_empty());
        Ok((output.items.unwrap_or_default().into_iter().map(Item).collect(), more))
    }

    /// One request's worth of the whole table (about 1 MB) behind a key, and the key behind which there may be more.
    pub async fn scan_page(&self, behind: Option<&Key>) -> Result<(Vec<Item>, Option<Key>), Error> {
        let part = |name: &str, text: &str| (name.to_owned(), AttributeValue::S(text.to_owned()));
        let start = behind.map(|key| HashMap::from([part(PK, &key.pk), part(SK, &key.sk)]));
        let request = self.client.scan().table_name(&self.table).set_exclusive_start_key(start).consistent_read(true);
        let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send();
        let output = counted(request, |output| read(output.consumed_capacity.as_slice())).await;
        let output = output.map_err(|e| failure("Scan", &e))?;
        let last = output.last_evaluated_key.filter(|key| !key.is_empty()).map(Item);
        let items = output.items.unwrap_or_default().into_iter().map(Item).collect();
        Ok((items, last.map(|last| last.key()).transpose()?))
    }

    /// How many items of one partition there are, at the cost of reading them.
    pub async fn count(&self, pk: &str, range: &Range) -> Result<u64, Error> {
        if range.is_empty() {
            return Ok(0);
        }
        let mut count = 0;
        let mut start = None;
        loop {
            let request = self.query_request(pk, range).select(Select::Count).set_exclusive_start_key(start);
            let output = queried(request).await?;
            count += u64::try_from(output.count).unwrap_or(0);
            start = output.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    fn query_request(&self, pk: &str, range: &Range) -> QueryFluentBuilder {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let request = self
            .client
            .query()
            .table_name(&self.table)
            .expression_attribute_values(":pk", text(pk))
            .consistent_read(range.consistent)
            .scan_index_forward(!range.newest_first)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match (&range.from, &range.to) {
            (None, None) => request.key_condition_expression("pk = :pk"),
            (Some(from), None) => request
                .key_condition_expression("pk = :pk AND sk >= :from")
                .expression_attribute_values(":from", text(from)),
            (None, Some(to)) => {
                request.key_condition_expression("pk = :pk AND sk <= :to").expression_attribute_values(":to", text(to))
            }
            (Some(from), Some(to)) => request
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":from", text(from))
                .expression_attribute_values(":to", text(to)),
        }
    }

    /// Writes an item; `false` when its condition does not hold.
    pub async fn put(&self, put: ConditionalPut) -> Result<bool, Error> {
        let (expression, values) = put.condition.expression();
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(put.item.0))
            .set_condition_expression(expression)
            .set_expression_attribute_values(values)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send();
        match counted(request, |output| written(output.consumed_capacity.as_slice())).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
            Err(error) => Err(failure("PutItem", &error)),
        }
    }

    /// Adds one to an item's number and says what it is now. Makes the item if there is none; it expires at `ttl`,
    /// in seconds since 1970. A request that is sent again may count twice.
    pub async fn update(&self, key: &Key, number: &str, ttl: i64) -> Result<u64, Error> {
        let value = |n: i64| AttributeValue::N(n.to_string());
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(PK, AttributeValue::S(key.pk.clone()))
            .key(SK, AttributeValue::S(key.sk.clone()))
            .update_expression("SET #format = :format, #ttl = :ttl ADD #number :one")
            .set_expression_attribute_names(Some(names(&[("#format", "format"), ("#ttl", TTL), ("#number", number)])))
            .expression_attribute_values(":format", value(FORMAT.into()))
            .expression_attribute_values(":ttl", value(ttl))
            .expression_attribute_values(":one", value(1))
            .return_values(ReturnValue::UpdatedNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send();
        let output = counted_aside(request, |output| written(output.consumed_capacity.as_slice()));
        let output = output.await.map_err(|e| failure("UpdateItem", &e))?;
        Item(output.attributes.unwrap_or_default()).number(number)
    }

    /// Removes an item.
    pub async fn delete(&self, key: &Key) -> Result<(), Error> {
        let request = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key(PK, AttributeValue::S(key.pk.clone()))
            .key(SK, AttributeValue::S(key.sk.clone()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send();
        let output = counted(request, |output| written(output.consumed_capacity.as_slice()));
        output.await.map_err(|e| failure("DeleteItem", &e)).map(drop)
    }

    /// Writes all or nothing. `token` makes a repetition of the same request harmless for ten minutes.
    pub async fn transact(&self, puts: Vec<ConditionalPut>, token: &str) -> Result<Transacted, Error> {
        let mut request = self
            .client
            .transact_write_items()
            .client_request_token(token)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for put in puts {
            let (expression, values) = put.condition.expression();
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(put.item.0))
                .set_condition_expression(expression)
                .set_expression_attribute_values(values)
                .build()
                .map_err(Error::internal)?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        let error = match counted(request.send(), |output| written(output.consumed_capacity())).await {
            Ok(_) => return Ok(Transacted::Done),
            Err(error) => error,
        };
        if let Some(cancelled) = error.as_service_error().and_then(|e| {
            match e {
            aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
                cancelled,
            ) => Some(cancelled),
            _ => None,
        }
        }) {
            let codes: Vec<&str> = cancelled.cancellation_reasons().iter().filter_map(|r| r.code()).collect();
            let has = |code: &str| codes.contains(&code);
            if has("ConditionalCheckFailed") || has("TransactionConflict") {
                return Ok(Transacted::Lost);
            }
            if has("ThrottlingError") || has("ProvisionedThroughputExceeded") {
                return Ok(Transacted::Throttled);
            }
            return Err(Error::internal(format!("a transaction was cancelled: {codes:?}")));
        }
        match error.code() {
            Some("TransactionInProgressException" | "InternalServerError") | None => {
                Ok(Transacted::Unknown(describe(&error)))
            }
            Some("ThrottlingException" | "ProvisionedThroughputExceededException" | "RequestLimitExceeded") => {
                Ok(Transacted::Throttled)
            }
            Some(_) => Err(failure("TransactWriteItems", &error)),
        }
    }
}

async fn queried(request: QueryFluentBuilder) -> Result<QueryOutput, Error> {
    let output = counted(request.send(), |output| read(output.consumed_capacity.as_slice()));
    output.await.map_err(|e| failure("Query", &e))
}

impl Condition {
    fn expression(&self) -> (Option<String>, Option<HashMap<String, AttributeValue>>) {
        match self {
            Self::None => (None, None),
            Self::Absent => (Some("attribute_not_exists(pk)".to_owned()), None),
            Self::Number(name, value) => (
                Some(format!("{name} = :expected")),
                Some(HashMap::from([(":expected".to_owned(), AttributeValue::N(value.to_string()))])),
            ),
            Self::Less(name, value) => (
                Some(format!("attribute_not_exists(pk) OR {name} < :expected")),
                Some(HashMap::from([(":expected".to_owned(), AttributeValue::N(value.to_string()))])),
            ),
        }
    }
}

/// Names for expressions, in which some words are DynamoDB's own.
fn names(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(alias, name)| ((*alias).to_owned(), (*name).to_owned())).collect()
}

/// Waits a little longer each round: 20 ms, 40 ms, … at most 1.3 s.
pub(super) async fn pause(round: usize) {
    let exponent = u32::try_from(round.min(7)).unwrap_or(7);
    tokio::time::sleep(std::time::Duration::from_millis(10 * 2_u64.pow(exponent))).await;
}
