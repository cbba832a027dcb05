//! What an operation takes and gives, in the words of OpenAPI 3.1, for `/openapi.json`.
//!
//! Each dialect has a file of this name with its operations, made from the constants and vocabularies that its parsers
//! use. What an operation may fail with is the dialect's, and is taken from its own error mapping.

use super::Dialect;
use super::as_of::AS_OF;
use super::export::{FORMAT, Format};
use crate::domain::Error;
use crate::domain::error::Denial;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// What it does, in a few words.
    pub summary: &'static str,
    /// Parameters of path and query.
    pub parameters: Vec<Parameter>,
    /// The schema of a JSON body, and whether there must be one.
    pub body: Option<(Value, bool)>,
    /// The status of a good answer.
    pub status: u16,
    /// Its media type.
    pub media: &'static str,
    /// The schema of its body.
    pub answer: Value,
    /// Media types of the texts that it may answer with instead.
    pub files: Vec<&'static str>,
    /// The schema of an answer with 202, where what is asked for may become a job.
    pub job: Option<Value>,
}

/// A parameter of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it is.
    pub place: Place,
    /// Whether a request must have it.
    pub is_required: bool,
    /// What it means.
    pub text: &'static str,
    /// The schema of its value.
    pub schema: Value,
    /// Of a list: whether the name is repeated for each item; otherwise commas stand between them.
    pub is_repeated: bool,
}

/// Where a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
}

/// A way to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The media type of the answer.
    pub media: String,
    /// The name of its schema among [`Dialect::schemas`].
    pub schema: &'static str,
    /// Why, in a few words.
    pub why: &'static str,
}

impl Description {
    /// An operation without parameters that answers with 200 and JSON.
    pub fn of(summary: &'static str, answer: Value) -> Self {
        let media = "application/json";
        Self { summary, parameters: Vec::new(), body: None, status: 200, media, answer, files: Vec::new(), job: None }
    }

    /// The same with a parameter.
    #[must_use]
    pub fn with(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// The same with a part of the path.
    #[must_use]
    pub fn path(self, name: &'static str, text: &'static str) -> Self {
        self.with(Parameter {
            name,
            place: Place::Path,
            is_required: true,
            text,
            schema: json!({"type": "string", "minLength": 1}),
            is_repeated: false,
        })
    }

    /// The same with a parameter of the query that may be left out.
    #[must_use]
    pub fn query(self, name: &'static str, text: &'static str, schema: Value) -> Self {
        self.with(query(name, text, schema))
    }

    /// The same with `as_of`, for operations that read the ledger.
    #[must_use]
    pub fn as_of(self) -> Self {
        self.query(AS_OF, AS_OF_TEXT, as_of())
    }

    /// The same, which can be had as a file of these formats.
    #[must_use]
    pub fn exported(mut self, formats: &[Format]) -> Self {
        let mut media: Vec<&str> = formats.iter().map(|format| format.media()).collect();
        media.dedup();
        self.files = media;
        let known = Format::WORDS.iter().filter(|(format, _)| formats.contains(format)).map(|(_, word)| *word);
        let text = "All rows as a file, without pages; `Accept` with its media type does the same.";
        self.query(FORMAT, text, words(known.chain(["json"])))
    }

    /// The same with a header that may be left out.
    #[must_use]
    pub fn header(self, name: &'static str, text: &'static str) -> Self {
        self.with(header(name, text))
    }

    /// The same with a JSON body that must be there.
    #[must_use]
    pub fn body(mut self, schema: Value) -> Self {
        self.body = Some((schema, true));
        self
    }

    /// The same where what is asked for may become a job, which is shown by this schema.
    #[must_use]
    pub fn or_job(mut self, schema: Value) -> Self {
        self.job = Some(schema);
        self
    }

    /// The same with a JSON body that may be left out.
    #[must_use]
    pub fn optional_body(mut self, schema: Value) -> Self {
        self.body = Some((schema, false));
        self
    }
}

/// A parameter of a query that may be left out.
pub fn query(name: &'static str, text: &'static str, schema: Value) -> Parameter {
    Parameter { name, place: Place::Query, is_required: false, text, schema, is_repeated: false }
}

/// A header that may be left out.
pub fn header(name: &'static str, text: &'static str) -> Parameter {
    let schema = json!({"type": "string", "minLength": 1});
    Parameter { name, place: Place::Header, is_required: false, text, schema, is_repeated: false }
}

/// What `as_of` means.
pub const AS_OF_TEXT: &str = "The state to answer from: an instant, or the as_of of an earlier answer. Now, if absent.";

/// A state of the ledger.
pub fn as_of() -> Value {
    let pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2})?)?(~[0-9]+)?$";
    json!({"type": "string", "pattern": pattern, "examples": ["2024-01-04T15:25:10Z"]})
}

