//! Bodies of every dialect's decisions, the query of their log, and the tags of states.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_shared::dialects::bitdefender::update_checks;
use posture_shared::dialects::datadog::mute_findings::{self, Generation};
use posture_shared::dialects::decision::MOST_IDS;
use posture_shared::dialects::etag;
use posture_shared::dialects::infracast::{accept_finding, resolve_finding};
use posture_shared::dialects::native::{audit_log, decisions};
use posture_shared::domain::{Ruling, Status};

/// Only what accepts a risk has an end.
fn check(ruling: &Ruling) {
    assert!(ruling.expires_at.is_none() || ruling.status == Some(Status::RiskAccepted));
    assert!(ruling.status.is_some() || ruling.severity.is_some());
}

fuzz_target!(|body: &[u8]| {
    for parsed in [accept_finding::parse(body), resolve_finding::parse(body)].into_iter().flatten() {
        check(&parsed);
    }
    if let Ok(request) = update_checks::parse(body) {
        check(&request.ruling);
        assert!((1..=MOST_IDS).contains(&request.ids.len()));
    }
    for generation in [Generation::Findings, Generation::Security] {
        if let Ok(request) = mute_findings::parse(generation, body) {
            check(&request.ruling);
            let _ = mute_findings::render(&request, &[], None);
        }
    }
    if let Ok(request) = decisions::parse(body) {
        check(&request.ruling);
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = etag::parse(Some(text));
        for name in audit_log::PARAMETERS {
            let _ = audit_log::parse(&[(name.to_owned(), text.to_owned())]);
        }
    }
});
