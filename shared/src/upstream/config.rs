//! AWS Config: which resources it knows, what they are, and what it records.

use super::refusal::Refusal;
use super::request::Aws;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Keys of one batch read (a limit of AWS Config).
pub const MAX_KEYS: usize = 100;
/// Types of one query, whose text may have 4,096 characters.
const KINDS: usize = 50;
/// Rows of a page.
const ROWS: u32 = 100;
/// Rounds of asking again for keys that a batch read left unprocessed.
const ROUNDS: u32 = 6;
/// The pause before the second round; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);
/// Pages after which a list that does not end is given up.
const PAGES: usize = 100_000;
/// What goes before every operation's name.
const TARGET: &str = "StarlingDoveService";

/// What AWS Config calls a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceKey {
    /// The account; empty outside of an aggregator, where it is the caller's.
    pub account: String,
    /// The region; empty outside of an aggregator, where it is the one that was asked.
    pub region: String,
    /// The type.
    pub kind: String,
    /// Its `resourceId`.
    pub id: String,
    /// Its name, if it has one.
    pub name: Option<String>,
}

/// What came of a batch read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Items in AWS Config's own shape.
    pub items: Vec<Value>,
    /// Keys that stayed unprocessed.
    pub left: Vec<ResourceKey>,
}

/// What AWS Config records in a region.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorders {
    /// Each recorder with its `status`.
    pub all: Vec<Value>,
}

/// An account and region that an aggregator collects from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The account; `None` stands for every account of an organization.
    pub account: Option<String>,
    /// The region.
    pub region: String,
    /// Why the last collection failed, if it did.
    pub failure: Option<String>,
}

impl Recorders {
    /// Whether any of them keeps items of a type up to date.
    pub fn record(&self, kind: &str) -> bool {
        self.all.iter().any(|recorder| {
            let group = recorder.get("recordingGroup").unwrap_or(&Value::Null);
            let flag = |name: &str| group.get(name).and_then(Value::as_bool).unwrap_or(false);
            let lists = |pointer: &str| {
                let types = group.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                types.iter().any(|listed| listed.as_str() == Some(kind))
            };
            let runs = recorder.pointer("/status/recording").and_then(Value::as_bool).unwrap_or(false);
            let strategy = group.pointer("/recordingStrategy/useOnly").and_then(Value::as_str).unwrap_or_default();
            let records = match strategy {
                "EXCLUSION_BY_RESOURCE_TYPES" => !lists("/exclusionByResourceTypes/resourceTypes"),
                // The four types of IAM are the ones that are asked for apart.
                _ if flag("allSupported") => !is_global(kind) || flag("includeGlobalResourceTypes"),
                _ => lists("/resourceTypes"),
            };
            runs && records
        })
    }
}

/// Whether resources of a type are in no region for AWS Config, and are known in each that records them.
pub fn is_global(kind: &str) -> bool {
    ["AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy"].contains(&kind)
}

impl Aws {
    async fn config(&self, region: &str, operation: &str, input: &Value) -> Result<Value, Refusal> {
        self.json("config", &format!("{TARGET}.{operation}"), region, input).await
    }

    /// The recorders of a region, with their status.
    pub async fn recorders(&self, region: &str) -> Result<Recorders, Refusal> {
        let recorders = self.config(region, "DescribeConfigurationRecorders", &json!({})).await?;
        let states = self.config(region, "DescribeConfigurationRecorderStatus", &json!({})).await?;
        let states: BTreeMap<String, Value> = list(&states, "ConfigurationRecordersStatus")
            .filter_map(|state| Some((text(state, "name")?, state.clone())))
            .collect();
        let with_status = |recorder: &Value| {
            let mut recorder = recorder.clone();
            let name = text(&recorder, "name").unwrap_or_default();
            if let (Some(members), Some(state)) = (recorder.as_object_mut(), states.get(&name)) {
                members.insert("status".to_owned(), state.clone());
            }
            recorder
        };
        Ok(Recorders { all: list(&recorders, "ConfigurationRecorders").map(with_status).collect() })
    }

