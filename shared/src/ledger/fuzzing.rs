//! Doors to the stored forms for the fuzz targets, which stand outside the crate. Built for fuzzing only.

use super::compress::{pack, pack_bytes};
use super::entry::{Body, Entry};
use super::item::{Item, Key};
use super::manifest::Manifest;
use super::segment::{MAGIC, Segment};
use super::{FORMAT, proof::Hash};
use crate::domain::{Column, Instant, TenantId};

/// Decodes a stored segment and reads some of its cells.
pub fn segment(bytes: &[u8]) {
    let Ok(block) = Segment::decode(bytes).and_then(|segment| segment.unpack()) else { return };
    for column in Column::ALL {
        for row in [0, 1, 127, 128, 8_191, usize::MAX] {
            let _ = block.cell(row, *column);
        }
        if let Some(coded) = block.column(*column) {
            let _ = (coded.value(coded.distinct()), coded.code(block.rows()));
        }
    }
    let _ = block.bytes();
}

/// Decodes a segment of so many rows, whose columns are `raw` before compression.
pub fn block(raw: &[u8]) {
    let Some((rows, raw)) = raw.split_first() else { return };
    let Ok(packed) = pack_bytes(raw, 1) else { return };
    segment(&[MAGIC, &[rows & 0x7f], &packed].concat());
}

/// Decodes a log entry with this JSON text.
pub fn entry(text: &str) {
    let Some(item) = item(text) else { return };
    let Ok(tenant) = TenantId::parse("fuzz") else { return };
    let Ok(entry) = Entry::from_item(&item) else { return };
    for change in &entry.body.changes {
        let _ = change.cells(entry.at, entry.body.source(change));
    }
    let _ = entry.is_intact(&tenant);
    if let Ok(text) = serde_json::to_string(&entry.body) {
        assert_eq!(serde_json::from_str::<Body>(&text).ok().as_ref(), Some(&entry.body), "a body reads back");
    }
}

/// Decodes a manifest with this JSON text.
pub fn manifest(text: &str) {
    if let Some(Ok(manifest)) = item(text).map(|item| Manifest::from_item(&item)) {
        let _ = manifest.bytes();
    }
}

/// An item that has whatever attributes a log entry or a manifest needs.
fn item(text: &str) -> Option<Item> {
    let sk = Instant(1_700_000_000_000).key();
    let mut item = Item::new(&Key { pk: "fuzz#log".to_owned(), sk });
    for (name, number) in [("format", FORMAT), ("seq", 1), ("count", 1), ("log_bytes", 1), ("checkpoint", 1)] {
        item.put_number(name, number);
    }
    item.put_bytes("previous", Hash::default().0.to_vec());
    item.put_bytes("chain", Hash::default().0.to_vec());
    item.put_bytes("body", pack(text).ok()?);
    Some(item)
}
