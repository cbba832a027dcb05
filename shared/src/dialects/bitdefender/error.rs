//! Errors of this API: `{"message":"Forbidden"}` from the gateway that asks for a key, else JSON:API errors
//! (CONTRACTS 4.5, where the vendor says nothing of them).

use super::super::Reply;
use crate::domain::Error;
use crate::domain::error::Denial;
use serde_json::{Value, json};

/// The answer to a request that failed.
pub fn reply(error: &Error) -> Reply {
    match error {
        Error::Invalid { field, .. } => {
            let source = json!({"parameter": field});
            envelope(400, "Bad Request", &error.to_string(), Some(&source))
        }
        Error::NotFound(message) => envelope(404, "Not Found", message, None),
        Error::Conflict(message) => envelope(409, "Conflict", message, None),
        Error::Stale(message) => envelope(412, "Precondition Failed", message, None),
        Error::Denied(denial) => match denial {
            Denial::NoKey | Denial::BadKey | Denial::Skew | Denial::Scope | Denial::Account => {
                Reply::json(403, &json!({"message": "Forbidden"}))
            }
        },
        Error::Throttled { message, retry_after } => {
            envelope(429, "Too Many Requests", message, None).with_header("retry-after", retry_after.to_string())
        }
        Error::Internal(_) => envelope(500, "Internal Server Error", "internal error", None),
    }
}

/// The answer to a path or method that does not exist.
pub fn unknown_route() -> Reply {
    envelope(404, "Not Found", "there is no such route", None)
}

fn envelope(status: u16, title: &str, detail: &str, source: Option<&Value>) -> Reply {
    let mut error = json!({"status": status.to_string(), "title": title, "detail": detail});
    if let (Some(error), Some(source)) = (error.as_object_mut(), source) {
        error.insert("source".to_owned(), source.clone());
    }
    Reply::json(status, &json!({"errors": [error]}))
}

#[cfg(test)]
mod tests {
    use crate::dialects::Dialect;
    use crate::domain::Error;
    use crate::domain::error::Denial;
    use serde_json::{Value, json};

    /// CONTRACTS 4.5; DESIGN 5: no or bad key, or missing scope: 403 {"message":"Forbidden"}.
    #[test]
    fn every_error_has_its_status_and_form() {
        let one = |status: &str, title: &str, detail: &str| json!({"errors": [{"status": status, "title": title, "detail": detail}]});
        let forbidden = json!({"message": "Forbidden"});
        let mut invalid = one("400", "Bad Request", "page_limit: is wrong");
        if let Some(error) = invalid.pointer_mut("/errors/0").and_then(Value::as_object_mut) {
            error.insert("source".to_owned(), json!({"parameter": "page_limit"}));
        }
        let throttled = Error::Throttled { message: "too many".to_owned(), retry_after: 7 };
        let cases = [
            (Error::invalid("page_limit", "is wrong"), 400, invalid),
            (Error::NotFound("no such check".to_owned()), 404, one("404", "Not Found", "no such check")),
            (Error::Conflict("not now".to_owned()), 409, one("409", "Conflict", "not now")),
            (Error::Denied(Denial::NoKey), 403, forbidden.clone()),
            (Error::Denied(Denial::BadKey), 403, forbidden.clone()),
            (Error::Denied(Denial::Skew), 403, forbidden.clone()),
            (Error::Denied(Denial::Scope), 403, forbidden.clone()),
            (Error::Denied(Denial::Account), 403, forbidden),
            (throttled, 429, one("429", "Too Many Requests", "too many")),
            (Error::internal("row 7"), 500, one("500", "Internal Server Error", "internal error")),
        ];
        for (error, status, body) in cases {
            let reply = Dialect::Bitdefender.error(&error, "r");
            assert_eq!(reply.status, status, "{error:?}");
            assert_eq!(serde_json::from_slice::<Value>(&reply.body).unwrap_or_default(), body, "{error:?}");
        }
        assert_eq!(Dialect::Bitdefender.unknown_route("r").status, 404);
    }
}
