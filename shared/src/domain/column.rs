//! Columns: the facts about a finding that queries filter and sort by, kept beside the documents.
//!
//! A column's value is by definition what [`Column::of`] computes from the finding, so a filter on columns and
//! the same filter on documents cannot disagree; `verify` recomputes them.

use super::finding::Vocabulary;
use super::json::{self, Object};
use super::{Finding, Instant, framework, score};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Columns that are stored and loaded together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// What lists filter by.
    Core,
    /// When our own view of a finding changed.
    Times,
    /// The timestamps that producers move on every scan.
    Seen,
    /// Ids of findings and resources.
    Ids,
    /// Long texts.
    Text,
}

impl Family {
    /// Every family, in storage order.
    pub const ALL: [Self; 5] = [Self::Core, Self::Times, Self::Seen, Self::Ids, Self::Text];

    /// The name in item keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Times => "times",
            Self::Seen => "seen",
            Self::Ids => "ids",
            Self::Text => "text",
        }
    }

    /// The family of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }
}

/// One value of a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Absent.
    #[default]
    None,
    /// A number or an instant in milliseconds.
    Int(i64),
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
}

impl<'de> Deserialize<'de> for Cell {
    // By hand, because untagged enums cannot read numbers of arbitrary precision.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::None),
            Value::Number(number) => {
                number.as_i64().map(Self::Int).ok_or_else(|| D::Error::custom("a cell's number is not an i64"))
            }
            Value::String(text) => Ok(Self::Text(text)),
            Value::Array(items) => items
                .into_iter()
                .map(|item| match item {
                    Value::String(text) => Ok(text),
                    _ => Err(D::Error::custom("a cell's list holds something that is no text")),
                })
                .collect::<Result<_, _>>()
                .map(Self::Texts),
            Value::Bool(_) | Value::Object(_) => Err(D::Error::custom("a cell is neither number, text nor list")),
        }
    }
}

impl Cell {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// The texts: none, one or several.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::Texts(texts) => texts,
            Self::None | Self::Int(_) => &[],
        }
    }

    fn many(texts: Vec<String>) -> Self {
        if texts.is_empty() { Self::None } else { Self::Texts(texts) }
    }
}

impl From<Option<&str>> for Cell {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::None, |text| Self::Text(text.to_owned()))
    }
}

impl From<Option<i64>> for Cell {
    fn from(int: Option<i64>) -> Self {
        int.map_or(Self::None, Self::Int)
    }
}

macro_rules! columns {
    ($($variant:ident $name:literal $family:ident $doc:literal,)*) => {
        /// A column. The names are part of the stored format.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Column { $(#[doc = $doc] $variant,)* }

        impl Column {
            /// Every column, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in log entries and segments.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The family it is stored with.
            pub fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family,)* }
            }
        }
    };
}

