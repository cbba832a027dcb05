//! The snapshots route's body, applied one after the other, and in the other order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::{snapshot, stored};
use posture_shared::dialects::native::snapshots::parse;

fuzz_target!(|body: &[u8]| {
    let Ok(snapshots) = parse(body) else { return };
    let mut current = None;
    for each in snapshots.iter().chain(snapshots.iter().rev()) {
        current = snapshot(current, each).map(|next| stored(&next));
    }
});
