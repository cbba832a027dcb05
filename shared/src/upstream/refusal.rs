//! Why AWS did not answer a request.

use super::document::Document;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// Characters of AWS's own words that are kept.
const MESSAGE: usize = 200;

/// What stands before a status where an answer has no code.
const UNNAMED: &str = "Status";

/// Parts of codes that are AWS's own failures, or the clocks', whatever the status.
const PASSING: [&str; 6] = ["Internal", "Unavailable", "ServerError", "ServiceFailure", "Timeout", "RequestExpired"];

/// What a refusal means for whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The caller may not.
    Denied,
    /// Too much at once, also after several attempts.
    Throttled,
    /// There is no such thing.
    Absent,
    /// AWS does not know the call here, or what it was asked for.
    Unsupported,
    /// AWS did not take what was asked, and does not say that it ever will.
    Refused,
    /// Anything else: AWS failed, or was not reached.
    Failed,
}

/// A request that was not answered, in AWS's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it means.
    pub why: Why,
    /// AWS's code: `AccessDeniedException`.
    pub code: String,
    /// What AWS says of it.
    pub message: String,
    /// How long AWS asks to wait, where it says so.
    pub pause: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.is_empty() {
            true => f.write_str(&self.code),
            false => write!(f, "{}: {}", self.code, self.message),
        }
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// A failure on the way.
    pub(super) fn failed(code: &str, message: impl fmt::Display) -> Self {
        Self { why: Why::Failed, code: code.to_owned(), message: cut(&message.to_string()), pause: None }
    }

    /// An answer that is not what the call's description promises.
    pub(super) fn unreadable(call: &str) -> Self {
        Self::failed("Unreadable", format!("the answer to {call} is not what it should be"))
    }

    /// Whether what was asked for was wrong, the token of a page above all: by a call that takes nothing else from outside.
    pub fn is_about_the_page(&self) -> bool {
        let code = ["InvalidInput", "Validation", "InvalidNextToken", "InvalidPaginationToken", "InvalidToken"];
        code.iter().any(|part| self.code.contains(part)) || self.message.contains("NextToken")
    }

    /// What an answer of a status other than success says, in either of the forms that AWS uses.
    pub(super) fn of(status: u16, header: Option<&str>, body: &str) -> Self {
        let json: Value = serde_json::from_str(body).unwrap_or_default();
        let said = |names: &[&str]| names.iter().find_map(|name| json.get(name)?.as_str()).map(str::to_owned);
        let xml = Document::parse(body.to_owned()).ok();
        let element = |name: &str| xml.as_ref().and_then(|xml| xml.text(name));
        let code = header.map(str::to_owned).or_else(|| said(&["__type", "code", "Code"])).or_else(|| element("Code"));
        let code = code.unwrap_or_else(|| format!("{UNNAMED}{status}"));
        // `com.amazonaws.config#NoSuchThing:http://…` and `NoSuchThing` are one code.
        let code = code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default().to_owned();
        let message = said(&["message", "Message", "errorMessage"]).or_else(|| element("Message")).unwrap_or_default();
        Self { why: why(status, &code), code, message: cut(&message), pause: None }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MESSAGE).collect()
}

fn why(status: u16, code: &str) -> Why {
    let has = |part: &str| code.contains(part);
    // What has no code is not AWS's word, but of somebody on the way.
    let is_named = code != format!("{UNNAMED}{status}");
    if has("Throttl") || has("TooManyRequests") || has("LimitExceeded") || has("SlowDown") || status == 429 {
        Why::Throttled
    } else if has("AccessDenied")
        || has("InvalidAccess")
        || has("Unauthorized")
        || has("OptInRequired")
        || has("SubscriptionRequired")
        || has("Token")
        || has("NotAuthorized")
        || has("UnrecognizedClient")
        || has("Signature")
        || status == 401
        || status == 403
    {
        Why::Denied
    } else if has("UnknownOperation") || has("InvalidAction") || has("Validation") || has("NotImplemented") {
        Why::Unsupported
    } else if has("NoSuch") || has("NotFound") || status == 404 {
        Why::Absent
    } else if (400..500).contains(&status) && !PASSING.iter().any(|part| has(part)) && (is_named || status == 413) {
        Why::Refused
    } else {
        Why::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, Why};

    #[test]
    fn codes_are_read_in_every_form() {
        let json = r#"{"__type":"com.amazonaws.starling#ThrottlingException","message":"Rate exceeded"}"#;
        let query = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
            <Code>NoSuchEntity</Code><Message>none</Message></Error></ErrorResponse>";
        let ec2 = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>";
        for (status, header, body, code, why) in [
            (400, None, json, "ThrottlingException", Why::Throttled),
            (404, None, query, "NoSuchEntity", Why::Absent),
            (403, None, ec2, "UnauthorizedOperation", Why::Denied),
            (400, Some("AccessDeniedException:http://x"), "{}", "AccessDeniedException", Why::Denied),
            (400, None, r#"{"__type":"UnknownOperationException"}"#, "UnknownOperationException", Why::Unsupported),
            (500, None, "nonsense", "Status500", Why::Failed),
            (400, None, r#"{"__type":"InternalException"}"#, "InternalException", Why::Failed),
            (408, None, "", "Status408", Why::Failed),
            (421, None, "<html>", "Status421", Why::Failed),
            (400, None, r#"{"__type":"SubscriptionRequiredException"}"#, "SubscriptionRequiredException", Why::Denied),
            (400, None, r#"{"__type":"RequestExpired"}"#, "RequestExpired", Why::Failed),
            (401, None, r#"{"__type":"InvalidAccessException"}"#, "InvalidAccessException", Why::Denied),
            (400, None, r#"{"__type":"IncompleteSignature"}"#, "IncompleteSignature", Why::Denied),
            (429, None, r#"{"__type":"LimitExceededException"}"#, "LimitExceededException", Why::Throttled),
            (400, None, r#"{"__type":"InvalidInputException"}"#, "InvalidInputException", Why::Refused),
            (413, None, "<html>", "Status413", Why::Refused),
            (400, None, r#"{"__type":"InvalidStatusException"}"#, "InvalidStatusException", Why::Refused),
        ] {
            let refusal = Refusal::of(status, header, body);
            assert_eq!((refusal.code.as_str(), refusal.why), (code, why), "{body}");
        }
        assert_eq!(Refusal::of(400, None, json).to_string(), "ThrottlingException: Rate exceeded");
    }
}