columns! {
    Result "result" Core "Verdict: pass, fail or unknown.",
    Severity "severity" Core "Our severity.",
    OriginalSeverity "original_severity" Core "What the producer said first.",
    Status "status" Core "Status of a fail.",
    Presence "presence" Core "active or gone.",
    UnknownSince "unknown_since" Core "Since when the verdict could not be renewed.",
    ExpiresAt "expires_at" Core "When the acceptance in force ends.",
    EverFailed "ever_failed" Core "1 once it has been a fail.",
    DocumentAt "document_at" Core "Instant of the newest document.",
    ProductArn "ProductArn" Core "ASFF ProductArn.",
    ProductName "ProductName" Core "ASFF ProductName.",
    CompanyName "CompanyName" Core "ASFF CompanyName.",
    GeneratorId "GeneratorId" Core "ASFF GeneratorId.",
    AwsAccountId "AwsAccountId" Core "ASFF AwsAccountId.",
    AwsAccountName "AwsAccountName" Core "ASFF AwsAccountName.",
    Region "Region" Core "ASFF Region.",
    Title "Title" Core "ASFF Title.",
    Types "Types" Core "ASFF Types.",
    ComplianceStatus "Compliance.Status" Core "ASFF Compliance.Status.",
    WorkflowStatus "Workflow.Status" Core "ASFF Workflow.Status.",
    RecordState "RecordState" Core "ASFF RecordState.",
    VerificationState "VerificationState" Core "ASFF VerificationState.",
    SeverityLabel "Severity.Label" Core "ASFF Severity.Label.",
    SeverityNormalized "Severity.Normalized" Core "ASFF Severity.Normalized.",
    SeverityProduct "Severity.Product" Core "ASFF Severity.Product.",
    Confidence "Confidence" Core "ASFF Confidence.",
    Criticality "Criticality" Core "ASFF Criticality.",
    ResourceTypes "Resources.Type" Core "Type of each resource.",
    ResourceRegions "Resources.Region" Core "Region of each resource.",
    ResourceTags "Resources.Tags" Core "Tags of each resource, see `pair`.",
    ControlId "Compliance.SecurityControlId" Core "ASFF Compliance.SecurityControlId.",
    StandardsIds "Compliance.AssociatedStandards.StandardsId" Core "Standards of the control.",
    Requirements "Compliance.RelatedRequirements" Core "Requirements of the control.",
    Controls "controls" Core "Controls in canonical spelling, see `framework::Control::to_text`.",
    Risk "risk" Core "Score of 0 to 100, see `score::risk`.",
    RuleVersion "rule_version" Core "Number of the rule's version, from 1 on.",
    FirstSeen "first_seen" Times "When we first saw it.",
    ChangedAt "changed_at" Times "Last change of the evaluated state, as far as a row of net changes can show it.",
    EvaluationChangedAt "evaluation_changed_at" Times "Since when the verdict is what it is.",
    CreatedAt "CreatedAt" Seen "ASFF CreatedAt as sent.",
    UpdatedAt "UpdatedAt" Seen "ASFF UpdatedAt as sent.",
    FirstObservedAt "FirstObservedAt" Seen "ASFF FirstObservedAt as sent.",
    LastObservedAt "LastObservedAt" Seen "ASFF LastObservedAt as sent.",
    ProcessedAt "ProcessedAt" Seen "ASFF ProcessedAt as sent.",
    EnvelopeTime "envelope_time" Seen "Time of the newest hub snapshot.",
    LastSeen "last_seen" Seen "When a producer last reported it to us.",
    Id "Id" Ids "ASFF Id.",
    ResourceIds "Resources.Id" Ids "Id of each resource.",
    Description "Description" Text "ASFF Description.",
}

/// The ASFF timestamps that producers move on every scan; they alone make no change.
pub const SEEN_TEXTS: [Column; 5] =
    [Column::CreatedAt, Column::UpdatedAt, Column::FirstObservedAt, Column::LastObservedAt, Column::ProcessedAt];

/// A key and value of an ASFF map in one text: key, U+001F, value.
pub fn pair(key: &str, value: &str) -> String {
    format!("{key}\u{1f}{value}")
}

/// The pairs of an ASFF string map, in key order. Values that are no strings are left out.
pub fn pairs(map: &Object) -> Vec<String> {
    let mut out: Vec<String> = map.iter().filter_map(|(k, v)| v.as_str().map(|v| pair(k, v))).collect();
    out.sort_unstable();
    out
}

