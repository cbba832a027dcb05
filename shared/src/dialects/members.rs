//! Reading a JSON request body member by member, with errors that name the member by its whole path.
//!
//! `null` is the same as absent everywhere, since clients that clear a member send it so. Members that nobody asks
//! for are ignored.

use crate::domain::Error;
use crate::domain::json::{self, Object};
use serde_json::Value;

/// The members of one JSON object within a request, and the path by which messages name it.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    object: &'a Object,
    path: String,
}

/// A request body as a JSON object. An empty body is `{}`; anything else that is no object is [`Error::Invalid`].
pub fn body(bytes: &[u8]) -> Result<Object, Error> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Object::new());
    }
    match json::parse(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Error::invalid("body", "must be a JSON object")),
        Err(error) => Err(Error::invalid("body", format!("is not valid JSON: {error}"))),
    }
}

/// [`Error::Invalid`] for the first name that is not `known`: a parameter that is misspelt would be taken for one left out.
pub fn known_only<'a>(
    query: &[(String, String)],
    known: impl Iterator<Item = &'a str> + Clone,
    of: &str,
) -> Result<(), Error> {
    let other = query.iter().find(|(name, _)| !known.clone().any(|known| known == name));
    let Some((other, _)) = other else { return Ok(()) };
    let names: Vec<&str> = known.collect();
    Err(Error::invalid(shown(other), format!("is no parameter of {of}; there are {}", names.join(", "))))
}

/// As much of a text from the client as belongs into a message.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 64;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain("…".chars()).collect()
}

impl<'a> Members<'a> {
    /// The members of the body itself.
    pub fn root(object: &'a Object) -> Self {
        Self { object, path: String::new() }
    }

    /// The members of a value that must be an object.
    pub fn of(value: &'a Value, path: String) -> Result<Self, Error> {
        match value {
            Value::Object(object) => Ok(Self { object, path }),
            _ => Err(Error::invalid(path, "must be an object")),
        }
    }

    /// The whole path of the object that holds these members; empty for the body itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole path of a member.
    pub fn name(&self, member: &str) -> String {
        if self.path.is_empty() { member.to_owned() } else { format!("{}.{member}", self.path) }
    }

    /// Every member that is there, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.object.iter().filter(|(_, value)| !value.is_null())
    }

    /// A member of any type.
    pub fn get(&self, member: &str) -> Option<&'a Value> {
        self.object.get(member).filter(|value| !value.is_null())
    }

    /// A member that must be there, from a getter of this type.
    pub fn required<T>(&self, member: &str, found: Option<T>) -> Result<T, Error> {
        found.ok_or_else(|| Error::invalid(self.name(member), "is required"))
    }

    /// A text, blank or not.
    pub fn any_text(&self, member: &str) -> Result<Option<&'a str>, Error> {
        self.typed(member, "must be a string", Value::as_str)
    }

    /// A text with at least one character that is not white space.
    pub fn text(&self, member: &str) -> Result<Option<&'a str>, Error> {
        match self.any_text(member)? {
            Some(text) if text.trim().is_empty() => Err(Error::invalid(self.name(member), "must not be blank")),
            other => Ok(other),
        }
    }

    /// A whole number.
    pub fn integer(&self, member: &str) -> Result<Option<i64>, Error> {
        self.typed(member, "must be an integer", Value::as_i64)
    }

    /// A number.
    pub fn number(&self, member: &str) -> Result<Option<f64>, Error> {
        self.typed(member, "must be a number", Value::as_f64)
    }

    /// True or false.
    pub fn boolean(&self, member: &str) -> Result<Option<bool>, Error> {
        self.typed(member, "must be true or false", Value::as_bool)
    }

    /// A list.
    pub fn list(&self, member: &str) -> Result<Option<&'a [Value]>, Error> {
        self.typed(member, "must be a list", |value| value.as_array().map(Vec::as_slice))
    }

    /// An object.
    pub fn object(&self, member: &str) -> Result<Option<Self>, Error> {
        self.get(member).map(|value| Self::of(value, self.name(member))).transpose()
    }

    fn typed<T>(&self, member: &str, must: &str, read: fn(&'a Value) -> Option<T>) -> Result<Option<T>, Error> {
        match self.get(member) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| Error::invalid(self.name(member), must)),
        }
    }
}
