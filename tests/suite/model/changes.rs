//! Net changes are what comparing the model's states just before an interval and at its end gives.

use super::naive::{Naive, Point, State};
use posture_shared::domain::finding::Vocabulary;
use posture_shared::domain::query::Filter;
use posture_shared::domain::{Cell, Column, Instant, Judged, NetChange, NetKind, Ordinal, TenantId, net};
use posture_shared::ledger::{Reader, When};
use posture_shared::operations::{ChangesQuery, Question, get_finding_changes};
use std::collections::BTreeMap;

/// Asks for every page of the net changes from an instant on, up to another or now, and compares.
pub async fn compare(
    reader: &Reader,
    tenant: &TenantId,
    naive: &Naive,
    from: Instant,
    to: Option<Instant>,
    filter: Filter,
) {
    // By the log, and by the columns.
    for most_log in [usize::MAX, 0] {
        compare_by(reader, tenant, naive, (from, to), filter.clone(), most_log).await;
    }
}

async fn compare_by(
    reader: &Reader,
    tenant: &TenantId,
    naive: &Naive,
    (from, to): (Instant, Option<Instant>),
    filter: Filter,
    most_log: usize,
) {
    let mut query = ChangesQuery {
        most_log,
        row_size: None,
        question: Question { filter, when: to.map_or(When::Now, When::At), ..Question::default() },
        from,
        kind: None,
        severities: None,
        limit: 3,
        token: None,
        fingerprint: [9; 32],
        token_field: "page_cursor",
    };
    let mut walked: Vec<NetChange> = Vec::new();
    loop {
        let page = get_finding_changes(reader, tenant, &query).await.unwrap();
        let point = Point { seq: page.opened.view.seq, at: page.opened.view.at };
        let expected = expected(naive, from, point, &query.question.filter);
        assert_eq!(page.total as usize, expected.len(), "from {from} to {point:?}: {expected:?}");
        assert_eq!(page.start as usize, walked.len());
        for (change, found) in page.changes {
            assert_eq!(Some(&change), expected.get(walked.len()), "from {from} to {point:?}");
            assert_eq!(found.ordinal, change.ordinal);
            walked.push(change);
        }
        query.token = page.next;
        if query.token.is_none() {
            assert_eq!(walked.len(), expected.len(), "rows of all pages");
            break;
        }
    }
    let kinds = [NetKind::New, NetKind::Resolved, NetKind::Modified];
    let mut of_kinds = 0;
    for kind in kinds {
        let query = ChangesQuery { kind: Some(kind), limit: 100, token: None, ..query.clone() };
        let page = get_finding_changes(reader, tenant, &query).await.unwrap();
        assert!(page.changes.iter().all(|(change, _)| change.reason.kind() == kind));
        of_kinds += page.total as usize;
    }
    // With no end the clock moves between requests, and an acceptance may end meanwhile.
    assert!(to.is_none() || of_kinds == walked.len(), "the kinds add up");
}

fn expected(naive: &Naive, from: Instant, point: Point, filter: &Filter) -> Vec<NetChange> {
    let before: BTreeMap<u32, State> = states(naive, naive.at(from.plus(-1)));
    let mut changes = Vec::new();
    for (ordinal, state) in states(naive, point) {
        let cell = |column: Column| Ok::<Cell, ()>(state.row.get(column).clone());
        if filter.accepts_cells(&cell, point.at) != Ok(true) {
            continue;
        }
        let (earlier, later) = (before.get(&ordinal).map(judged), Some(judged(&state)));
        if let Some(reason) = net::compare(earlier, later) {
            let at = Instant(state.row.get(Column::ChangedAt).int().unwrap());
            assert!(from <= at && at <= point.at, "{ordinal} changed at {at}, not from {from} to {point:?}");
            changes.push(NetChange { ordinal: Ordinal(ordinal), at, reason, before: earlier, after: later });
        }
    }
    changes
}

fn states(naive: &Naive, point: Point) -> BTreeMap<u32, State> {
    naive.states(point).into_iter().map(|state| (state.ordinal, state)).collect()
}

fn judged(state: &State) -> Judged {
    fn word<T: Vocabulary>(state: &State, column: Column) -> Option<T> {
        state.row.get(column).text().and_then(T::from_word)
    }
    Judged {
        result: word(state, Column::Result).unwrap(),
        severity: word(state, Column::Severity).unwrap(),
        status: word(state, Column::Status),
        presence: word(state, Column::Presence).unwrap(),
    }
}