    /// The resources of some types: those of a region, or all that an aggregator collects. By a query.
    pub async fn select(
        &self,
        region: &str,
        aggregator: Option<&str>,
        kinds: &BTreeSet<String>,
    ) -> Result<Vec<ResourceKey>, Refusal> {
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        let mut keys = Vec::new();
        for some in kinds.chunks(KINDS) {
            keys.extend(self.select_some(region, aggregator, some).await?);
        }
        Ok(keys)
    }

    async fn select_some(
        &self,
        region: &str,
        aggregator: Option<&str>,
        kinds: &[&str],
    ) -> Result<Vec<ResourceKey>, Refusal> {
        let quoted = kinds.iter().map(|kind| format!("'{kind}'")).collect::<Vec<_>>().join(", ");
        let expression = format!(
            "SELECT accountId, awsRegion, resourceType, resourceId, resourceName WHERE resourceType IN ({quoted})"
        );
        let (operation, mut input) = match aggregator {
            None => ("SelectResourceConfig", json!({"Expression": expression, "Limit": ROWS})),
            Some(name) => (
                "SelectAggregateResourceConfig",
                json!({"Expression": expression, "ConfigurationAggregatorName": name, "Limit": ROWS}),
            ),
        };
        let mut keys = Vec::new();
        for _ in 0..PAGES {
            let page = self.config(region, operation, &input).await?;
            for row in list(&page, "Results") {
                let row = row.as_str().and_then(|row| serde_json::from_str::<Value>(row).ok());
                keys.push(row.as_ref().and_then(key_of_row).ok_or_else(|| Refusal::unreadable(operation))?);
            }
            if !follow(&page, "NextToken", &mut input) {
                return Ok(keys);
            }
        }
        Err(Refusal::unreadable(operation))
    }

    /// The resources of a type in a region, one list after the other.
    pub async fn discovered(&self, region: &str, kind: &str) -> Result<Vec<ResourceKey>, Refusal> {
        let operation = "ListDiscoveredResources";
        let mut input = json!({"resourceType": kind, "limit": ROWS});
        let mut keys = Vec::new();
        for _ in 0..PAGES {
            let page = self.config(region, operation, &input).await?;
            for row in list(&page, "resourceIdentifiers") {
                keys.push(key_of_row(row).ok_or_else(|| Refusal::unreadable(operation))?);
            }
            if !follow(&page, "nextToken", &mut input) {
                return Ok(keys);
            }
        }
        Err(Refusal::unreadable(operation))
    }

    /// Whole items of at most [`MAX_KEYS`] resources. What AWS Config leaves unprocessed is asked for again.
    pub async fn items(&self, region: &str, aggregator: Option<&str>, keys: &[ResourceKey]) -> Result<Batch, Refusal> {
        let operation = match aggregator {
            None => "BatchGetResourceConfig",
            Some(_) => "BatchGetAggregateResourceConfig",
        };
        let (mut batch, mut pause) = (Batch { items: Vec::new(), left: keys.to_vec() }, PAUSE);
        for round in 0..ROUNDS {
            if batch.left.is_empty() {
                break;
            }
            if round > 0 {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2);
            }
            let asked: Vec<Value> = batch.left.iter().map(|key| key.to_value(aggregator.is_some())).collect();
            let (input, items, left) = match aggregator {
                None => (json!({"resourceKeys": asked}), "baseConfigurationItems", "unprocessedResourceKeys"),
                Some(name) => (
                    json!({"ConfigurationAggregatorName": name, "ResourceIdentifiers": asked}),
                    "BaseConfigurationItems",
                    "UnprocessedResourceIdentifiers",
                ),
            };
            let answer = self.config(region, operation, &input).await?;
            batch.items.extend(list(&answer, items).cloned());
            let left =
                list(&answer, left).map(|key| key_of_identifier(key).ok_or_else(|| Refusal::unreadable(operation)));
            batch.left = left.collect::<Result<_, _>>()?;
        }
        Ok(batch)
    }

    /// Where an aggregator collects from, and whether that worked.
    pub async fn sources(&self, region: &str, aggregator: &str) -> Result<Vec<Source>, Refusal> {
        let operation = "DescribeConfigurationAggregatorSourcesStatus";
        let mut input = json!({"ConfigurationAggregatorName": aggregator, "Limit": ROWS});
        let mut sources = Vec::new();
        for _ in 0..PAGES {
            let page = self.config(region, operation, &input).await?;
            sources.extend(list(&page, "AggregatedSourceStatusList").filter_map(source));
            if !follow(&page, "NextToken", &mut input) {
                return Ok(sources);
            }
        }
        Err(Refusal::unreadable(operation))
    }
}

