//! Errors of Infracast's routes: `{"error":{"code","message","details":null}}` (CONTRACTS §5, errors).
//!
//! Our own routes have borrowed this envelope, so that both are one; `CONFLICT` with status 409 is ours.

use super::super::{Reply, native};
use crate::domain::Error;

/// The answer to a request that failed.
pub fn reply(error: &Error) -> Reply {
    native::error::reply(error)
}

/// The answer to a path or method that does not exist.
pub fn unknown_route() -> Reply {
    native::error::unknown_route()
}

#[cfg(test)]
mod tests {
    use crate::dialects::Dialect;
    use crate::domain::Error;
    use crate::domain::error::Denial;
    use serde_json::{Value, json};

    /// CONTRACTS §5, errors: the codes; DESIGN §5: 401, missing scope 403, other tenant 404.
    #[test]
    fn every_error_has_its_status_and_code() {
        let throttled = Error::Throttled { message: "too many requests".to_owned(), retry_after: 7 };
        let cases = [
            (Error::invalid("per_page", "is wrong"), 400, "BAD_REQUEST"),
            (Error::NotFound("there is no such finding".to_owned()), 404, "NOT_FOUND"),
            (Error::Conflict("not now".to_owned()), 409, "CONFLICT"),
            (Error::Denied(Denial::NoKey), 401, "UNAUTHORIZED"),
            (Error::Denied(Denial::Scope), 403, "FORBIDDEN"),
            (throttled, 429, "RATE_LIMITED"),
            (Error::internal("row 7"), 500, "INTERNAL_ERROR"),
        ];
        for (error, status, code) in cases {
            let reply = Dialect::Infracast.error(&error, "r");
            let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            assert_eq!((reply.status, body.pointer("/error/code")), (status, Some(&json!(code))), "{error:?}");
            assert_eq!(body.pointer("/error/details"), Some(&Value::Null), "{error:?}");
        }
        assert_eq!(Dialect::Infracast.unknown_route("r").status, 404);
    }
}
