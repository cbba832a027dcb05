//! AWS as a reader of an account sees it: the few calls that a sweep of the inventory makes, that of a model, and that for the
//! master secret; and one that changes something, by which a hub is told.
//!
//! The calls are signed requests over the HTTP stack that the AWS SDK brings. AWS Config's answers are taken as the JSON that they
//! are, because that is what the intake reads; typed clients would take it apart only for it to be put together again.

mod bedrock;
mod config;
mod document;
mod facts;
mod hub;
mod pace;
mod refusal;
mod report;
mod request;
mod role;
mod secret;
mod teller;

pub use bedrock::Said;
pub use config::{Batch, MAX_KEYS, Recorders, ResourceKey, Source, is_global};
pub use document::Document;
pub use hub::{Hub, Page};
pub use pace::Pace;
pub use refusal::{Refusal, Why};
pub use report::{Report, Row};
pub use request::Aws;
pub use role::account_of_role;
pub use secret::SECRET_ACTIONS;
pub use teller::{MOST_TOLD, Teller, Updated};

/// What IAM must allow for asking a model: Converse has no action of its own.
pub const MODEL_ACTIONS: &[&str] = &["bedrock:InvokeModel"];

/// What IAM must allow for reading a hub's findings. Who is asking needs no right.
pub const HUB_ACTIONS: &[&str] = &["securityhub:GetFindings"];

/// What IAM must allow for telling a hub.
pub const TELL_ACTIONS: &[&str] = &["securityhub:BatchUpdateFindings"];

/// What IAM must allow for taking on a role in another account.
pub const ROLE_ACTIONS: &[&str] = &["sts:AssumeRole"];

/// What IAM must allow for a sweep. Who is asking needs no right.
pub const ACTIONS: &[&str] = &[
    "access-analyzer:ListAnalyzers",
    "config:BatchGetAggregateResourceConfig",
    "config:BatchGetResourceConfig",
    "config:DescribeConfigurationAggregatorSourcesStatus",
    "config:DescribeConfigurationRecorderStatus",
    "config:DescribeConfigurationRecorders",
    "config:ListDiscoveredResources",
    "config:SelectAggregateResourceConfig",
    "config:SelectResourceConfig",
    "ec2:GetEbsEncryptionByDefault",
    "guardduty:GetDetector",
    "guardduty:ListDetectors",
    "iam:GenerateCredentialReport",
    "iam:GetAccountPasswordPolicy",
    "iam:GetAccountSummary",
    "iam:GetCredentialReport",
    "iam:ListVirtualMFADevices",
    "s3:GetAccountPublicAccessBlock",
    "securityhub:DescribeHub",
    "securityhub:GetEnabledStandards",
];
