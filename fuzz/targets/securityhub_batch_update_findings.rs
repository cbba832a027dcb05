//! BatchUpdateFindings' body, and what it does to a finding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::{NOW, finding, stored, update};
use posture_shared::dialects::securityhub::batch_update_findings;
use posture_shared::domain::asff::Update;

fuzz_target!(|body: &[u8]| {
    let Ok(request) = batch_update_findings::parse(body) else { return };
    if let Ok(change) = Update::parse(&request.change) {
        stored(&update(finding(), &change, NOW));
    }
    let _ = batch_update_findings::render(&[], &request.duplicated);
});
