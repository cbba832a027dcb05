//! Exports: the log with everything that its proof rests on, as lines of canonical JSON.
//!
//! In this order, each line ended by one line feed:
//! * `{"posture_export":1,"tenant":…}`
//! * per commit `{"entry":{"at","body","chain","previous","seq"}}`, where `body` is the entry's text verbatim; then its
//!   documents by number, `{"document":{"at","identity","kind","leaf","ordinal","salt","source","text"}}`; then its
//!   expiries in key order, `{"expiry":{"at","expires_at","id","leaf","ordinal","product_arn","salt"}}`
//! * `{"head":{"at","chain","lines","seq"}}`, where `lines` is the SHA-256 of every byte before this line
//!
//! Hashes and salts are lower-case hexadecimal, instants milliseconds since 1970. Of an erased document, `salt` and
//! `text` are missing and `erased`: `{"at","by"}` says who erased it when. `lines` protects what no leaf covers; against
//! an attacker, who could compute it too, only an anchor helps.

use super::entry::Entry;
use super::evidence::{Erased, Evidence};
use super::items::{Document, Expiry, Head};
use super::proof::Hash;
use super::verify::Progress;
use super::{Reader, keys};
use crate::domain::{Actor, Error, FindingKey, Instant, Kind, Ordinal, Source, TenantId, json};
use crate::secrets;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::Write;

/// The format that this version writes and reads.
pub(super) const EXPORT_FORMAT: u32 = 1;

/// What an export wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exported {
    /// Log entries.
    pub entries: u64,
    /// Documents, the erased ones included.
    pub documents: u64,
    /// Documents that the log names and that are missing or cannot be read: verification will name them.
    pub missing: u64,
    /// Expiries.
    pub expiries: u64,
    /// The newest commit; 0 when there is none.
    pub seq: u64,
    /// Its chain hash: kept elsewhere, it is an anchor for later verifications.
    pub chain: Hash,
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, documents, missing, expiries, seq, chain } = self;
        write!(f, "{entries} commits, {documents} documents, {expiries} expiries; newest commit {seq}, chain ")?;
        f.write_str(&chain.hex())?;
        match missing {
            0 => Ok(()),
            missing => write!(f, "; {missing} documents are missing, posture verify names them"),
        }
    }
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FirstLine {
    pub posture_export: u32,
    pub tenant: String,
}

/// Every other line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Entry(EntryLine),
    Document(DocumentLine),
    Expiry(ExpiryLine),
    Head(HeadLine),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryLine {
    /// The format in which the entry was written, if it was not the first.
    #[serde(skip_serializing_if = "is_first", default = "first")]
    pub format: u32,
    pub seq: u64,
    pub at: Instant,
    pub previous: HexHash,
    pub chain: HexHash,
    pub body: String,
}

fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_first(format: &u32) -> bool {
    *format == first()
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentLine {
    pub ordinal: Ordinal,
    pub at: Instant,
    pub kind: Kind,
    pub source: Source,
    pub identity: String,
    pub leaf: HexHash,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<HexBytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased: Option<ErasedLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErasedLine {
    pub at: Instant,
    pub by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpiryLine {
    pub expires_at: Instant,
    pub ordinal: Ordinal,
    pub at: Instant,
    pub product_arn: String,
    pub id: String,
    pub leaf: HexHash,
    pub salt: HexBytes,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadLine {
    pub seq: u64,
    pub at: Instant,
    pub chain: HexHash,
    pub lines: HexHash,
}

/// A hash that is spelled in lower-case hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct HexHash(pub Hash);

impl From<HexHash> for String {
    fn from(hash: HexHash) -> Self {
        hash.0.hex()
    }
}

impl TryFrom<String> for HexHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Hash::parse(&text).map(Self).ok_or("a hash is not 64 lower-case hexadecimal digits")
    }
}

/// Bytes that are spelled in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct HexBytes(pub Vec<u8>);

impl From<HexBytes> for String {
    fn from(bytes: HexBytes) -> Self {
        secrets::hex(&bytes.0)
    }
}

impl TryFrom<String> for HexBytes {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        secrets::unhex(&text).map(Self).ok_or("a salt is not lower-case hexadecimal")
    }
}

impl EntryLine {
    pub fn of(entry: &Entry) -> Self {
        Self {
            format: entry.format,
            seq: entry.seq,
            at: entry.at,
            previous: HexHash(entry.previous),
            chain: HexHash(entry.chain),
            body: entry.text.clone(),
        }
    }
}

impl DocumentLine {
    pub fn of(tenant: &TenantId, evidence: &Evidence) -> Self {
        let (text, salt, erased) = match evidence {
            Evidence::Whole(document) => (Some(document.text.clone()), Some(HexBytes(document.salt.clone())), None),
            Evidence::Erased(erased) => {
                (None, None, Some(ErasedLine { at: erased.erased_at, by: erased.erased_by.clone() }))
            }
        };
        let Actor { source, identity } = evidence.actor().clone();
        Self {
            ordinal: evidence.ordinal(),
            at: evidence.at(),
            kind: evidence.kind(),
            source,
            identity,
            leaf: HexHash(evidence.leaf(tenant)),
            text,
            salt,
            erased,
        }
    }

    /// What the line says, and the leaf that it claims; `None` when it is neither whole nor erased.
    pub fn evidence(self) -> Option<(Evidence, Hash)> {
        let Self { ordinal, at, kind, source, identity, leaf: HexHash(leaf), text, salt, erased } = self;
        let actor = Actor { source, identity };
        let evidence = match (text, salt, erased) {
            (Some(text), Some(HexBytes(salt)), None) => {
                Evidence::Whole(Document { ordinal, at, kind, actor, text, salt })
            }
            (None, None, Some(ErasedLine { at: erased_at, by: erased_by })) => {
                Evidence::Erased(Erased { ordinal, at, kind, actor, leaf, erased_by, erased_at })
            }
            _ => return None,
        };
        Some((evidence, leaf))
    }
}

impl ExpiryLine {
    pub fn of(tenant: &TenantId, expiry: &Expiry) -> Self {
        let leaf = HexHash(expiry.leaf(tenant));
        let Expiry { expires_at, ordinal, at, key: FindingKey { product_arn, id }, salt } = expiry.clone();
        Self { expires_at, ordinal, at, product_arn, id, leaf, salt: HexBytes(salt) }
    }

    /// What the line says, and the leaf that it claims.
    pub fn expiry(self) -> (Expiry, Hash) {
        let Self { expires_at, ordinal, at, product_arn, id, leaf: HexHash(leaf), salt: HexBytes(salt) } = self;
        (Expiry { expires_at, ordinal, at, key: FindingKey { product_arn, id }, salt }, leaf)
    }
}

/// The one spelling of a line.
pub(super) fn spelled<T: Serialize>(line: &T) -> Result<String, Error> {
    Ok(json::canonical(&serde_json::to_value(line).map_err(Error::internal)?))
}

/// Writes lines and keeps the hash of what was written.
pub(super) struct Lines<'a> {
    out: &'a mut (dyn Write + Send),
    written: Sha256,
}

