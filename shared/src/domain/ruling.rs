//! What somebody decides about a fail, in whatever dialect it is said, and what is kept of it.

use super::query::Filter;
use super::{Acceptance, Instant, Severity, Status};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A decision about fails: what is to hold from now on, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ruling {
    /// The status from now on.
    pub status: Option<Status>,
    /// The severity from now on.
    pub severity: Option<Severity>,
    /// Why the status.
    pub remarks: Option<String>,
    /// Why the severity.
    pub severity_remarks: Option<String>,
    /// The dialect's own word for why.
    pub reason: Option<String>,
    /// Who approved, if named.
    pub approved_by: Option<String>,
    /// The date of an acceptance's review as it was given.
    pub review_date: Option<String>,
    /// From this instant on an acceptance needs review.
    pub expires_at: Option<Instant>,
    /// Only fails with one of these statuses are meant; without any, all are.
    pub only: &'static [Status],
}

impl Ruling {
    /// A decision for a status, without anything beside it.
    pub fn of(status: Status) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// The acceptance that it brings, if it is one.
    pub fn acceptance(&self, by: &str, at: Instant) -> Option<Acceptance> {
        (self.status == Some(Status::RiskAccepted)).then(|| Acceptance {
            justification: self.remarks.clone().unwrap_or_default(),
            approved_by: self.approved_by.clone(),
            review_date: self.review_date.clone(),
            expires_at: self.expires_at,
            by: by.to_owned(),
            at,
        })
    }
}

/// The newest decision about a finding's status, or about its severity. It stays until another one takes its place, also when its status holds no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The status that was decided for, if it was about that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<Status>,
    /// The severity that was decided for, if it was about that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub severity: Option<Severity>,
    /// Why the status.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remarks: Option<String>,
    /// Why the severity.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub severity_remarks: Option<String>,
    /// The dialect's own word for why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Instant,
    /// The request that decided, if it bore a key by which it can be sent again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<String>,
}

/// What must hold for a decision to be taken, beside what it says itself.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// The tags of the states that the caller has in mind; `None` when any will do.
    pub tags: Option<Vec<String>>,
    /// What selected the findings, resolved: only those that still pass are meant.
    pub among: Option<Arc<Filter>>,
    /// The request, if it may be sent again.
    pub attempt: Option<Attempt>,
}

/// A request that may be sent again until all of it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What names it.
    pub id: String,
    /// When it was sent before, if it was: what others have decided since is left as it is.
    pub since: Option<Instant>,
}
