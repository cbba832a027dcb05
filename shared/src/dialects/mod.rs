//! The API dialects: wire shapes in, domain types out, and back.
//!
//! One folder per dialect, with one file per operation (`parse` from bytes or parameters, `render` to a [`Reply`]),
//! `error.rs` for its error mapping, `limits.rs` for its numbers and `filters/` for its clauses. Nothing here asks
//! the time, a store or the network, so every `parse` can be called on arbitrary bytes.
//!
//! A dialect joins [`Dialect`] when its error mapping exists; until then it cannot be named.

pub mod as_of;
pub mod bitdefender;
pub mod datadog;
pub mod decision;
pub mod etag;
pub mod export;
pub mod infracast;
pub mod members;
pub mod native;
pub mod ocsf;
pub mod openapi;
pub mod securityhub;

use crate::domain::rate::PERIOD;
use crate::domain::{Error, Rate};
use serde::Serialize;
use serde_json::Value;

/// An answer on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON answer of content type `application/json`.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::json_text(status, body.to_string())
    }

    /// The same, of what has a shape of its own: a tree of values between it and the text would take longer than the text.
    /// [`Error::Internal`] when JSON cannot say it.
    pub fn written(status: u16, body: &impl Serialize) -> Result<Self, Error> {
        serde_json::to_string(body).map(|text| Self::json_text(status, text)).map_err(Error::internal)
    }

    /// The same, of a text of JSON as it is.
    pub fn json_text(status: u16, text: String) -> Self {
        Self { status, headers: vec![("content-type", "application/json".to_owned())], body: text.into_bytes() }
    }

    /// The same answer with one more header; `name` is in lower case.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Reply {
    /// The same answer with one more member in its JSON object.
    #[must_use]
    pub fn and(mut self, name: &str, value: Value) -> Self {
        if let Ok(Value::Object(mut body)) = serde_json::from_slice(&self.body) {
            body.insert(name.to_owned(), value);
            self.body = Value::Object(body).to_string().into_bytes();
        }
        self
    }
}

/// Whose wire shapes a route speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// AWS Security Hub, API version 2018-10-26.
    SecurityHub,
    /// Bitdefender GravityZone's cloud security API.
    Bitdefender,
    /// Datadog's posture management, in two shapes.
    Datadog,
    /// Infracast's findings API.
    Infracast,
    /// Our own routes, such as `/api/v1/tenants/{tenantID}/snapshots`; their error envelope is Infracast's.
    Native,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 5] = [Self::SecurityHub, Self::Bitdefender, Self::Datadog, Self::Infracast, Self::Native];

    /// The answer to a request that failed. Says everything that the client can act on and nothing of
    /// [`Error::Internal`].
    pub fn error(self, error: &Error, request_id: &str) -> Reply {
        let reply = match self {
            Self::SecurityHub => securityhub::error::reply(error),
            Self::Bitdefender => bitdefender::error::reply(error),
            Self::Datadog => datadog::error::reply(error),
            Self::Infracast => infracast::error::reply(error),
            Self::Native => native::error::reply(error),
        };
        self.stamp(reply, request_id)
    }

    /// Adds the headers in which clients look for how much of their rate they have used (CONTRACTS 3.3); for answers
    /// of any status.
    #[must_use]
    pub fn rated(self, reply: Reply, rate: &Rate) -> Reply {
        let reply = reply
            .with_header("x-ratelimit-limit", rate.limit.to_string())
            .with_header("x-ratelimit-period", PERIOD.to_string())
            .with_header("x-ratelimit-remaining", rate.remaining().to_string())
            .with_header("x-ratelimit-reset", rate.reset.to_string());
        match self {
            Self::Datadog => reply.with_header("x-ratelimit-name", datadog::limits::RATE_NAME),
            Self::SecurityHub | Self::Bitdefender | Self::Infracast | Self::Native => reply,
        }
    }

    /// The answer to a path or method that this dialect does not serve.
    pub fn unknown_route(self, request_id: &str) -> Reply {
        let reply = match self {
            Self::SecurityHub => securityhub::error::unknown_operation(),
            Self::Bitdefender => bitdefender::error::unknown_route(),
            Self::Datadog => datadog::error::unknown_route(),
            Self::Infracast => infracast::error::unknown_route(),
            Self::Native => native::error::unknown_route(),
        };
        self.stamp(reply, request_id)
    }

    /// Adds the header in which this dialect's clients look for a request's id; for answers of any status.
    #[must_use]
    pub fn stamp(self, reply: Reply, request_id: &str) -> Reply {
        let name = match self {
            Self::SecurityHub => "x-amzn-requestid",
            Self::Bitdefender | Self::Datadog | Self::Infracast | Self::Native => "x-request-id",
        };
        reply.with_header(name, request_id)
    }
}
