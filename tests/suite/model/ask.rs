//! What the model is asked to do to one finding: the merge rules by their names.

use posture_shared::domain::asff::{self, Update};
use posture_shared::domain::json::{Object, text_at};
use posture_shared::domain::{Actor, Decision, Finding, FindingKey, Instant, Ruling, Seen, Source, Terms};
use std::sync::Arc;

/// What somebody wants to happen to one finding.
#[derive(Debug, Clone)]
pub enum Ask {
    /// A producer's import of a valid finding.
    Import(Arc<Object>),
    /// A hub's snapshot, first step.
    SnapshotImport(Arc<Object>, Option<String>),
    /// The same, second step, and who sent it.
    SnapshotUpdate(Arc<Object>, Option<String>, String),
    /// A customer's update.
    Update(FindingKey, Arc<Update>, String),
    /// An acceptance.
    Accept(FindingKey, Ruling, String),
    /// The record of an acceptance's end.
    Expire(FindingKey, Instant),
}

impl Ask {
    /// The finding.
    pub fn key(&self) -> FindingKey {
        match self {
            Self::Import(sent) | Self::SnapshotImport(sent, _) | Self::SnapshotUpdate(sent, ..) => {
                let part = |name| text_at(sent, name).unwrap_or_default().to_owned();
                FindingKey { product_arn: part("ProductArn"), id: part("Id") }
            }
            Self::Update(key, ..) | Self::Accept(key, ..) | Self::Expire(key, _) => key.clone(),
        }
    }

    /// The timestamps that a producer sent.
    pub fn seen(&self) -> Option<Seen> {
        match self {
            Self::Import(sent) => Some(Seen::of(sent, None)),
            Self::SnapshotImport(sent, time) | Self::SnapshotUpdate(sent, time, _) => {
                Some(Seen::of(sent, time.as_deref()))
            }
            Self::Update(..) | Self::Accept(..) | Self::Expire(..) => None,
        }
    }

    /// What the merge rules say.
    pub fn decide(&self, current: Option<&Finding>, seen: Option<&Seen>, at: Instant) -> Decision {
        match self {
            Self::Import(sent) => {
                let actor = Actor { source: Source::Import, identity: self.key().product_arn };
                asff::import(current, seen, sent, &actor, at)
            }
            Self::SnapshotImport(sent, time) => {
                asff::Snapshot::read(sent, time.as_deref(), at).import(current, seen, at)
            }
            Self::SnapshotUpdate(sent, time, by) => {
                let mut decision = asff::Snapshot::read(sent, time.as_deref(), at).update(current, seen, at);
                if let Decision::Write(write) = &mut decision {
                    write.actor.identity.clone_from(by);
                }
                decision
            }
            Self::Update(_, change, by) => {
                let actor = Actor { source: Source::Update, identity: by.clone() };
                asff::update(current, change, &actor, at)
            }
            Self::Accept(_, ruling, by) => {
                let actor = Actor { source: Source::Decision, identity: by.clone() };
                asff::decide(current, ruling, &Terms::default(), &actor, at)
            }
            Self::Expire(_, end) => asff::expire(current, *end, at),
        }
    }
}
