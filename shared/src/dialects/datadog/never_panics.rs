//! Whatever comes in, and whatever a document holds, an answer comes out.

use super::finding::Listed;
use super::list_findings::{self, Page};
use super::samples::{finding, finds, odd, uid};
use super::{Asked, get_finding};
use crate::domain::{AsOf, Instant};
use proptest::prelude::*;

const PATHS: [&str; 2] = ["/api/v2/posture_management/findings", "/prod/datadog/api/v2/posture_management/findings"];

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("filter[tags]".to_owned()),
        Just("filter[status]".to_owned()),
        Just("filter[resource_type]".to_owned()),
        Just("filter[rule_id]".to_owned()),
        Just("filter[@resource_id]".to_owned()),
        Just("snapshot_timestamp".to_owned()),
        Just("page[limit]".to_owned()),
        Just("limit".to_owned()),
        "filter\\[evaluation_changed_at\\][<>=0-9]{0,4}",
        "filter\\[[a-z_@]{0,12}\\]",
        ".{0,12}",
    ]
}

proptest! {
    #[test]
    fn queries_are_answered(
        path in 0..2_usize,
        query in proptest::collection::vec((names(), "[-*\\\\,:<>=0-9a-z.]{0,12}|.{0,12}"), 0..6),
        agent in proptest::option::of(".{0,30}"),
    ) {
        let path = PATHS.get(path).copied().unwrap_or_default();
        let asked = Asked { path, query: &query, user_agent: agent.as_deref() };
        if let Ok(request) = list_findings::parse(&asked) {
            for finding in odd().iter().chain([&finding()]) {
                let _ = finds(&request.filter, finding);
                let as_of = AsOf { at: Instant(i64::MIN), seq: None };
                let findings = vec![Listed { uid: uid(), finding }];
                let page = Page { findings, total: u32::MAX, start: u32::MAX, next: None, as_of };
                prop_assert_eq!(list_findings::render(&request, &page).status, 200);
            }
        }
        if let Ok(request) = get_finding::parse(&uid().to_string(), &asked) {
            for finding in odd().iter().chain([&finding()]) {
                let shown = Listed { uid: uid(), finding };
                prop_assert!(get_finding::render(&request, &shown).is_ok());
            }
        }
        let _ = get_finding::parse(agent.as_deref().unwrap_or_default(), &asked);
    }
}
