//! The dialects: wire shapes in and out, each with its own errors.
//!
//! Placeholder of the surface that the host is built against.

use crate::domain::Error;
use serde_json::{Value, json};

/// A family of clients that expects one kind of request, answer and error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// AWS Security Hub.
    SecurityHub,
    /// Routes of our own.
    Native,
}

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
    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Dialect {
    /// An error in this dialect's shape.
    pub fn error(self, error: &Error, request_id: &str) -> Reply {
        let (status, code) = match error {
            Error::Invalid { .. } => (400, "InvalidInputException"),
            Error::NotFound(_) => (404, "ResourceNotFoundException"),
            Error::Conflict(_) => (409, "ResourceConflictException"),
            Error::Denied(_) => (401, "InvalidAccessException"),
            Error::Throttled { .. } => (429, "LimitExceededException"),
            Error::Internal(_) => (500, "InternalException"),
        };
        let message = if status == 500 { "internal error".to_owned() } else { error.to_string() };
        self.stamp(Reply::json(status, &json!({"Code": code, "Message": message})), request_id)
    }

    /// The answer to a path or method that this dialect does not serve.
    pub fn unknown_route(self, request_id: &str) -> Reply {
        self.stamp(Reply::json(404, &json!({"Code": "UnknownOperationException"})), request_id)
    }

    /// Adds the header in which clients look for a request's id.
    #[must_use]
    pub fn stamp(self, reply: Reply, request_id: &str) -> Reply {
        reply.with_header("x-amzn-requestid", request_id)
    }
}
