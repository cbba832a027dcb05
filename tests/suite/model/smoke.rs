//! The shortest way through the whole ledger.

use super::findings::{day, finding, key};
use super::world::World;
use posture_shared::domain::Outcome;
use posture_shared::ledger::When;
use posture_shared::operations::{
    FindingsQuery, HistoryQuery, get_finding, get_finding_history, get_findings, import_findings,
};

#[tokio::test]
async fn three_findings_are_imported_listed_and_have_a_history() {
    let world = World::new().await;
    let writer = world.writer();
    let sent: Vec<_> = (0..3).map(|n| finding(&key(0, n), &day(1))).collect();
    let outcomes = import_findings(&writer, &world.caller(), &sent).await.unwrap();
    assert_eq!(outcomes, vec![Outcome::Created; 3]);
    let again = import_findings(&writer, &world.caller(), &sent).await.unwrap();
    assert_eq!(again, vec![Outcome::Unchanged; 3]);
    let mut passed = finding(&key(0, 1), &day(2));
    passed["Compliance"]["Status"] = "PASSED".into();
    let outcomes = import_findings(&writer, &world.caller(), &[passed]).await.unwrap();
    assert_eq!(outcomes, vec![Outcome::Changed]);

    for reader in [writer, world.writer()] {
        let query = FindingsQuery { limit: 100, token_field: "NextToken", ..FindingsQuery::default() };
        let page = get_findings(&reader, &world.tenant, &query).await.unwrap();
        assert_eq!((page.total, page.findings.len(), page.next), (3, 3, None));
        let query = HistoryQuery { key: key(0, 1), from: None, to: None, limit: 10, token: None, fingerprint: [0; 32] };
        let history = get_finding_history(&reader, &world.tenant, &query).await.unwrap();
        assert_eq!(history.records.iter().map(|r| r.created).collect::<Vec<_>>(), [false, true]);
        assert_eq!(history.records[0].changes.len(), 1, "{history:?}");
        assert_eq!(history.records[0].changes[0].path, "Compliance.Status");
        let found = get_finding(&reader, &world.tenant, &key(0, 1), When::Now).await.unwrap().unwrap();
        assert_eq!(found.finding.asff["UpdatedAt"], day(2));
    }
}
