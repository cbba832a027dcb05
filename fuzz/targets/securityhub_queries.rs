//! Query parameters of the two GETs: one text a line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_shared::dialects::securityhub::{describe_hub, list_enabled_products};

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let (first, second) = (lines.next(), lines.next());
    if let Ok(Some(hub)) = describe_hub::parse(first) {
        assert_eq!(Some(hub.to_string().as_str()), first, "an ARN is spelled one way");
    }
    if let Ok(request) = list_enabled_products::parse(first, second) {
        let accounts = ["123456789012".to_owned(), "210987654321".to_owned()];
        let _ = list_enabled_products::render(&request, "eu-west-1", &accounts);
    }
});