/// A text.
pub fn text() -> Value {
    json!({"type": "string"})
}

/// A text, or null.
pub fn text_or_null() -> Value {
    json!({"type": ["string", "null"]})
}

/// A text that is not blank, of so many characters at most.
pub fn bounded(most: usize) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most, "pattern": "\\S"})
}

/// The same, or null.
pub fn bounded_or_null(most: usize) -> Value {
    json!({"type": ["string", "null"], "minLength": 1, "maxLength": most, "pattern": "\\S"})
}

/// How many findings of a decision came to which end.
pub fn outcome_counts() -> Value {
    let words = std::iter::once("total").chain(super::decision::OUTCOMES);
    let counts: serde_json::Map<String, Value> = words.map(|word| (word.to_owned(), count())).collect();
    json!({"type": "object", "required": counts.keys().collect::<Vec<_>>(), "properties": counts})
}

/// A date, or null.
pub fn date_or_null() -> Value {
    json!({"type": ["string", "null"], "format": "date", "examples": ["2031-01-31"]})
}

/// An instant.
pub fn instant() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// A UUID.
pub fn uuid() -> Value {
    json!({"type": "string", "format": "uuid"})
}

/// True or false.
pub fn boolean() -> Value {
    json!({"type": "boolean"})
}

/// A whole number that is not negative.
pub fn count() -> Value {
    json!({"type": "integer", "minimum": 0})
}

/// A whole number between two bounds, and what it is if it is absent.
pub fn number(least: impl Into<i64>, most: impl Into<i64>, default: impl Into<i64>) -> Value {
    json!({"type": "integer", "minimum": least.into(), "maximum": most.into(), "default": default.into()})
}

/// One of these words.
pub fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({"type": "string", "enum": words.into_iter().collect::<Vec<_>>()})
}

/// One of these words, or null.
pub fn words_or_null<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    let words: Vec<Value> = words.into_iter().map(Value::from).chain([Value::Null]).collect();
    json!({"type": ["string", "null"], "enum": words})
}

/// A list.
pub fn list(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}

/// An object with these members, all of which are there, and perhaps others.
pub fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let required = json!(required);
    json!({"type": "object", "required": required, "properties": json_of(members)})
}

/// The same object with members that may be absent.
#[must_use]
pub fn and_perhaps<const N: usize>(mut object: Value, members: [(&str, Value); N]) -> Value {
    if let (Some(Value::Object(all)), Value::Object(more)) = (object.get_mut("properties"), json_of(members)) {
        all.extend(more);
    }
    object
}

