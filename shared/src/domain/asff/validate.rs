//! Whether a finding is acceptable: the required members, limits and vocabularies of CONTRACTS 1.8.
//!
//! Nothing that was sent is altered; members that the format does not know are kept. Chosen where the contract is
//! silent:
//!
//! - Lengths that the contract does not list are not limited but by the size of the whole; optional texts may be blank.
//! - A top-level member that is `null` counts as not sent and is left out of what is returned.
//! - ProductFields that start with `aws/securityhub/` do not count towards the 50 pairs: the hub adds three of them,
//!   and a finding that was read from here must be importable again.
//! - A member may nest 100 levels deep, and one of the five timestamps has at most 128 characters, from a hub
//!   snapshot too.
//! - From a hub snapshot only what cannot be placed is refused: no object, no Id, ProductArn, AwsAccountId or readable
//!   UpdatedAt, or another JSON type where we interpret a member. Lengths, counts and unknown words pass.

use super::products::ProductArn;
use super::rules::{self, At, Checked, Problem};
use super::{MAX_DEPTH, MAX_FINDING_BYTES, severity};
use crate::domain::finding::PRODUCT_ARN;
use crate::domain::json::{self, Object};
use crate::domain::{Account, Rejection};
use serde_json::Value;

/// The door through which a finding comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// An import call: all of ASFF's rules.
    Import,
    /// The state of a real Security Hub: whatever can be placed.
    Snapshot,
}

/// The finding that `value` is, or why it is refused: code FindingSizeExceeded, else InvalidInput.
pub fn finding(value: &Value, door: Door) -> Result<Object, Rejection> {
    let refuse = |code: &str, message: String| Rejection {
        // No Id is longer than 512, and a batch of long ones would not fit into its answer.
        id: rules::shown(value.get("Id").and_then(Value::as_str).unwrap_or_default(), 512),
        code: code.to_owned(),
        message,
    };
    let invalid = |problem: Problem| refuse("InvalidInput", format!("{}: {}", problem.path, problem.message));
    let Value::Object(sent) = value else {
        return Err(invalid(Problem::new("Finding", format!("is {}; send an object", rules::kind(value)))));
    };
    let mut object = sent.clone();
    object.retain(|_, member| !member.is_null());
    check(&object, door == Door::Import).map_err(invalid)?;
    storable(&object, object.keys()).map_err(invalid)?;
    if door == Door::Import && size(&object) > MAX_FINDING_BYTES {
        return Err(refuse("FindingSizeExceeded", SIZE_EXCEEDED.to_owned()));
    }
    Ok(object)
}

/// Refuses members, of those named, that the store could not read back: they nest too deep, or hold a member with a
/// name that the JSON reader takes for its own.
pub(super) fn storable<'a>(object: &'a Object, names: impl Iterator<Item = &'a String>) -> Checked {
    for name in names {
        let Some(member) = object.get(name) else { continue };
        if json::depth(member) > MAX_DEPTH {
            return Err(Problem::new(name, format!("nests deeper than {MAX_DEPTH} levels")));
        }
        if json::is_reserved(name) || json::has_reserved_name(member) {
            return Err(Problem::new(name, "holds a member whose name is reserved".to_owned()));
        }
    }
    Ok(())
}

/// The message of code FindingSizeExceeded (CONTRACTS 1.7).
pub(super) const SIZE_EXCEEDED: &str = "Finding size exceeded 240 KB";

/// Bytes of JSON without white space.
pub(super) fn size(object: &Object) -> usize {
    serde_json::to_string(object).map_or(usize::MAX, |text| text.len())
}

