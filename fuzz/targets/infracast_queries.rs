//! Infracast's reads: the id, then query parameters `name=value`, one a line; and behind an empty line a finding to show.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::{NOW, finding};
use posture_shared::dialects::infracast::list_findings::{self, List};
use posture_shared::dialects::infracast::{Listed, compliance_summary, get_finding, limits, row};
use posture_shared::domain::{Ordinal, Row, Uids, json};
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
});
