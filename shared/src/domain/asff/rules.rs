//! The single checks that validation is made of: each names the dotted path, what is wrong and what is allowed.

use super::{present, severity};
use crate::domain::json::Object;
use crate::domain::{Error, Instant};
use serde_json::Value;

/// What is wrong with one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted path of the member.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    /// A path of any length; names in it are the sender's, so it is cut to what belongs into a message.
    pub fn new(path: impl AsRef<str>, message: impl Into<String>) -> Self {
        Self { path: shown(path.as_ref(), 256), message: message.into() }
    }
}

/// The text, or its beginning if it has more characters than `longest`.
pub fn shown(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => text.get(..end).unwrap_or_default().chars().chain("…".chars()).collect(),
        None => text.to_owned(),
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::invalid(problem.path, problem.message)
    }
}

/// The outcome of a check.
pub type Checked = Result<(), Problem>;

/// The longest text that a timestamp may be: 128 characters, four times a usual one.
const LONGEST_TIME: usize = 128;
/// Values of Compliance.Status.
pub const COMPLIANCE: &[&str] = &["PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"];
/// Values of RecordState.
pub const RECORD_STATES: &[&str] = &["ACTIVE", "ARCHIVED"];
/// Values of VerificationState.
pub const VERIFICATION: &[&str] = &["UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE"];
/// Values of Workflow.Status.
pub const WORKFLOW: &[&str] = &["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"];

/// One level of a document: where it is and whether limits count.
#[derive(Clone, Copy)]
pub struct At<'a> {
    object: &'a Object,
    path: &'a str,
    /// Whether lengths, counts and vocabularies are enforced, or the types of what we interpret only.
    strict: bool,
}

impl<'a> At<'a> {
    pub fn top(object: &'a Object, strict: bool) -> Self {
        Self { object, path: "", strict }
    }

    pub fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub fn is_strict(&self) -> bool {
        self.strict
    }

    fn wrong(&self, name: &str, message: impl Into<String>) -> Problem {
        Problem::new(self.path(name), message)
    }

