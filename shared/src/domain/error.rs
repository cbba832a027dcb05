//! The ways in which a request can fail; every dialect maps all of them.

use std::fmt;

/// What went wrong, in words for the client. Texts never hold secrets, internals or other tenants' data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The request is at fault: `field` names the member, parameter or header, `message` says what to send instead.
    Invalid {
        /// The member, parameter or header, as the dialect spells it.
        field: String,
        /// What is wrong with it and what would be right.
        message: String,
    },
    /// There is no such thing in this tenant, or it belongs to another one.
    NotFound(String),
    /// The request does not fit the present state.
    Conflict(String),
    /// The thing is not in the state that the request names.
    Stale(String),
    /// The caller may not do this.
    Denied(Denial),
    /// Too much at once; the same request may succeed later.
    Throttled {
        /// Why, in words.
        message: String,
        /// After how many seconds a retry is sensible.
        retry_after: u32,
    },
    /// Our fault. The text is for the log and never for the client.
    Internal(String),
}

/// Why a caller was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// No key came with the request.
    NoKey,
    /// A key came, and it is not good: unknown, expired, revoked, or its signature does not match.
    BadKey,
    /// The signature's time is more than five minutes away from ours.
    Skew,
    /// The key is good and lacks the scope that this route needs.
    Scope,
    /// The key is good and names other accounts only.
    Account,
}

impl Error {
    /// An [`Error::Invalid`] for `field`.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into() }
    }

    /// An [`Error::Internal`]; `message` goes to the log only.
    pub fn internal(message: impl fmt::Display) -> Self {
        Self::Internal(message.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { field, message } => write!(f, "{field}: {message}"),
            Self::NotFound(message) | Self::Conflict(message) | Self::Stale(message) | Self::Internal(message) => {
                f.write_str(message)
            }
            Self::Denied(denial) => f.write_str(denial.message()),
            Self::Throttled { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

impl Denial {
    /// The reason in words that tell nothing about which keys exist.
    pub fn message(self) -> &'static str {
        match self {
            Self::NoKey => "the request carries no key",
            Self::BadKey => "the key or signature is not valid",
            Self::Skew => "the signature's time is more than 5 minutes away from the server's",
            Self::Scope => "the key lacks the scope that this request needs",
            Self::Account => "the key is not good for this account",
        }
    }
}
