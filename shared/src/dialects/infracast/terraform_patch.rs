//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}/terraform-patch`: the patch (infracast-findings, Get Terraform Patch).
//!
//! `patch` is a unified diff that `git apply` and `patch -p1` take in the folder that was pushed, with the line endings of the files.
//! `root` names that push, and `caution` says what to know before it is applied, or is null; both are ours. Where there is no
//! patch the answer is a 404 that says why.

use super::super::Reply;
use super::row::{self, Listed};
use serde_json::json;

/// The patch of a finding.
pub fn render(shown: &Listed<'_>, root: &str, patch: &str, caution: Option<&str>) -> Reply {
    let id = row::full_id(shown);
    Reply::json(200, &json!({"finding_id": id, "patch": patch, "root": root, "caution": caution}))
}
