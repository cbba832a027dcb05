//! The filters and orders that lists are asked for with.

use posture_shared::domain::column::pair;
use posture_shared::domain::json::text_at;
use posture_shared::domain::query::{
    Clause, DocumentField, Field, Filter, Folded, InstantRange, Match, NumberRange, SortKey, Test,
};
use posture_shared::domain::resource::RESOURCE;
use posture_shared::domain::resource_type::ResourceType;
use posture_shared::domain::{Cell, Column, Instant, MappingQuery};

/// A fact that no column holds.
static NOTE: DocumentField =
    DocumentField { name: "NoteText", of: |finding| Cell::from(text_at(&finding.asff, "Note.Text")) };

/// The nth filter; instants in it lie around `around`.
pub fn filter(n: usize, around: Instant) -> Filter {
    let column = |column: Column, test: Test| Clause { field: Field::Column(column), test };
    let equals = |texts: &[&str]| Test::Text {
        any: texts.iter().map(|text| Match::Equals((*text).to_owned())).collect(),
        none: Vec::new(),
    };
    let not = |matches: Vec<Match>| Test::Text { any: Vec::new(), none: matches };
    let day = 86_400_000;
    let clauses = match n {
        0 => vec![],
        1 => vec![column(Column::Status, equals(&["open"]))],
        2 => vec![column(Column::Status, equals(&["needs_review", "risk_accepted"]))],
        3 => vec![column(Column::WorkflowStatus, equals(&["NOTIFIED"]))],
        4 => {
            vec![column(Column::Severity, equals(&["high", "critical"])), column(Column::Presence, equals(&["active"]))]
        }
        5 => vec![column(
            Column::ResourceTags,
            Test::Text { any: vec![Match::PairContains { key: "team".into(), value: "lu".into() }], none: vec![] },
        )],
        6 => vec![column(Column::Description, not(vec![Match::Contains("altogether".into())]))],
        7 => vec![column(
            Column::UpdatedAt,
            Test::Instants(vec![InstantRange::Between {
                from: Some(Instant(1_704_067_200_000 + 3 * day)),
                to: Some(Instant(1_704_067_200_000 + 9 * day)),
            }]),
        )],
        8 => vec![column(Column::ChangedAt, Test::Instants(vec![InstantRange::Within(30_000)]))],
        9 => vec![column(Column::LastSeen, Test::Instants(vec![InstantRange::OlderThan(60_000)]))],
        10 => vec![
            column(Column::ExpiresAt, Test::Present(true)),
            column(Column::Title, not(vec![Match::Prefix("A bucket is open to e".into())])),
        ],
        11 => vec![
            Clause { field: Field::Document(&NOTE), test: Test::Present(true) },
            column(Column::Result, equals(&["fail"])),
        ],
        12 => vec![
            column(Column::Confidence, Test::Numbers(vec![NumberRange { gte: Some(40.0), ..NumberRange::default() }])),
            column(Column::Id, not(vec![Match::Contains("7".into())])),
        ],
        13 => vec![column(
            Column::ResourceIds,
            Test::any([Match::Wildcard(["arn:", "bucket", ""].map(str::to_owned).to_vec())]),
        )],
        14 => {
            // As a search does: any of several columns, in any case of letters.
            let holds =
                |column| Filter::of([Clause::on(column, Test::any([Match::ContainsFolded(Folded::new("eVERYBODY"))]))]);
            let search = vec![holds(Column::Title), holds(Column::Description), holds(Column::ResourceIds)];
            return Filter::of([Clause::on(Column::Presence, equals(&["active"]))]).and_one_of(search);
        }
        15 => {
            // What some dialects call resolved.
            let resolved = vec![
                Filter::of([Clause::on(Column::Status, equals(&["remediated", "needs_review"]))]),
                Filter::of([
                    Clause::on(Column::Result, equals(&["pass"])),
                    Clause::on(Column::EverFailed, Test::Present(true)),
                ]),
                Filter::of([Clause::on(Column::Presence, equals(&["gone"]))]),
            ];
            return Filter::default().and_one_of(resolved);
        }
        16 => {
            // By what several columns tell together, and by what a column's texts mean.
            let path = Test::any([Match::ContainsFolded(Folded::new("eu-west-1:AWS.S3.BUCKET:prowler-0"))]);
            let kind = Match::ResourceType(ResourceType::parse("aws.s3.bucket"));
            let mapping = MappingQuery::new(None, Some("AC-2".to_owned()));
            return Filter::of([column(Column::ResourceTypes, Test::any([kind]))]).and_one_of(vec![
                Filter::of([Clause::on_derived(&RESOURCE, path)]),
                Filter::of([column(Column::Controls, Test::any([Match::Control(mapping)]))]),
            ]);
        }
        _ => vec![
            column(
                Column::ChangedAt,
                Test::Instants(vec![InstantRange::Between { from: Some(around), to: Some(around.plus(day)) }]),
            ),
            column(Column::ResourceTags, not(vec![Match::Equals(pair("team", "blue"))])),
        ],
    };
    Filter::of(clauses)
}

/// The nth order.
pub fn order(n: usize) -> Vec<SortKey> {
    let key = |column, descending| SortKey { column, descending };
    match n {
        0 => vec![],
        1 => vec![key(Column::Severity, true), key(Column::Title, false)],
        2 => vec![key(Column::UpdatedAt, true)],
        3 => vec![key(Column::ChangedAt, false)],
        4 => vec![key(Column::Status, true), key(Column::LastSeen, true)],
        _ => vec![key(Column::ResourceIds, true)],
    }
}