impl Column {
    /// The column of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.name() == name)
    }

    /// The column's position in [`Column::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The value for a finding whose newest document was written at `document_at`. Two columns are the log's and not
    /// the document's: `last_seen` also moves when a producer merely reports the finding again, and so do the
    /// timestamps of [`SEEN_TEXTS`].
    pub fn of(self, finding: &Finding, document_at: Instant) -> Cell {
        let own = &finding.standing;
        let asff = &finding.asff;
        let instant = |at: Option<Instant>| Cell::from(at.map(|at| at.0));
        match self {
            Self::Result => Cell::Text(own.result.word().to_owned()),
            Self::Severity => Cell::Text(own.severity.word().to_owned()),
            Self::OriginalSeverity => Cell::Text(own.original_severity.word().to_owned()),
            Self::Status => Cell::from(own.status.map(Vocabulary::word)),
            Self::Presence => Cell::Text(own.presence.word().to_owned()),
            Self::UnknownSince => instant(own.unknown_since),
            Self::ExpiresAt => instant(own.acceptance.as_ref().and_then(|a| a.expires_at)),
            Self::EverFailed => {
                if own.ever_failed {
                    Cell::Int(1)
                } else {
                    Cell::None
                }
            }
            Self::DocumentAt | Self::LastSeen => Cell::Int(document_at.0),
            Self::ChangedAt => Cell::Int(own.changed_at.0),
            Self::FirstSeen => Cell::Int(own.first_seen.0),
            Self::EvaluationChangedAt => Cell::Int(own.evaluation_changed_at.0),
            Self::SeverityNormalized | Self::SeverityProduct | Self::Confidence | Self::Criticality => {
                match json::at(asff, self.name()) {
                    // Fractions are kept as they were sent; number tests read them back.
                    Some(Value::Number(number)) => {
                        number.as_i64().map_or_else(|| Cell::Text(number.to_string()), Cell::Int)
                    }
                    _ => Cell::None,
                }
            }
            Self::Types
            | Self::ResourceTypes
            | Self::ResourceRegions
            | Self::ResourceIds
            | Self::StandardsIds
            | Self::Requirements => Cell::many(json::texts_at(asff, self.name())),
            Self::ResourceTags => Cell::many(
                json::all_at(asff, "Resources.Tags").into_iter().filter_map(Value::as_object).flat_map(pairs).collect(),
            ),
            Self::Controls => {
                Cell::many(framework::controls_of(asff).iter().map(framework::Control::to_text).collect())
            }
            Self::RuleVersion => match own.rule_version {
                0 => Cell::None,
                number => Cell::Int(number.into()),
            },
            Self::Risk => Cell::Int(score::risk(finding).score.into()),
            Self::EnvelopeTime => Cell::from(own.hub.as_ref().and_then(|hub| json::text_at(hub, "time"))),
            Self::ProductArn
            | Self::ProductName
            | Self::CompanyName
            | Self::GeneratorId
            | Self::AwsAccountId
            | Self::AwsAccountName
            | Self::Region
            | Self::Title
            | Self::ComplianceStatus
            | Self::WorkflowStatus
            | Self::RecordState
            | Self::VerificationState
            | Self::SeverityLabel
            | Self::ControlId
            | Self::CreatedAt
            | Self::UpdatedAt
            | Self::FirstObservedAt
            | Self::LastObservedAt
            | Self::ProcessedAt
            | Self::Id
            | Self::Description => Cell::from(json::text_at(asff, self.name())),
        }
    }
}

/// Every column of one finding, by [`Column::index`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row(Vec<Cell>);

impl Row {
    /// The row of a finding whose newest document was written at `document_at`.
    pub fn of(finding: &Finding, document_at: Instant) -> Self {
        Self(Column::ALL.iter().map(|column| column.of(finding, document_at)).collect())
    }

    /// A column's value.
    pub fn get(&self, column: Column) -> &Cell {
        self.0.get(column.index()).unwrap_or(&Cell::None)
    }

    /// Sets a column's value.
    pub fn set(&mut self, column: Column, cell: Cell) {
        if self.0.len() <= column.index() {
            self.0.resize(Column::ALL.len(), Cell::None);
        }
        if let Some(place) = self.0.get_mut(column.index()) {
            *place = cell;
        }
    }

    /// The columns in which `newer` differs, with its values.
    pub fn delta(&self, newer: &Self) -> Vec<(Column, Cell)> {
        let differs = |column: &&Column| self.get(**column) != newer.get(**column);
        Column::ALL.iter().filter(differs).map(|column| (*column, newer.get(*column).clone())).collect()
    }
}