impl<'a> Lines<'a> {
    /// Writes the first line.
    pub fn begin(out: &'a mut (dyn Write + Send), tenant: &TenantId) -> Result<Self, Error> {
        let mut lines = Self { out, written: Sha256::new() };
        lines.put(&FirstLine { posture_export: EXPORT_FORMAT, tenant: tenant.to_string() })?;
        Ok(lines)
    }

    pub fn put<T: Serialize>(&mut self, line: &T) -> Result<(), Error> {
        let mut text = spelled(line)?;
        text.push('\n');
        self.written.update(text.as_bytes());
        self.out.write_all(text.as_bytes()).map_err(|e| Error::internal(format!("the export cannot be written: {e}")))
    }

    /// Writes the last line.
    pub fn end(mut self, seq: u64, at: Instant, chain: Hash) -> Result<(), Error> {
        let lines = HexHash(Hash(self.written.clone().finalize().into()));
        self.put(&Line::Head(HeadLine { seq, at, chain: HexHash(chain), lines }))?;
        self.out.flush().map_err(|e| Error::internal(format!("the export cannot be written: {e}")))
    }
}

impl Reader {
    /// Writes the log up to the head at the beginning of the export, with all its documents and expiries.
    ///
    /// It does not judge: documents that are missing or cannot be read are left out and counted, for verification to
    /// name. A log entry that cannot be read is an [`Error::Internal`].
    pub async fn export(
        &self,
        tenant: &TenantId,
        out: &mut (dyn Write + Send),
        progress: Progress<'_>,
    ) -> Result<Exported, Error> {
        let head = self.store.get(&keys::head(tenant), true).await?;
        let head = head.as_ref().map_or(Ok(Head::default()), Head::from_item)?;
        let mut lines = Lines::begin(out, tenant)?;
        let mut exported = Exported { seq: head.seq, chain: head.chain, ..Exported::default() };
        if head.seq > 0 {
            let (mut expiries, _) = self.expiries_by_commit(tenant).await?;
            let mut walk = self.walk(tenant, Some(head.at));
            loop {
                let commits = walk.next().await?;
                if commits.is_empty() {
                    break;
                }
                for commit in commits {
                    let entry = commit.entry?;
                    lines.put(&Line::Entry(EntryLine::of(&entry)))?;
                    exported.entries += 1;
                    let (named, found) = (entry.body.changes.len(), commit.documents.len());
                    exported.missing += named.saturating_sub(found) as u64;
                    exported.documents += found as u64;
                    for document in &commit.documents {
                        lines.put(&Line::Document(DocumentLine::of(tenant, document)))?;
                    }
                    for expiry in expiries.remove(&entry.at).unwrap_or_default() {
                        lines.put(&Line::Expiry(ExpiryLine::of(tenant, &expiry)))?;
                        exported.expiries += 1;
                    }
                }
                progress(exported.entries, head.seq);
            }
        }
        lines.end(head.seq, head.at, head.chain)?;
        Ok(exported)
    }
}
