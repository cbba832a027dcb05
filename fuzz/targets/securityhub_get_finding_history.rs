//! GetFindingHistory's body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_shared::dialects::securityhub::get_finding_history;

fuzz_target!(|body: &[u8]| {
    if let Ok(request) = get_finding_history::parse(body) {
        assert!((1..=100).contains(&request.limit));
        let _ = get_finding_history::render(&request.key, &[], request.token.as_deref());
    }
});
