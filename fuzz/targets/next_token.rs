//! Tokens as a client sends them, and payloads under a good seal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::{CLOSED, masters};
use posture_shared::clock::Clock;
use posture_shared::domain::TenantId;
use posture_shared::ledger::{Reader, Writer};
use posture_shared::operations::cursor::Cursor;
use posture_shared::seal::Seal;
use std::sync::LazyLock;

static WRITER: LazyLock<Writer> =
    LazyLock::new(|| Writer::connect(&CLOSED, "none", Clock::system(), masters()));

fuzz_target!(|bytes: &[u8]| {
    let reader: &Reader = &WRITER;
    let Ok(tenant) = TenantId::parse("fuzz") else { return };
    let open = |text: &str| Cursor::open(reader, &tenant, text, &[0; 32], "NextToken");
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(open(text).is_err(), "a made-up token opened");
        assert!(Seal::new(&masters(), &tenant, "history").open(text).is_none());
    }
    if let Ok(cursor) = open(&Seal::new(&masters(), &tenant, "cursor").seal(bytes)) {
        assert!(open(&cursor.seal(reader, &tenant)) == Ok(cursor), "a token says all of a cursor");
        let _ = cursor.when();
    }
});
