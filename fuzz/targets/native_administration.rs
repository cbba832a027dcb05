//! Bodies of the routes of keys, accounts and rules.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_shared::dialects::native::{accounts, keys, rules};

fuzz_target!(|body: &[u8]| {
    if let Ok(key) = keys::parse(body) {
        assert!(key.rate_per_minute.is_none_or(|rate| (1..=keys::MAX_RATE).contains(&rate)));
    }
    if let Ok(account) = accounts::parse("123456789012".to_owned(), body) {
        let _ = accounts::one(&account);
    }
    if let Ok(files) = rules::parse(body) {
        assert!(files.values().map(String::len).sum::<usize>() <= rules::MAX_BYTES);
    }
    let _ = rules::parse_params(body);
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = (accounts::parse_id(text), keys::end(text), keys::scope(text));
    }
});
