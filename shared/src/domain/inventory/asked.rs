//! What is asked of the inventory, and what comes back.

use super::{ConfigurationItem, ItemKey};
use crate::domain::resource_type::ResourceType;
use crate::domain::{Instant, Uid};

/// What became of an item that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The resource is new, or there again.
    Created,
    /// The resource is otherwise than before.
    Changed,
    /// Nothing is new.
    Unchanged,
    /// The resource is no more.
    Deleted,
    /// It was so earlier; what it is now was known already.
    Earlier,
    /// It was not taken.
    Rejected {
        /// The member at fault; empty when it is the item.
        field: String,
        /// What is wrong with it.
        message: String,
    },
}

/// What became of a request that brought items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// One outcome for each item, in their order.
    pub outcomes: Vec<Outcome>,
    /// How many types of how many scopes are now called complete, one for each pair.
    pub covered: usize,
}

/// Which resources, as of when, and where in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// Of one of these types; of any, if there are none.
    pub kinds: Vec<ResourceType>,
    /// Of this account.
    pub account: Option<String>,
    /// In this region.
    pub region: Option<String>,
    /// Which have this text, in any case of letters, in their id, name, ARN or tags.
    pub search: Option<String>,
    /// As of this instant; now, if there is none.
    pub at: Option<Instant>,
    /// Rows of the page.
    pub limit: usize,
    /// The cursor that the page before gave.
    pub cursor: Option<String>,
}

/// A page of resources, by account, region, type and id.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The resources.
    pub items: Vec<ConfigurationItem>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// How a client names a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// By its key.
    Key(ItemKey),
    /// By its ARN.
    Arn(String),
    /// By its place in the graph.
    Node {
        /// The region's name.
        region: String,
        /// The type.
        kind: ResourceType,
        /// The whole.
        path: String,
    },
}

/// The open findings about a resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// How many.
    pub count: usize,
    /// Those that were seen first: the ASFF Id that its producer gave, and the uid that we did.
    pub first: Vec<(String, Uid)>,
}

/// How two resources hang together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relation {
    /// Whether it is the other one that points to this one.
    pub inward: bool,
    /// AWS Config's words for it, `Is contained in Vpc`; `references` where one's configuration has the other's id.
    pub name: String,
}

/// A resource that hangs together with another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Related {
    /// In which ways.
    pub relations: Vec<Relation>,
    /// Its type and id as they are written there.
    pub named: (String, String),
    /// The resource, if the inventory has it.
    pub item: Option<ConfigurationItem>,
    /// The open findings about it.
    pub findings: Findings,
}

/// A resource and those that hang together with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    /// The resource.
    pub item: ConfigurationItem,
    /// The open findings about it.
    pub findings: Findings,
    /// Its neighbours.
    pub related: Vec<Related>,
    /// Whether all were looked for; an inventory may be too large for one request.
    pub complete: bool,
}

impl Asked {
    /// Reads any of the three; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with("arn:") {
            return Some(Self::Arn(text.to_owned()));
        }
        if let Some(key) = ItemKey::parse(text) {
            return Some(Self::Key(key));
        }
        let mut parts = text.splitn(4, ':');
        let (provider, region, kind, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if provider.is_empty() || name.is_empty() || !kind.contains('.') {
            return None;
        }
        Some(Self::Node { region: region.to_owned(), kind: ResourceType::parse(kind), path: text.to_owned() })
    }

    /// Whether it is this one.
    pub fn is(&self, item: &ConfigurationItem) -> bool {
        match self {
            Self::Key(key) => *key == item.key(),
            Self::Arn(arn) => item.arn.as_deref() == Some(arn),
            Self::Node { path, .. } => *path == item.node(),
        }
    }
}
