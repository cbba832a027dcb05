//! The items of single findings and of the log's head.

use super::compress::{pack, unpack};
use super::item::Item;
use super::keys;
use super::proof::{Hash, leaf};
use super::{FORMAT, check_format};
use crate::domain::{Actor, Error, Finding, FindingKey, Instant, Kind, Ordinal, TenantId};
use crate::secrets;

/// The newest commit of a tenant. Only writers read it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// Sequence number of the newest commit; 0 before the first.
    pub seq: u64,
    /// Its instant.
    pub at: Instant,
    /// The number that the next new finding gets.
    pub next_ordinal: u32,
    /// Its chain hash.
    pub chain: Hash,
    /// Stored bytes of all log entries so far.
    pub log_bytes: u64,
}

impl Head {
    pub(super) fn to_item(&self, tenant: &TenantId) -> Item {
        let mut item = Item::new(&keys::head(tenant));
        item.put_number("format", FORMAT);
        item.put_number("seq", self.seq);
        item.put_number("at", self.at.0);
        item.put_number("next_ordinal", self.next_ordinal);
        item.put_bytes("chain", self.chain.0.to_vec());
        item.put_number("log_bytes", self.log_bytes);
        item
    }

    pub(super) fn from_item(item: &Item) -> Result<Self, Error> {
        check_format(item)?;
        Ok(Self {
            seq: item.number("seq")?,
            at: Instant(item.number("at")?),
            next_ordinal: item.number("next_ordinal")?,
            chain: item.bytes("chain")?.try_into()?,
            log_bytes: item.number("log_bytes")?,
        })
    }
}

/// What an import reads of a finding: where its newest document is, and what its producer last sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FindingItem {
    pub ordinal: Ordinal,
    pub document_at: Instant,
    /// Hash of what the producer last sent, timestamps left out. `None`: look at the document.
    pub sent: Option<String>,
    /// Hash of the timestamps that came with it.
    pub seen: Option<String>,
    /// UpdatedAt and envelope's time of the newest timestamps known when the document was written: what is older may
    /// tell something about the past, whatever its hash.
    pub newest: (Instant, Instant),
}

impl FindingItem {
    pub fn to_item(&self, tenant: &TenantId, key: &FindingKey) -> Item {
        let mut item = Item::new(&keys::finding(tenant, key));
        item.put_number("format", FORMAT);
        item.put_number("ordinal", self.ordinal.0);
        item.put_number("document_at", self.document_at.0);
        if let Some(sent) = &self.sent {
            item.put_text("sent", sent);
        }
        if let Some(seen) = &self.seen {
            item.put_text("seen", seen);
        }
        item.put_number("updated_at", self.newest.0.0);
        item.put_number("envelope_at", self.newest.1.0);
        item
    }

    pub fn from_item(item: &Item) -> Result<Self, Error> {
        check_format(item)?;
        Ok(Self {
            ordinal: Ordinal(item.number("ordinal")?),
            document_at: Instant(item.number("document_at")?),
            sent: item.text_if_any("sent").map(str::to_owned),
            seen: item.text_if_any("seen").map(str::to_owned),
            newest: (Instant(item.number("updated_at")?), Instant(item.number("envelope_at")?)),
        })
    }
}

/// A finding as of one commit. Never overwritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The finding.
    pub ordinal: Ordinal,
    /// The commit's instant.
    pub at: Instant,
    /// What the commit did.
    pub kind: Kind,
    /// Who did it.
    pub actor: Actor,
    /// The text of [`Finding::to_text`].
    pub text: String,
    /// The salt of its leaf.
    pub salt: Vec<u8>,
}

impl Document {
    pub(super) fn new(
        ordinal: Ordinal,
        at: Instant,
        kind: Kind,
        actor: &Actor,
        finding: &Finding,
    ) -> Result<Self, Error> {
        let salt = secrets::random::<16>()?.to_vec();
        Ok(Self { ordinal, at, kind, actor: actor.clone(), text: finding.to_text()?, salt })
    }

    /// The finding that the text holds.
    pub fn finding(&self) -> Result<Finding, Error> {
        Finding::from_text(&self.text)
    }

