//! A finding: the standing of one rule on one resource, as an ASFF document plus our own fields.

use super::column::SEEN_TEXTS;
use super::json::{self, Object};
use super::{Decided, Error, Instant, Judged};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The product under which audits of our own file their findings. It names neither account nor region, so that an Id alone leads to
/// the finding.
pub const PRODUCT_ARN: &str = "arn:aws:securityhub:global::product/posture-ledger/audit";

/// A finding's identity as its producer names it, unique within a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingKey {
    /// ASFF ProductArn.
    pub product_arn: String,
    /// ASFF Id.
    pub id: String,
}

impl FindingKey {
    /// SHA-256 over the length of ProductArn (8 bytes, big endian), ProductArn and Id, in hexadecimal.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update((self.product_arn.len() as u64).to_be_bytes());
        hash.update(self.product_arn.as_bytes());
        hash.update(self.id.as_bytes());
        crate::secrets::hex(&hash.finalize())
    }
}

/// The last known verdict of a finding's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The resource follows the rule.
    Pass,
    /// It does not. Findings without a compliance status (threats, vulnerabilities) are fails.
    Fail,
    /// There never was a verdict.
    Unknown,
}

/// How bad a fail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Normalized 0.
    Informational,
    /// Normalized 1 to 39.
    Low,
    /// Normalized 40 to 69.
    Medium,
    /// Normalized 70 to 89.
    High,
    /// Normalized 90 to 100.
    Critical,
}

/// What people have decided about a fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has decided.
    Open,
    /// An acceptance ran out, or somebody asked for another look.
    NeedsReview,
    /// Said to be fixed, not yet observed passing.
    Remediated,
    /// Accepted, until its expiry if it has one.
    RiskAccepted,
    /// Said to be wrong.
    FalsePositive,
}

/// Whether the finding is still reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is (ASFF RecordState ACTIVE).
    Active,
    /// It is not: archived, or its resource deleted.
    Gone,
}

/// A decision to live with a fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Why, in the words of whoever accepted.
    pub justification: String,
    /// Who approved, if named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approved_by: Option<String>,
    /// The review date as it was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub review_date: Option<String>,
    /// From this instant on the finding needs review. `None`: never by itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<Instant>,
    /// Who recorded it.
    pub by: String,
    /// When it was recorded.
    pub at: Instant,
}

/// The fields of a finding that are ours and not ASFF's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The last known verdict.
    pub result: Verdict,
    /// Since when the verdict could not be renewed; the verdict itself stays.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unknown_since: Option<Instant>,
    /// The current severity.
    pub severity: Severity,
    /// What the producer said first.
    pub original_severity: Severity,
    /// Only while `result` is fail.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<Status>,
    /// Whether it is still reported.
    pub presence: Presence,
    /// The acceptance in force, only while `status` is risk_accepted (or it expired and nobody recorded that yet).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub acceptance: Option<Acceptance>,
    /// When we first saw it.
    pub first_seen: Instant,
    /// When it last changed in what a row of net changes can show, an expiry included. The ledger sets it.
    pub changed_at: Instant,
    /// When `result` last took its present value.
    pub evaluation_changed_at: Instant,
    /// Whether it ever was a fail.
    pub ever_failed: bool,
    /// The number of the version of the rule that it was judged by, from 1 on. The ledger sets it.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub rule_version: u32,
    /// Top-level ASFF attributes that a customer has set, which imports no longer overwrite.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub customer_set: BTreeSet<String>,
    /// What Security Hub itself last said about the attributes that only customers set,
    /// kept apart so that a snapshot overwrites a decision made here only where the hub's value moved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hub: Option<Object>,
    /// The newest decision about status or severity that somebody made here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decided: Option<Decided>,
}

impl Standing {
    /// The acceptance, unless its end has come: of a finding that was evaluated, whether or not a job has recorded that.
    pub fn acceptance_in_force(&self) -> Option<&Acceptance> {
        self.acceptance.as_ref().filter(|_| self.status != Some(Status::NeedsReview))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A finding as of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The merged ASFF document.
    pub asff: Object,
    /// Our own fields.
    pub standing: Standing,
}

impl Finding {
    /// The identity by which its producer knows it. Empty parts when the document lacks them, which validation prevents.
    pub fn key(&self) -> FindingKey {
        let part = |name| json::text_at(&self.asff, name).unwrap_or_default().to_owned();
        FindingKey { product_arn: part("ProductArn"), id: part("Id") }
    }