impl ResourceKey {
    fn to_value(&self, aggregate: bool) -> Value {
        let Self { account, region, kind, id, name } = self;
        if !aggregate {
            return json!({"resourceType": kind, "resourceId": id});
        }
        let mut key =
            json!({"SourceAccountId": account, "SourceRegion": region, "ResourceType": kind, "ResourceId": id});
        if let (Some(name), Some(members)) = (name, key.as_object_mut()) {
            members.insert("ResourceName".to_owned(), Value::from(name.as_str()));
        }
        key
    }
}

fn list<'a>(answer: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    answer.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default().iter()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A row of a query, or an identifier of a list.
fn key_of_row(row: &Value) -> Option<ResourceKey> {
    Some(ResourceKey {
        account: text(row, "accountId").unwrap_or_default(),
        region: text(row, "awsRegion").unwrap_or_default(),
        kind: text(row, "resourceType")?,
        id: text(row, "resourceId")?,
        name: text(row, "resourceName"),
    })
}

/// A key that a batch read gives back.
fn key_of_identifier(key: &Value) -> Option<ResourceKey> {
    Some(ResourceKey {
        account: text(key, "SourceAccountId").unwrap_or_default(),
        region: text(key, "SourceRegion").unwrap_or_default(),
        kind: text(key, "ResourceType").or_else(|| text(key, "resourceType"))?,
        id: text(key, "ResourceId").or_else(|| text(key, "resourceId"))?,
        name: text(key, "ResourceName"),
    })
}

fn source(status: &Value) -> Option<Source> {
    let failed = text(status, "LastUpdateStatus").is_some_and(|status| status != "SUCCEEDED");
    let why = || {
        let words = ["LastErrorCode", "LastErrorMessage"].iter().filter_map(|name| text(status, name));
        let words = words.collect::<Vec<_>>().join(": ");
        if words.is_empty() { "the aggregator's copy is not up to date".to_owned() } else { words }
    };
    Some(Source {
        account: text(status, "SourceId").filter(|_| text(status, "SourceType").as_deref() == Some("ACCOUNT")),
        region: text(status, "AwsRegion")?,
        failure: failed.then(why),
    })
}

/// Puts the token of the next page into the input; `false` when there is none.
fn follow(page: &Value, name: &str, input: &mut Value) -> bool {
    match (text(page, name), input.as_object_mut()) {
        (Some(token), Some(members)) => {
            members.insert(name.to_owned(), Value::from(token));
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Recorders;
    use serde_json::json;

    #[test]
    fn what_is_recorded_follows_the_recorder() {
        let records = |group: serde_json::Value, running: bool, kind: &str| {
            Recorders { all: vec![json!({"recordingGroup": group, "status": {"recording": running}})] }.record(kind)
        };
        let all = json!({"allSupported": true, "includeGlobalResourceTypes": false});
        let with_global = json!({"allSupported": true, "includeGlobalResourceTypes": true});
        let some = json!({"allSupported": false, "resourceTypes": ["AWS::IAM::User"]});
        let but = json!({"allSupported": false, "exclusionByResourceTypes": {"resourceTypes": ["AWS::IAM::User"]},
            "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}});
        for (group, running, kind, expected) in [
            (&all, true, "AWS::S3::Bucket", true),
            (&all, false, "AWS::S3::Bucket", false),
            (&all, true, "AWS::IAM::User", false),
            (&all, true, "AWS::IAM::ServerCertificate", true),
            (&with_global, true, "AWS::IAM::User", true),
            (&some, true, "AWS::IAM::User", true),
            (&some, true, "AWS::S3::Bucket", false),
            (&but, true, "AWS::IAM::User", false),
            (&but, true, "AWS::S3::Bucket", true),
        ] {
            assert_eq!(records(group.clone(), running, kind), expected, "{group} {kind}");
        }
        assert!(!Recorders::default().record("AWS::S3::Bucket"));
    }
}
