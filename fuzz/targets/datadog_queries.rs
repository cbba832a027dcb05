//! Datadog's reads: a path, a User-Agent, then parameters, name and value with a tab between them, one a line; and behind
//! an empty line a finding to show.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::{LATER, NOW, finding};
use posture_shared::dialects::datadog::list_findings::Page;
use posture_shared::dialects::datadog::{Asked, Listed, get_finding, list_findings};
use posture_shared::domain::{AsOf, Instant, Ordinal, Row, Uids, json};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let (request, document) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = request.lines();
    let (path, user_agent) = (lines.next().unwrap_or_default(), lines.next());
    let pairs = lines.map(|line| line.split_once('\t').unwrap_or((line, "")));
    let query: Vec<(String, String)> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let asked = Asked { path, query: &query, user_agent };
    let mut finding = finding();
    if let Ok(Value::Object(asff)) = json::parse(document.as_bytes()) {
        finding.asff = asff;
    }
    let uid = Uids::new([1; 32]).finding(Ordinal(0));
    let shown = Listed { uid, finding: &finding };
    if let Ok(request) = list_findings::parse(&asked) {
        let row = Row::of(&finding, NOW);
        for now in [Instant(i64::MIN), NOW, Instant(i64::MAX)] {
            request.filter.accepts(&finding, &row, now);
        }
        let as_of = request.as_of.unwrap_or(AsOf { at: LATER, seq: None });
        let page = Page { findings: vec![shown], total: 1, start: 0, next: request.token.as_deref(), as_of };
        assert_eq!(list_findings::render(&request, &page).status, 200);
    }
    for id in [path.to_owned(), uid.to_string()] {
        if let Ok(request) = get_finding::parse(&id, &asked) {
            let _ = get_finding::render(&request, &shown);
        }
    }
});
