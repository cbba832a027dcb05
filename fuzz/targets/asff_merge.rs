//! Three documents, one a line: a finding, its import, and an update; then both as a hub's snapshots.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::{LATER, NOW, import, snapshot, stored, update};
use posture_shared::domain::asff::{Door, Update, validate};
use posture_shared::domain::{Snapshot, json};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let mut documents = text.lines().map(|line| json::parse(line.as_bytes()).unwrap_or_default());
    let (first, second, third) = (documents.next(), documents.next(), documents.next());
    let (Some(first), Some(second)) = (first, second) else { return };
    for door in [Door::Import, Door::Snapshot] {
        let _ = validate(&first, door);
    }
    let mut current = import(None, &first, NOW).map(|finding| stored(&finding));
    current = import(current, &second, LATER).map(|finding| stored(&finding));
    for each in [&second, &first] {
        let before = current.clone();
        let each = Snapshot { finding: each.clone(), time: Some(LATER.to_string()) };
        current = snapshot(current, &each).map(|finding| stored(&finding));
        if let (Some(before), Some(after)) = (&before, &current) {
            let _ = json::differences(&before.asff, &after.asff);
        }
    }
    let (Some(Value::Object(change)), Some(current)) = (third, current) else { return };
    if let Ok(change) = Update::parse(&change) {
        let updated = stored(&update(current, &change, LATER));
        let again = update(updated.clone(), &change, LATER);
        assert_eq!(updated.asff, again.asff, "the same update twice is the update once");
    }
});
