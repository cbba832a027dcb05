//! `POST /api/v1/tenants/{tenantID}/findings/run`: start an audit run (infracast-findings, Run the Audit Engine).
//!
//! The document shows no status beside 200; the answer is 202, since the work goes on behind it. A run that has not ended is `running`
//! here, whether or not a worker is at it right now. The same extent asked for again while it runs is the same job.

use super::super::Reply;
use super::super::members::{self, Members};
use crate::domain::framework::FrameworkQuery;
use crate::domain::run::Run;
use crate::domain::{Error, Instant};
use serde_json::json;

/// The member that names the one framework to run.
pub const FRAMEWORK: &str = "framework";

/// Reads `{}` or `{"framework"}`, or nothing at all; [`Error::Invalid`] names the member at fault.
pub fn parse(body: &[u8]) -> Result<Option<FrameworkQuery>, Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let body = members::body(body)?;
    if let Some(other) = body.keys().find(|name| name.as_str() != FRAMEWORK) {
        return Err(Error::invalid(members::shown(other), "is no member of this request; there is framework"));
    }
    let Some(text) = Members::root(&body).any_text(FRAMEWORK)? else { return Ok(None) };
    let query = FrameworkQuery::parse(text);
    query
        .map(Some)
        .ok_or_else(|| Error::invalid(FRAMEWORK, "names no framework; send for example cis-aws or nist-800-53"))
}

/// The run that was asked for, as it stands at `now`.
pub fn render(run: &Run, now: Instant) -> Reply {
    let body = json!({
        "job_id": run.id,
        "status": status(run, now),
        "frameworks": run.frameworks,
        "started_at": run.started_at.to_string(),
    });
    Reply::json(202, &body)
}

/// How a run stands, in the document's word where it has one: `running`, `done` or `failed`.
pub fn status(run: &Run, now: Instant) -> &'static str {
    if run.has_ended() { run.state_at(now).name() } else { "running" }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{parse, render};
    use crate::domain::Instant;
    use crate::domain::run::Run;

    /// infracast-findings, Run the Audit Engine.
    #[test]
    fn the_documents_requests_are_understood() {
        let named = |body: &str| parse(body.as_bytes()).unwrap().map(|query| query.framework);
        assert_eq!(named(r#"{"framework": "nist-800-53"}"#).as_deref(), Some("nist-800-53"));
        for body in ["{}", "", " ", r#"{"framework": null}"#] {
            assert_eq!(named(body), None, "{body}");
        }
        for (body, at_fault) in [
            (r#"{"framework": ""}"#, "framework"),
            (r#"{"framework": 7}"#, "framework"),
            (r#"{"frameworks": "x"}"#, "frameworks"),
        ] {
            let error = parse(body.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{at_fault}: ")), "{body}: {error}");
        }
    }

    #[test]
    fn a_run_that_waits_is_running() {
        let run = Run::new(None, vec!["cis-aws".to_owned()], Instant(1_710_583_200_000));
        let reply = render(&run, Instant(1_710_583_200_000));
        assert_eq!(reply.status, 202);
        let body = String::from_utf8(reply.body).unwrap();
        let wanted = r#"{"frameworks":["cis-aws"],"job_id":"audit-job-all-1710583200000","started_at":"2024-03-16T10:00:00.000Z","status":"running"}"#;
        let (body, wanted): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(&body).unwrap(), serde_json::from_str(wanted).unwrap());
        assert_eq!(body, wanted);
    }
}
