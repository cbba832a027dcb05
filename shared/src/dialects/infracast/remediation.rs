//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}/remediation`: how to mend it (infracast-findings, Get AI Remediation).
//!
//! The members of the document come first; `rationale`, `url`, `source` and `generated` are ours. A step without a command has null in its
//! place. Steps are those of the rule, or what the producer of an imported finding says; `generated` names the model that worded
//! what else there is, and is null where none did.

use super::super::Reply;
use super::get_finding::not_found;
use super::row::{self, Listed};
use super::vocabulary::Listing;
use crate::domain::Error;
use crate::domain::remediation::{Generated, Remediation, Step, Told};
use serde_json::{Value, json};

/// The members that a model may word.
pub const GENERATED: [&str; 2] = ["summary", "rationale"];

/// The steps for a finding; [`Error::NotFound`] for one that never failed, which is none here.
pub fn render(shown: &Listed<'_>, remediation: &Remediation) -> Result<Reply, Error> {
    if Listing::of(&shown.finding.standing).is_none() {
        return Err(not_found());
    }
    let Remediation { summary, rationale, url, steps, told, generated } = remediation;
    let step = |(place, Step { action, command }): (usize, &Step)| json!({"order": place + 1, "action": action, "command": command});
    let by = |Generated { model, at }: &Generated| json!({"members": GENERATED, "model": model, "at": at.to_string()});
    let body = json!({
        "finding_id": row::full_id(shown),
        "summary": summary,
        "steps": steps.iter().enumerate().map(step).collect::<Vec<Value>>(),
        "terraform_patch_available": shown.patchable,
        "rationale": rationale,
        "url": url,
        "source": source(*told),
        "generated": generated.as_ref().map(by),
    });
    Ok(Reply::json(200, &body))
}

/// Who says so, as a word.
pub fn source(told: Told) -> &'static str {
    match told {
        Told::Rule => "rule",
        Told::Producer => "producer",
    }
}