    /// The member, which must be there.
    pub fn required(&self, name: &str) -> Result<&'a Value, Problem> {
        present(self.object, name).ok_or_else(|| self.wrong(name, "is required"))
    }

    /// The text, if the member is there; if strict, at most `max` characters.
    pub fn text(&self, name: &str, max: usize) -> Result<Option<&'a str>, Problem> {
        let Some(value) = present(self.object, name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| self.wrong(name, format!("is {}; send a string", kind(value))))?;
        let length = text.chars().count();
        if self.strict && length > max {
            return Err(self.wrong(name, format!("has {length} characters; at most {max} are allowed")));
        }
        Ok(Some(text))
    }

    /// The text, which must be there.
    pub fn required_text(&self, name: &str, max: usize) -> Result<&'a str, Problem> {
        self.required(name)?;
        let text = self.text(name, max)?.unwrap_or_default();
        // An empty one is refused at either door: what is required is what identifies and places a finding.
        let blank = if self.strict { text.trim().is_empty() } else { text.is_empty() };
        if blank {
            Err(self.wrong(name, "is blank; send at least one character that is no white space"))
        } else {
            Ok(text)
        }
    }

    /// One of `words`, if the member is there.
    pub fn one_of(&self, name: &str, words: &[&str]) -> Checked {
        let Some(text) = self.text(name, usize::MAX)? else { return Ok(()) };
        if !self.strict || words.contains(&text) {
            return Ok(());
        }
        let shown: String = text.chars().take(64).collect();
        Err(self.wrong(name, format!("\"{shown}\" is not allowed; send one of {}", words.join(", "))))
    }

    /// A timestamp, if the member is there.
    pub fn timestamp(&self, name: &str) -> Checked {
        let Some(text) = self.text(name, usize::MAX)? else { return Ok(()) };
        // At any door, since these texts are kept in the log as they came, however often they move.
        if text.chars().count() > LONGEST_TIME {
            return Err(self.wrong(name, format!("must have at most {LONGEST_TIME} characters")));
        }
        if !self.strict {
            return Ok(());
        }
        Instant::parse_field(&self.path(name), text).map(|_| ()).map_err(|error| match error {
            Error::Invalid { field, message } => Problem::new(field, message),
            other => self.wrong(name, other.to_string()),
        })
    }

    /// A whole number from 0 to 100, if the member is there.
    pub fn hundred(&self, name: &str) -> Checked {
        match present(self.object, name) {
            Some(value) if self.strict && !value.as_i64().is_some_and(|n| (0..=100).contains(&n)) => {
                Err(self.wrong(name, "must be a whole number from 0 to 100"))
            }
            _ => Ok(()),
        }
    }

    /// A number, if the member is there.
    pub fn number(&self, name: &str) -> Checked {
        match present(self.object, name) {
            Some(value) if self.strict && !value.is_number() => {
                Err(self.wrong(name, format!("is {}; send a number", kind(value))))
            }
            _ => Ok(()),
        }
    }

    /// Checks the object under `name`, if it is there.
    pub fn inside(&self, name: &str, check: impl FnOnce(At<'_>) -> Checked) -> Checked {
        let Some(value) = present(self.object, name) else { return Ok(()) };
        let object =
            value.as_object().ok_or_else(|| self.wrong(name, format!("is {}; send an object", kind(value))))?;
        check(At { object, path: &self.path(name), strict: self.strict })
    }

    /// The list under `name`, if it is there; if strict, of at most `max` items.
    pub fn list(&self, name: &str, max: usize) -> Result<Option<&'a Vec<Value>>, Problem> {
        let Some(value) = present(self.object, name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| self.wrong(name, format!("is {}; send a list", kind(value))))?;
        if self.strict && list.len() > max {
            return Err(self.wrong(name, format!("has {} items; at most {max} are allowed", list.len())));
        }
        Ok(Some(list))
    }

    /// A list of strings.
    pub fn texts(&self, name: &str, max: usize) -> Checked {
        let odd = self.list(name, max)?.and_then(|list| list.iter().position(|item| !item.is_string()));
        odd.map_or(Ok(()), |i| Err(self.wrong(&format!("{name}[{i}]"), "must be a string")))
    }

    /// A list of objects, each checked.
    pub fn objects(&self, name: &str, max: usize, check: impl Fn(At<'_>) -> Checked) -> Checked {
        for (i, item) in self.list(name, max)?.into_iter().flatten().enumerate() {
            let path = self.path(&format!("{name}[{i}]"));
            let Some(object) = item.as_object() else {
                return Err(Problem::new(path, format!("is {}; send an object", kind(item))));
            };
            check(At { object, path: &path, strict: self.strict })?;
        }
        Ok(())
    }

    /// A map of strings with at most `max` pairs besides those whose key starts with `free`.
    pub fn map(&self, name: &str, max: usize, longest_value: usize, free: Option<&str>) -> Checked {
        self.inside(name, |map| {
            if !map.strict {
                return Ok(());
            }
            let counted = map.object.keys().filter(|key| !free.is_some_and(|prefix| key.starts_with(prefix))).count();
            if counted > max {
                return Err(self.wrong(name, format!("has {counted} pairs; at most {max} are allowed")));
            }
            for (key, value) in map.object {
                let length = key.chars().count();
                if length == 0 || length > 128 {
                    return Err(self.wrong(name, format!("has a key of {length} characters; 1 to 128 are allowed")));
                }
                let Some(text) = value.as_str() else {
                    return Err(map.wrong(key, format!("is {}; send a string", kind(value))));
                };
                let length = text.chars().count();
                if length > longest_value {
                    let message = format!("has {length} characters; at most {longest_value} are allowed");
                    return Err(map.wrong(key, message));
                }
            }
            Ok(())
        })
    }

    /// The Severity object under `Severity`, if it is there.
    pub fn severity(&self) -> Checked {
        self.inside("Severity", |severity| {
            severity.one_of("Label", &severity::LABELS)?;
            severity.hundred("Normalized")?;
            severity.number("Product")?;
            severity.text("Original", 64).map(|_| ())
        })
    }

    /// The members that producers and customers share.
    pub fn shared(&self) -> Checked {
        self.severity()?;
        self.hundred("Confidence")?;
        self.hundred("Criticality")?;
        self.texts("Types", 50)?;
        self.objects("RelatedFindings", 10, |related| {
            if related.strict {
                related.required_text("ProductArn", usize::MAX)?;
                related.required_text("Id", usize::MAX)?;
            }
            Ok(())
        })
    }

    /// The Note under `Note`, if it is there. Whoever sends one names its author.
    pub fn note(&self) -> Checked {
        self.inside("Note", |note| {
            if note.strict {
                note.required_text("Text", 512)?;
                note.required_text("UpdatedBy", usize::MAX)?;
            }
            note.text("Text", 512)?;
            note.text("UpdatedBy", usize::MAX)?;
            note.timestamp("UpdatedAt")
        })
    }

    /// VerificationState, UserDefinedFields and Workflow.
    pub fn customer_owned(&self) -> Checked {
        self.note()?;
        self.map("UserDefinedFields", 50, 1024, None)?;
        self.one_of("VerificationState", VERIFICATION)?;
        self.inside("Workflow", |workflow| workflow.one_of("Status", WORKFLOW))
    }
}

/// A JSON type in words.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