fn check(object: &Object, strict: bool) -> Checked {
    let top = At::top(object, strict);
    identity(&top, strict)?;
    times(&top, object)?;
    if strict {
        top.required_text("GeneratorId", 512)?;
        top.required_text("Title", 256)?;
        top.required_text("Description", 1024)?;
        top.required("Resources")?;
    }
    for (name, longest) in [
        ("GeneratorId", 512),
        ("Title", 256),
        ("Description", 1024),
        ("Region", 16),
        ("ProductName", usize::MAX),
        ("CompanyName", usize::MAX),
        ("AwsAccountName", usize::MAX),
        ("WorkflowState", usize::MAX),
    ] {
        top.text(name, longest)?;
    }
    top.one_of("RecordState", rules::RECORD_STATES)?;
    top.customer_owned()?;
    top.map("ProductFields", 50, 2048, Some("aws/securityhub/"))?;
    compliance(&top)?;
    resources(&top, strict)?;
    top.inside("Remediation", |remediation| {
        remediation.inside("Recommendation", |recommendation| recommendation.text("Text", 512).map(|_| ()))
    })?;
    top.shared()?;
    top.inside("FindingProviderFields", |fields| fields.shared())?;
    if strict && !has_severity(object) {
        let message = "is required: send Label or Normalized, here or in FindingProviderFields.Severity";
        return Err(Problem::new("Severity", message));
    }
    Ok(())
}

/// Who made the finding, and whose it is.
fn identity(top: &At<'_>, strict: bool) -> Checked {
    if strict && top.required_text("SchemaVersion", 64)? != "2018-10-08" {
        return Err(Problem::new("SchemaVersion", "must be 2018-10-08"));
    }
    top.required_text("Id", 512)?;
    let arn = top.required_text("ProductArn", 2048)?;
    if strict && !ProductArn::parse(arn).is_some_and(|arn| arn.is_valid()) {
        let message = "has neither of the forms arn:aws:securityhub:REGION::product/COMPANY/PRODUCT and \
                       arn:aws:securityhub:REGION:ACCOUNT:product/ACCOUNT/default";
        return Err(Problem::new("ProductArn", message));
    }
    if arn == PRODUCT_ARN {
        return Err(Problem::new(
            "ProductArn",
            "is that of this ledger's own audits, which nobody else files findings for",
        ));
    }
    let account = top.required_text("AwsAccountId", usize::MAX)?;
    if strict && !Account::is_id(account) {
        return Err(Problem::new("AwsAccountId", "must be 12 digits"));
    }
    Ok(())
}

fn times(top: &At<'_>, object: &Object) -> Checked {
    for name in ["CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt", "ProcessedAt"] {
        top.timestamp(name)?;
    }
    // Both doors need it: without it nobody can tell which of two states is the newer one.
    top.required_text("UpdatedAt", usize::MAX)?;
    At::top(object, true).timestamp("UpdatedAt")?;
    if top.is_strict() { top.required_text("CreatedAt", usize::MAX).map(|_| ()) } else { Ok(()) }
}

fn compliance(top: &At<'_>) -> Checked {
    top.inside("Compliance", |compliance| {
        compliance.one_of("Status", rules::COMPLIANCE)?;
        compliance.texts("RelatedRequirements", 32)?;
        compliance.text("SecurityControlId", usize::MAX)?;
        compliance
            .objects("AssociatedStandards", usize::MAX, |standard| standard.text("StandardsId", usize::MAX).map(|_| ()))
    })
}

fn resources(top: &At<'_>, strict: bool) -> Checked {
    if strict && top.list("Resources", 32)?.is_some_and(Vec::is_empty) {
        return Err(Problem::new("Resources", "is empty; send 1 to 32 resources"));
    }
    top.objects("Resources", 32, |resource| {
        if strict {
            resource.required_text("Type", usize::MAX)?;
            resource.required_text("Id", usize::MAX)?;
        }
        resource.text("Type", usize::MAX)?;
        resource.text("Id", usize::MAX)?;
        resource.text("Region", usize::MAX)?;
        resource.inside("Tags", |_| Ok(()))
    })
}

fn has_severity(object: &Object) -> bool {
    ["Severity", "FindingProviderFields.Severity"]
        .into_iter()
        .filter_map(|path| json::at(object, path)?.as_object())
        .any(|block| severity::of_block(block).is_some())
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
