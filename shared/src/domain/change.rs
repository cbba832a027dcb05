//! Changes: what happened to a finding, who did it, and through which door.

use serde::{Deserialize, Serialize};

/// What a change did to a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Seen for the first time.
    Created,
    /// Something about it is different.
    Changed,
    /// It left: archived, or its resource deleted.
    Gone,
    /// It was gone and is back.
    Returned,
}

/// The door through which a change came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A producer's import (BatchImportFindings, or that part of a hub snapshot).
    Import,
    /// A customer's update (BatchUpdateFindings, or that part of a hub snapshot).
    Update,
    /// A decision made here: acceptance, resolution, false positive.
    Decision,
    /// An audit of our own.
    Audit,
    /// An acceptance ran out.
    Expiry,
    /// Security Hub was told of a decision made here; nothing else about the finding is different.
    Told,
}

impl Source {
    /// Whether it says what a producer found, and not what somebody or the clock made of that.
    pub fn is_report(self) -> bool {
        match self {
            Self::Import | Self::Audit => true,
            Self::Update | Self::Decision | Self::Expiry | Self::Told => false,
        }
    }

    /// Whether somebody, or the clock, decided about what was found.
    pub fn is_decision(self) -> bool {
        match self {
            Self::Update | Self::Decision | Self::Expiry => true,
            Self::Import | Self::Audit | Self::Told => false,
        }
    }
}

/// Who changed a finding: the door and the identity behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Actor {
    /// The door.
    pub source: Source,
    /// An ARN of the product that imported, or of the key that updated.
    pub identity: String,
}
