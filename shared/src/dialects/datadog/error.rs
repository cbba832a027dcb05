//! Errors of the Datadog dialect: JSON:API's `{"errors":[{"status","title","detail"}]}` (CONTRACTS 3.3).
//!
//! No key and no good key are 403, as a missing scope is (DESIGN §5). An error names the parameter at fault in `detail`
//! and in JSON:API's `source.parameter`.

use super::super::Reply;
use super::shape::JSON_API;
use crate::domain::Error;
use serde_json::{Value, json};

/// The answer to a request that failed.
pub fn reply(error: &Error) -> Reply {
    match error {
        Error::Invalid { field, .. } => {
            errors(400, "Bad Request", &error.to_string(), &json!({"source": {"parameter": field}}))
        }
        Error::NotFound(message) => errors(404, "Not Found", message, &Value::Null),
        Error::Conflict(message) => errors(409, "Conflict", message, &Value::Null),
        Error::Stale(message) => errors(412, "Precondition Failed", message, &Value::Null),
        Error::Denied(denial) => errors(403, "Forbidden", denial.message(), &Value::Null),
        Error::Throttled { message, retry_after } => {
            errors(429, "Too Many Requests", message, &Value::Null).with_header("retry-after", retry_after.to_string())
        }
        Error::Internal(_) => errors(500, "Internal Server Error", "internal error", &Value::Null),
    }
}

/// The answer to a path or method that does not exist.
pub fn unknown_route() -> Reply {
    errors(404, "Not Found", "there is nothing at this path", &Value::Null)
}

fn errors(status: u16, title: &str, detail: &str, more: &Value) -> Reply {
    let mut error = json!({"status": status.to_string(), "title": title, "detail": detail});
    if let (Value::Object(error), Value::Object(more)) = (&mut error, more) {
        error.extend(more.clone());
    }
    let body = json!({"errors": [error]});
    Reply { status, headers: vec![("content-type", JSON_API.to_owned())], body: body.to_string().into_bytes() }
}

#[cfg(test)]
mod tests {
    use crate::dialects::{Dialect, Reply};
    use crate::domain::error::Denial;
    use crate::domain::{Error, Rate};
    use serde_json::{Value, json};

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        reply.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// CONTRACTS 3.3, Errors; DESIGN §5: "Datadog 403".
    #[test]
    fn every_error_has_its_status_and_title() {
        let throttled = Error::Throttled { message: "too many requests".to_owned(), retry_after: 7 };
        let cases = [
            (Error::invalid("limit", "is wrong"), 400, "Bad Request", "limit: is wrong"),
            (Error::NotFound("finding not found".to_owned()), 404, "Not Found", "finding not found"),
            (Error::Conflict("not now".to_owned()), 409, "Conflict", "not now"),
            (Error::Denied(Denial::NoKey), 403, "Forbidden", Denial::NoKey.message()),
            (Error::Denied(Denial::Scope), 403, "Forbidden", Denial::Scope.message()),
            (throttled, 429, "Too Many Requests", "too many requests"),
            (Error::internal("row 7"), 500, "Internal Server Error", "internal error"),
        ];
        for (error, status, title, detail) in cases {
            let reply = Dialect::Datadog.error(&error, "request-1");
            let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            let first = body.pointer("/errors/0").cloned().unwrap_or_default();
            assert_eq!(reply.status, status, "{error:?}");
            assert_eq!(first.get("status"), Some(&json!(status.to_string())), "{error:?}");
            assert_eq!(first.get("title"), Some(&json!(title)), "{error:?}");
            assert_eq!(first.get("detail"), Some(&json!(detail)), "{error:?}");
            assert_eq!(header(&reply, "content-type"), Some("application/vnd.api+json"), "{error:?}");
            assert_eq!(header(&reply, "x-request-id"), Some("request-1"), "{error:?}");
        }
        let invalid = Dialect::Datadog.error(&Error::invalid("page[limit]", "is wrong"), "r");
        let body: Value = serde_json::from_slice(&invalid.body).unwrap_or_default();
        assert_eq!(body.pointer("/errors/0/source/parameter"), Some(&json!("page[limit]")));
        assert_eq!(Dialect::Datadog.unknown_route("r").status, 404);
    }

    /// CONTRACTS 3.3, Rate headers.
    #[test]
    fn rates_have_five_headers() {
        let reply = Dialect::Datadog.rated(
            Dialect::Datadog.error(&Error::NotFound(String::new()), "r"),
            &Rate { limit: 100, used: 99, reset: 17 },
        );
        let names = ["limit", "period", "remaining", "reset", "name"].map(|name| format!("x-ratelimit-{name}"));
        let values: Vec<Option<&str>> = names.iter().map(|name| header(&reply, name)).collect();
        assert_eq!(values, ["100", "60", "1", "17", "posture_management_findings"].map(Some));
    }
}