    /// The leaf that its commit's root covers.
    pub fn leaf(&self, tenant: &TenantId) -> Hash {
        let key = keys::document(tenant, self.ordinal, self.at);
        leaf(
            &self.salt,
            &key.pk,
            &key.sk,
            &[&self.text, source_name(&self.actor), &self.actor.identity, kind_name(self.kind)],
        )
    }

    pub(super) fn to_item(&self, tenant: &TenantId) -> Result<Item, Error> {
        let mut item = Item::new(&keys::document(tenant, self.ordinal, self.at));
        item.put_number("format", FORMAT);
        item.put_bytes("body", pack(&self.text)?);
        item.put_text("source", source_name(&self.actor));
        item.put_text("identity", &self.actor.identity);
        item.put_text("kind", kind_name(self.kind));
        item.put_bytes("salt", self.salt.clone());
        Ok(item)
    }

    pub(super) fn from_item(item: &Item) -> Result<Self, Error> {
        check_format(item)?;
        let key = item.key()?;
        let ordinal = key.pk.rsplit('#').next().and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let at = key.sk.parse().ok();
        let (Some(ordinal), Some(at)) = (ordinal, at) else {
            return Err(Error::internal(format!("{} / {} is no document's key", key.pk, key.sk)));
        };
        let word = |name: &str| Ok::<_, Error>(serde_json::Value::String(item.text(name)?.to_owned()));
        Ok(Self {
            ordinal: Ordinal(ordinal),
            at: Instant(at),
            kind: serde_json::from_value(word("kind")?).map_err(Error::internal)?,
            actor: Actor {
                source: serde_json::from_value(word("source")?).map_err(Error::internal)?,
                identity: item.text("identity")?.to_owned(),
            },
            text: unpack(item.bytes("body")?)?,
            salt: item.bytes("salt")?.to_vec(),
        })
    }
}

/// The end of an acceptance, written in the commit that recorded it. Never overwritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// From this instant on the finding needs review.
    pub expires_at: Instant,
    /// The finding.
    pub ordinal: Ordinal,
    /// The commit's instant.
    pub at: Instant,
    /// The finding's identity, so that whoever records the expiry need not search for it.
    pub key: FindingKey,
    /// The salt of its leaf.
    pub salt: Vec<u8>,
}

impl Expiry {
    /// The leaf that its commit's root covers.
    pub fn leaf(&self, tenant: &TenantId) -> Hash {
        let key = keys::expiry(tenant, self.expires_at, self.ordinal, self.at);
        leaf(&self.salt, &key.pk, &key.sk, &[&self.key.product_arn, &self.key.id])
    }

    pub(super) fn to_item(&self, tenant: &TenantId) -> Item {
        let mut item = Item::new(&keys::expiry(tenant, self.expires_at, self.ordinal, self.at));
        item.put_number("format", FORMAT);
        item.put_text("product_arn", &self.key.product_arn);
        item.put_text("id", &self.key.id);
        item.put_bytes("salt", self.salt.clone());
        item
    }

    pub(super) fn from_item(item: &Item) -> Result<Self, Error> {
        check_format(item)?;
        let sk = item.sk()?;
        let parts: Vec<&str> = sk.split('#').collect();
        let read = match parts.as_slice() {
            [expires, ordinal, at] => {
                expires.parse().ok().zip(u32::from_str_radix(ordinal, 16).ok()).zip(at.parse().ok())
            }
            _ => None,
        };
        let ((expires_at, ordinal), at) = read.ok_or_else(|| Error::internal(format!("{sk} is no expiry's key")))?;
        Ok(Self {
            expires_at: Instant(expires_at),
            ordinal: Ordinal(ordinal),
            at: Instant(at),
            key: FindingKey { product_arn: item.text("product_arn")?.to_owned(), id: item.text("id")?.to_owned() },
            salt: item.bytes("salt")?.to_vec(),
        })
    }
}

/// The stored name of a kind of change.
pub(super) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Created => "created",
        Kind::Changed => "changed",
        Kind::Gone => "gone",
        Kind::Returned => "returned",
    }
}

fn source_name(actor: &Actor) -> &'static str {
    use crate::domain::Source;
    match actor.source {
        Source::Import => "import",
        Source::Update => "update",
        Source::Decision => "decision",
        Source::Audit => "audit",
        Source::Expiry => "expiry",
        Source::Told => "told",
    }
}
