//! Errors of our own routes: `{"error":{"code","message","details":null}}` (CONTRACTS 5, errors).
//!
//! The vendor's list has no code for a conflict; `CONFLICT` with status 409 is ours, and so is
//! `PRECONDITION_FAILED` with 412.

use super::super::Reply;
use crate::domain::Error;
use crate::domain::error::Denial;
use serde_json::json;

/// The answer to a request that failed.
pub fn reply(error: &Error) -> Reply {
    match error {
        Error::Invalid { .. } => envelope(400, "BAD_REQUEST", &error.to_string()),
        Error::NotFound(message) => envelope(404, "NOT_FOUND", message),
        Error::Conflict(message) => envelope(409, "CONFLICT", message),
        Error::Stale(message) => envelope(412, "PRECONDITION_FAILED", message),
        Error::Denied(denial) => match denial {
            Denial::NoKey | Denial::BadKey | Denial::Skew => envelope(401, "UNAUTHORIZED", denial.message()),
            Denial::Scope | Denial::Account => envelope(403, "FORBIDDEN", denial.message()),
        },
        Error::Throttled { message, retry_after } => {
            envelope(429, "RATE_LIMITED", message).with_header("retry-after", retry_after.to_string())
        }
        Error::Internal(_) => envelope(500, "INTERNAL_ERROR", "internal error"),
    }
}

/// The answer to a path or method that does not exist.
pub fn unknown_route() -> Reply {
    envelope(404, "NOT_FOUND", "there is no such route")
}

fn envelope(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"error": {"code": code, "message": message, "details": null}}))
}

#[cfg(test)]
mod tests {
    use crate::dialects::Dialect;
    use crate::domain::Error;
    use crate::domain::error::Denial;
    use serde_json::{Value, json};

    /// CONTRACTS 5, errors; DESIGN 5: no or bad key 401, missing scope 403.
    #[test]
    fn every_error_has_its_status_and_code() {
        let throttled = Error::Throttled { message: "too many requests".to_owned(), retry_after: 7 };
        let cases = [
            (Error::invalid("body", "is wrong"), 400, "BAD_REQUEST", "body: is wrong"),
            (Error::NotFound("no such tenant".to_owned()), 404, "NOT_FOUND", "no such tenant"),
            (Error::Conflict("not now".to_owned()), 409, "CONFLICT", "not now"),
            (Error::Stale("not as it was".to_owned()), 412, "PRECONDITION_FAILED", "not as it was"),
            (Error::Denied(Denial::NoKey), 401, "UNAUTHORIZED", Denial::NoKey.message()),
            (Error::Denied(Denial::BadKey), 401, "UNAUTHORIZED", Denial::BadKey.message()),
            (Error::Denied(Denial::Skew), 401, "UNAUTHORIZED", Denial::Skew.message()),
            (Error::Denied(Denial::Scope), 403, "FORBIDDEN", Denial::Scope.message()),
            (Error::Denied(Denial::Account), 403, "FORBIDDEN", Denial::Account.message()),
            (throttled, 429, "RATE_LIMITED", "too many requests"),
            (Error::internal("row 7"), 500, "INTERNAL_ERROR", "internal error"),
        ];
        for (error, status, code, message) in cases {
            let reply = Dialect::Native.error(&error, "r");
            assert_eq!(reply.status, status, "{error:?}");
            let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            assert_eq!(body, json!({"error": {"code": code, "message": message, "details": null}}));
        }
        assert_eq!(Dialect::Native.unknown_route("r").status, 404);
    }
}
