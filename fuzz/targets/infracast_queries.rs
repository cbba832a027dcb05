//! Infracast's reads: the id, then query parameters `name=value`, one a line; and behind an empty line a finding to show.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::{NOW, finding};
use posture_shared::dialects::infracast::list_findings::{self, List};
use posture_shared::dialects::export::Format;
use posture_shared::dialects::infracast::{Listed, compliance_summary, export, get_finding, limits, row, stream};
use posture_shared::dialects::native::{audit_log, changes, history};
use posture_shared::domain::{Ordinal, Place, Position, Row, Uids, json};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let (query, document) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = query.lines();
    let id = lines.next().unwrap_or_default();
    let pairs: Vec<(String, String)> =
        lines.map(|line| line.split_once('=').unwrap_or((line, ""))).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let _ = (get_finding::parse(id, &pairs), compliance_summary::parse(&pairs));
    let mut finding = finding();
    if let Ok(Value::Object(asff)) = json::parse(document.as_bytes()) {
        finding.asff = asff;
    }
    let listed = Listed { uid: Uids::new([1; 32]).finding(Ordinal(1)), finding: &finding, last_seen: NOW, patchable: None };
    for list in [List::Plain, List::Scored] {
        let Ok(request) = list_findings::parse(list, &pairs) else { continue };
        let _ = request.filter.accepts(&finding, &Row::of(&finding, NOW), NOW);
        let shown = row::listed(&listed, request.filter.mapping(), list == List::Scored);
        assert!(shown.to_string().len() <= limits::ROW_BYTES, "a row has its bound");
        assert!(request.start() <= u32::MAX - 1 || request.page > 1);
    }
    let _ = row::whole(&listed);
    told(id, &pairs, &listed);
});

/// The stream's and the feeds' parameters, the finding as an event of the stream, and as a line of each file.
fn told(id: &str, pairs: &[(String, String)], listed: &Listed<'_>) {
    let _ = (changes::parse(pairs), history::parse(pairs), audit_log::parse(pairs));
    if let Ok(request) = stream::parse(Some(id), pairs)
        && let Some(Place::Behind(place)) = request.after
    {
        assert_eq!(Position::parse("id", &place.to_string()), Ok(place), "a place is read as it is written");
    }
    let position = Position::behind(NOW, 1);
    let event = stream::Event { position, before: None, shown: *listed };
    if let Some(text) = stream::event(&event, None) {
        assert_eq!(text.matches('\n').count(), 3, "an event is an id, a line of data, and a blank one");
    }
    let _ = export::parse(Some(id), pairs);
    for format in export::FORMATS {
        let line = export::line(format, List::Scored, listed, None);
        assert!(line.ends_with('\n'));
        assert!(format == Format::Csv || line.matches('\n').count() == 1, "a value is a line");
    }
}
