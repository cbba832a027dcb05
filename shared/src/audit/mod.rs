//! The audit engine: rules as data, judged over configuration items.
//!
//! A rule is a folder of three files: `rule.yaml` says what it is, `rule.rego` judges one resource, `cases.yaml` holds
//! resources with the verdicts that must come out. [`check`] refuses a rule that is incomplete, whose cases do not come
//! out, or that names a member which resources of its type do not have. [`intake`] makes configuration items of what others
//! tell. Nothing here knows where resources are kept or where verdicts go.

mod cases;
mod catalogue;
mod convert;
mod engine;
mod finding;
mod guard;
pub mod intake;
mod large_stack;
mod library;
mod load;
mod metadata;
mod own;
mod page;
pub mod params;
mod paths;
mod problem;
mod related;
mod shapes;
mod template;
mod verdict;
mod yaml;

pub use cases::{Case, Expected};
pub use catalogue::{Shipped, briefs, built_in, built_in_source, built_in_sources, library, shipped};
pub use engine::{Engine, Input, RelatedItems, TOOK_TOO_LONG};
pub use finding::{
    GONE_FIELD, Judgement, PARAMS_FIELD, PRODUCT_ARN, RESOURCE_FIELD, RESOURCE_VERSION_FIELD, RULE_FIELD,
};
pub use load::{RuleSource, SourceFile, check, check_together, load};
pub use metadata::{Brief, Join, JoinScope, Metadata, Origin, Remediation, Rule, Step};
pub use own::OwnEngine;
pub use page::catalogue_page;
pub use problem::Problem;
pub use related::{Coverage, Related};
pub use shapes::known_types;
pub use template::{filled, member, quoted};
pub use verdict::{Verdict, Violation};
