//! What the resources route and AWS Config's events bring: whatever is taken reads back as the same item.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::NOW;
use posture_shared::audit::intake::{Context, normalise, read};
use posture_shared::dialects::native::resources::parse;

fuzz_target!(|body: &[u8]| {
    let Ok(sent) = parse(body) else { return };
    let context = Context { account: Some("123456789012".to_owned()), region: Some("eu-west-1".to_owned()), at: NOW };
    let Ok(intake) = read(&sent, &context) else { return };
    for item in intake.items.into_iter().flatten() {
        assert_eq!(normalise(&item.to_value(), &context), Ok(vec![item]), "an item reads back");
    }
});
