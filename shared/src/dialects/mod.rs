//! The dialects: wire shapes in and out, each with its own errors.
//!
//! Placeholder of the surface that the host is built against.

use crate::domain::Error;

/// A family of clients that expects one kind of request, answer and error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// AWS Security Hub.
    SecurityHub,
    /// Infracast, and the routes of our own beside it.
    Infracast,
}

/// An answer on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers beside `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Dialect {
    /// The dialect that a path belongs to, for answers to paths that are no route.
    pub fn of_path(path: &str) -> Self {
        if path.starts_with("/api/v1/") { Self::Infracast } else { Self::SecurityHub }
    }

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
        reply(status, code, &message, request_id)
    }

    /// The answer to a path or method that is no route.
    pub fn unknown_operation(self, request_id: &str) -> Reply {
        reply(404, "UnknownOperationException", "there is no such operation", request_id)
    }
}

fn reply(status: u16, code: &str, message: &str, request_id: &str) -> Reply {
    let body = serde_json::json!({"Code": code, "Message": message}).to_string().into_bytes();
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("x-amzn-ErrorType", code.to_owned()),
        ("x-amzn-RequestId", request_id.to_owned()),
    ];
    Reply { status, headers, body }
}
