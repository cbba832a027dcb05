//! BatchImportFindings' body, and the findings in it as far as a finding of that identity.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::{NOW, import, stored};
use posture_shared::dialects::securityhub::batch_import_findings;

fuzz_target!(|body: &[u8]| {
    let Ok(findings) = batch_import_findings::parse(body) else { return };
    let mut current = None;
    for finding in &findings {
        current = import(current, finding, NOW).map(|next| stored(&next));
    }
});