    /// The canonical JSON text under which a document is stored and hashed: `{"asff":{…},"own":{…}}`.
    pub fn to_text(&self) -> Result<String, Error> {
        let own = serde_json::to_value(&self.standing).map_err(Error::internal)?;
        let mut whole = Object::new();
        whole.insert("asff".to_owned(), Value::Object(self.asff.clone()));
        whole.insert("own".to_owned(), own);
        Ok(json::canonical(&Value::Object(whole)))
    }

    /// Reads [`Finding::to_text`] back.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let mut whole: Object = serde_json::from_str(text).map_err(Error::internal)?;
        let Some(Value::Object(asff)) = whole.remove("asff") else {
            return Err(Error::internal("a document has no asff member"));
        };
        let own = whole.remove("own").ok_or_else(|| Error::internal("a document has no own member"))?;
        let standing = serde_json::from_value(own).map_err(Error::internal)?;
        Ok(Self { asff, standing })
    }

    /// What is evaluated at an instant: verdict, severity, status and presence.
    pub fn state(&self) -> Judged {
        let Standing { result, severity, status, presence, .. } = self.standing;
        Judged { result, severity, status, presence }
    }

    /// What names the state of a finding that was evaluated: another one after each change that an answer can show, the
    /// end of an acceptance included, and the same when it was only seen again or a job recorded that end.
    pub fn tag(&self) -> String {
        let mut shown = self.clone();
        for column in SEEN_TEXTS {
            shown.asff.remove(column.name());
        }
        let own = &mut shown.standing;
        own.hub = None;
        own.acceptance = own.acceptance_in_force().cloned();
        // A standing is made of what JSON can say.
        let own = serde_json::to_value(&shown.standing).unwrap_or_default();
        let text = json::canonical(&Value::Array(vec![Value::Object(shown.asff), own]));
        crate::secrets::sha256_hex(text.as_bytes()).chars().take(32).collect()
    }

    /// The finding as it stands at `now`: from an acceptance's expiry on, it needs review and Security Hub's
    /// clients see NOTIFIED, whether or not a job has recorded that.
    #[must_use]
    pub fn evaluated(mut self, now: Instant) -> Self {
        let expired = self.standing.acceptance.as_ref().and_then(|a| a.expires_at).is_some_and(|at| at <= now);
        if expired && self.standing.status == Some(Status::RiskAccepted) {
            self.standing.status = Some(Status::NeedsReview);
            if let Some(at) = self.standing.acceptance.as_ref().and_then(|a| a.expires_at)
                && self.standing.presence == Presence::Active
            {
                // Something else may have changed since, while nobody has recorded the expiry.
                self.standing.changed_at = self.standing.changed_at.max(at);
            }
            super::asff::set_workflow(&mut self.asff, "NOTIFIED");
        }
        self
    }
}

/// A closed vocabulary with one spelling per value.
pub trait Vocabulary: Sized + Copy + PartialEq + 'static {
    /// Every value with its spelling here.
    const WORDS: &'static [(Self, &'static str)];

    /// The spelling.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(value, _)| *value == self).map_or("", |(_, word)| word)
    }

    /// The value so spelled.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, w)| *w == word).map(|(value, _)| *value)
    }
}

impl Vocabulary for Verdict {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Pass, "pass"), (Self::Fail, "fail"), (Self::Unknown, "unknown")];
}

impl Vocabulary for Severity {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Informational, "informational"),
        (Self::Low, "low"),
        (Self::Medium, "medium"),
        (Self::High, "high"),
        (Self::Critical, "critical"),
    ];
}

impl Vocabulary for Status {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Open, "open"),
        (Self::NeedsReview, "needs_review"),
        (Self::Remediated, "remediated"),
        (Self::RiskAccepted, "risk_accepted"),
        (Self::FalsePositive, "false_positive"),
    ];
}

impl Vocabulary for Presence {
    const WORDS: &'static [(Self, &'static str)] = &[(Self::Active, "active"), (Self::Gone, "gone")];
}
