//! A request's text: which key it names, and whether it is let in. Nobody is, since no secret is known.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::{NOW, masters};
use posture_shared::auth::{SignedRequest, admit, locate};
use posture_shared::domain::{KeyRecord, Scope};

fuzz_target!(|bytes: &[u8]| {
    let request = SignedRequest::from_text(bytes);
    let Ok(presented) = locate(&request) else { return };
    let record = KeyRecord {
        tenant: presented.tenant.clone(),
        name: presented.name.clone(),
        scopes: [Scope::Admin].into(),
        accounts: None,
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
        token_hash: "ab".repeat(32),
        salt: "cd".repeat(16),
        master_version: 1,
        rate_per_minute: None,
    };
    for record in [Some(&record), None] {
        let result = admit(&presented, &request, record, &masters(), None, NOW, NOW);
        assert!(result.is_err(), "let in {presented:?}");
    }
});
