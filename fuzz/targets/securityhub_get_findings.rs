//! GetFindings' body, and whatever filter it gives on a finding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::{NOW, finding};
use posture_shared::dialects::securityhub::get_findings;
use posture_shared::domain::{Instant, Row};

fuzz_target!(|body: &[u8]| {
    let Ok(query) = get_findings::parse(body) else { return };
    let finding = finding();
    let row = Row::of(&finding, NOW);
    for now in [Instant(i64::MIN), NOW, Instant(i64::MAX)] {
        query.filter.accepts(&finding, &row, now);
    }
    for key in &query.sort {
        let _ = key.column.name();
    }
});
