//! Errors of the Security Hub dialect: the type in the header `x-amzn-ErrorType`, `Code` and `Message` in the body
//! (CONTRACTS 1.5).
//!
//! The operations served model four errors. A missing thing and a conflict, which they do not raise in the usual
//! course, take the two types that the service models for its other operations, so that stock clients still raise a
//! typed exception.

use super::super::Reply;
use crate::domain::Error;
use serde_json::json;

/// The answer to a request that failed.
pub fn reply(error: &Error) -> Reply {
    match error {
        Error::Invalid { .. } => typed(400, "InvalidInputException", &error.to_string()),
        Error::NotFound(message) => typed(404, "ResourceNotFoundException", message),
        Error::Conflict(message) => typed(409, "ResourceConflictException", message),
        Error::Stale(message) => typed(412, "ResourceConflictException", message),
        Error::Denied(denial) => typed(401, "InvalidAccessException", denial.message()),
        Error::Throttled { message, retry_after } => {
            typed(429, "LimitExceededException", message).with_header("retry-after", retry_after.to_string())
        }
        Error::Internal(_) => typed(500, "InternalException", "Internal service failure"),
    }
}

/// The answer to an operation that is not served.
pub fn unknown_operation() -> Reply {
    typed(404, "UnknownOperationException", "this operation is not served here")
}

fn typed(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"Code": code, "Message": message})).with_header("x-amzn-errortype", code)
}

#[cfg(test)]
mod tests {
    use crate::dialects::{Dialect, Reply};
    use crate::domain::Error;
    use crate::domain::error::Denial;
    use serde_json::{Value, json};

    fn throttled() -> Error {
        Error::Throttled { message: "too many requests".to_owned(), retry_after: 7 }
    }

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        reply.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// CONTRACTS 1.5.
    #[test]
    fn every_error_has_its_status_type_and_body() {
        let denied = |denial| (Error::Denied(denial), 401, "InvalidAccessException");
        let cases = [
            (Error::invalid("MaxResults", "must be less"), 400, "InvalidInputException"),
            (Error::NotFound("no such thing".to_owned()), 404, "ResourceNotFoundException"),
            (Error::Conflict("not now".to_owned()), 409, "ResourceConflictException"),
            denied(Denial::NoKey),
            denied(Denial::BadKey),
            denied(Denial::Skew),
            denied(Denial::Scope),
            denied(Denial::Account),
            (throttled(), 429, "LimitExceededException"),
            (Error::internal("table posture, row 7"), 500, "InternalException"),
        ];
        for (error, status, code) in cases {
            let reply = Dialect::SecurityHub.error(&error, "request-1");
            assert_eq!(reply.status, status, "{error:?}");
            assert_eq!(header(&reply, "x-amzn-errortype"), Some(code));
            assert_eq!(header(&reply, "x-amzn-requestid"), Some("request-1"));
            assert_eq!(header(&reply, "content-type"), Some("application/json"));
            let message =
                if code == "InternalException" { "Internal service failure".to_owned() } else { error.to_string() };
            let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            assert_eq!(body, json!({"Code": code, "Message": message}));
        }
    }

    #[test]
    fn an_invalid_member_is_named_in_the_message() {
        let reply = Dialect::SecurityHub.error(&Error::invalid("Filters.Id", "is wrong"), "r");
        assert!(String::from_utf8_lossy(&reply.body).contains("Filters.Id: is wrong"));
    }

    #[test]
    fn throttling_says_when_to_come_back() {
        for dialect in Dialect::ALL {
            assert_eq!(header(&dialect.error(&throttled(), "r"), "retry-after"), Some("7"), "{dialect:?}");
        }
    }

    #[test]
    fn internal_texts_stay_inside_in_every_dialect() {
        for dialect in Dialect::ALL {
            let reply = dialect.error(&Error::internal("secret-detail"), "r");
            assert_eq!(reply.status, 500);
            assert!(!String::from_utf8_lossy(&reply.body).contains("secret-detail"), "{dialect:?}");
        }
    }

    #[test]
    fn an_unknown_operation_is_a_404() {
        let reply = Dialect::SecurityHub.unknown_route("r");
        assert_eq!((reply.status, header(&reply, "x-amzn-errortype")), (404, Some("UnknownOperationException")));
    }

    #[test]
    fn header_names_are_in_lower_case() {
        for dialect in Dialect::ALL {
            for (name, _) in dialect.error(&throttled(), "r").headers {
                assert_eq!(name, name.to_ascii_lowercase());
            }
        }
    }
}