/// The same object, of which no other member is taken.
#[must_use]
pub fn closed(mut object: Value) -> Value {
    if let Value::Object(schema) = &mut object {
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    object
}

fn json_of<const N: usize>(members: [(&str, Value); N]) -> Value {
    members.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// A schema among [`Dialect::schemas`].
pub fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

impl Dialect {
    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::SecurityHub => "AWS Security Hub",
            Self::Bitdefender => "Bitdefender",
            Self::Datadog => "Datadog",
            Self::Infracast => "Infracast",
            Self::Native => "Posture Ledger",
        }
    }

    /// What it is.
    pub fn about(self) -> &'static str {
        match self {
            Self::SecurityHub => "The operations of AWS Security Hub, API version 2018-10-26, for stock AWS clients.",
            Self::Bitdefender => "Bitdefender GravityZone's cloud security API, paths with and without `/v1`.",
            Self::Datadog => "Datadog's posture management: the documented beta, and what its official client reads.",
            Self::Infracast => "Infracast's findings API.",
            Self::Native => "Our own routes: keys, accounts, jobs, snapshots, resources, rules, and this description.",
        }
    }

    /// The schemas that its operations and errors refer to.
    pub fn schemas(self) -> Vec<(&'static str, Value)> {
        match self {
            Self::SecurityHub => super::securityhub::openapi::schemas(),
            Self::Bitdefender => super::bitdefender::openapi::schemas(),
            Self::Datadog => super::datadog::openapi::schemas(),
            Self::Infracast => super::infracast::openapi::schemas(),
            Self::Native => super::native::openapi::schemas(),
        }
    }

    /// What its operations may fail with, by status, as its error mapping has it. Operations that write come into
    /// conflict, and those that take an id that may be ambiguous.
    pub fn failures(self, writes: bool) -> BTreeMap<u16, Failure> {
        let throttled = Error::Throttled { message: String::new(), retry_after: 1 };
        let mut causes = vec![
            (Error::invalid("", ""), "Something in the request is wrong; the message names it"),
            (Error::NotFound(String::new()), "There is no such thing"),
            (Error::Denied(Denial::NoKey), "There is no key, or no good one"),
            (Error::Denied(Denial::Scope), "The key is not good for this"),
            (throttled, "Too many requests; `Retry-After` says how many seconds to wait"),
            (Error::internal(""), "Our fault"),
        ];
        if writes || self == Self::Infracast || self == Self::Native {
            causes.push((Error::Conflict(String::new()), "What is asked for does not fit to how things stand"));
        }
        if writes && (self == Self::Infracast || self == Self::Native) {
            causes.push((Error::Stale(String::new()), "The finding has changed since it was read"));
        }
        let mut failures = BTreeMap::new();
        for (error, why) in causes {
            let reply = self.error(&error, "");
            let media = reply.headers.into_iter().find(|(name, _)| *name == "content-type").map(|(_, media)| media);
            let (media, schema) = (media.unwrap_or_default(), self.error_schema(reply.status));
            failures.entry(reply.status).or_insert(Failure { media, schema, why });
        }
        failures
    }

    fn error_schema(self, status: u16) -> &'static str {
        match (self, status) {
            (Self::SecurityHub, _) => "SecurityHubError",
            (Self::Bitdefender, 403) => "BitdefenderForbidden",
            (Self::Bitdefender, _) => "BitdefenderErrors",
            (Self::Datadog, _) => "DatadogErrors",
            (Self::Infracast, _) => "InfracastError",
            (Self::Native, _) => "Error",
        }
    }
}

/// Errors as JSON:API has them.
pub(super) fn errors() -> Value {
    let error = object([("status", text()), ("title", text()), ("detail", text())]);
    let source = object([("parameter", text())]);
    object([("errors", list(&and_perhaps(error, [("source", source)])))])
}

#[cfg(test)]
mod tests {
    use super::{Dialect, Value};
    use std::collections::BTreeSet;

    /// DESIGN §5: what each dialect answers to no key, and to one without the scope.
    #[test]
    fn failures_are_those_of_the_error_mapping() {
        for (dialect, writes, statuses) in [
            (Dialect::SecurityHub, true, &[400, 401, 404, 409, 429, 500][..]),
            (Dialect::SecurityHub, false, &[400, 401, 404, 429, 500]),
            (Dialect::Bitdefender, false, &[400, 403, 404, 429, 500]),
            (Dialect::Datadog, false, &[400, 403, 404, 429, 500]),
            (Dialect::Infracast, false, &[400, 401, 403, 404, 409, 429, 500]),
            (Dialect::Native, true, &[400, 401, 403, 404, 409, 412, 429, 500]),
        ] {
            let failures = dialect.failures(writes);
            assert_eq!(failures.keys().copied().collect::<Vec<u16>>(), statuses, "{dialect:?}");
            let schemas: BTreeSet<&str> = dialect.schemas().into_iter().map(|(name, _)| name).collect();
            for (status, failure) in failures {
                assert!(failure.media.ends_with("json"), "{dialect:?} {status}");
                assert!(schemas.contains(failure.schema), "{dialect:?} {status}: {}", failure.schema);
            }
        }
    }

    #[test]
    fn names_of_schemas_are_unique() {
        let all: Vec<(&str, Value)> = Dialect::ALL.into_iter().flat_map(Dialect::schemas).collect();
        let names: BTreeSet<&str> = all.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), all.len());
    }
}
