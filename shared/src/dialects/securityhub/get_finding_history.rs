//! `POST /findingHistory/get`: GetFindingHistory (CONTRACTS 1.2 to 1.4).
//!
//! Where the contract is silent: timestamps are accepted in the five documented forms only, so epoch numbers are
//! refused (stock clients turn them into text before sending); StartTime and EndTime both belong to the interval, to
//! the millisecond; a blank value or one over 64 KB is left out of its update, which still names the field.

use super::super::Reply;
use super::super::members::{self, Members};
use super::{identifier, limits, page};
use crate::domain::json::{FieldChange, Object};
use crate::domain::{Error, FindingKey, HistoryRecord, Instant, Source};
use serde_json::{Value, json};

/// A request for a finding's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetFindingHistory {
    /// Whose history.
    pub key: FindingKey,
    /// The earliest record; `None` means from the finding's creation record on.
    pub from: Option<Instant>,
    /// The latest record; `None` means up to now.
    pub to: Option<Instant>,
    /// Records of a page, 1 to 100.
    pub limit: u32,
    /// The token of the page, if it is not the first.
    pub token: Option<String>,
    /// SHA-256 of the key and the interval.
    pub fingerprint: [u8; 32],
}

/// Reads a request body; [`Error::Invalid`] names the member at fault.
pub fn parse(body: &[u8]) -> Result<GetFindingHistory, Error> {
    let object = members::body(body)?;
    let root = Members::root(&object);
    let key = identifier::parse(&root.required("FindingIdentifier", root.object("FindingIdentifier")?)?)?;
    let (from, to) = (instant(&root, "StartTime")?, instant(&root, "EndTime")?);
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(Error::invalid("StartTime", "must not be after EndTime"));
    }
    let bound = |at: Option<Instant>| at.map_or_else(String::new, |at| at.0.to_string());
    Ok(GetFindingHistory {
        limit: page::limit(&root)?,
        token: page::token(&root)?,
        fingerprint: page::fingerprint(&["GetFindingHistory", &key.product_arn, &key.id, &bound(from), &bound(to)]),
        key,
        from,
        to,
    })
}

fn instant(root: &Members<'_>, member: &str) -> Result<Option<Instant>, Error> {
    root.any_text(member)?.map(|text| Instant::parse_field(member, text)).transpose()
}

/// A page of records, newest first as given, and the token of the next one if there is any. The token stands beside
/// the records only, although each record has a member of that name in the vendor's model.
pub fn render(key: &FindingKey, records: &[HistoryRecord], next: Option<&str>) -> Reply {
    let mut body = Object::new();
    body.insert("Records".to_owned(), records.iter().map(|each| record(key, each)).collect());
    if let Some(next) = next {
        body.insert("NextToken".to_owned(), Value::String(next.to_owned()));
    }
    Reply::json(200, &Value::Object(body))
}

fn record(key: &FindingKey, record: &HistoryRecord) -> Value {
    let HistoryRecord { at, created, actor, changes } = record;
    // The record of a creation lists no updates: everything is new.
    let updates: Vec<Value> = if *created { Vec::new() } else { changes.iter().map(update).collect() };
    json!({
        "FindingIdentifier": identifier::render(key),
        "UpdateTime": at.to_string(),
        "FindingCreated": created,
        "UpdateSource": {"Type": source(actor.source), "Identity": actor.identity},
        "Updates": updates,
    })
}

/// The two words that the vendor's model has for where a change came from.
pub(super) const SOURCES: [&str; 2] = ["BATCH_IMPORT_FINDINGS", "BATCH_UPDATE_FINDINGS"];

fn source(source: Source) -> &'static str {
    let [import, update] = SOURCES;
    match source {
        Source::Import | Source::Audit => import,
        Source::Update | Source::Decision | Source::Expiry | Source::Told => update,
    }
}

fn update(change: &FieldChange) -> Value {
    let FieldChange { path, old, new } = change;
    let mut out = Object::new();
    out.insert("UpdatedField".to_owned(), Value::String(path.clone()));
    for (member, value) in [("OldValue", old), ("NewValue", new)] {
        let fits = |text: &&String| !text.trim().is_empty() && text.len() <= limits::HISTORY_VALUE_BYTES;
        if let Some(text) = value.as_ref().filter(fits) {
            out.insert(member.to_owned(), Value::String(text.clone()));
        }
    }
    Value::Object(out)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]
mod tests {
    use super::super::limits::HISTORY_VALUE_BYTES;
    use super::{GetFindingHistory, parse, render};
    use crate::domain::json::FieldChange;
    use crate::domain::{Actor, Error, FindingKey, HistoryRecord, Instant, Source};
    use serde_json::{Value, json};

    const ARN: &str = "arn:aws:securityhub:eu-central-1::product/acme/scanner";

    fn request(mut members: Value) -> Result<GetFindingHistory, Error> {
        let object = members.as_object_mut().unwrap();
        object.entry("FindingIdentifier").or_insert_with(|| json!({"Id": "f-1", "ProductArn": ARN}));
        parse(members.to_string().as_bytes())
    }

    fn refused_field(members: Value) -> String {
        match request(members) {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("gave {other:?}"),
        }
    }

    fn change(path: &str, old: Option<&str>, new: Option<&str>) -> FieldChange {
        FieldChange { path: path.to_owned(), old: old.map(str::to_owned), new: new.map(str::to_owned) }
    }

    fn record(ms: i64, source: Source, created: bool, changes: Vec<FieldChange>) -> HistoryRecord {
        HistoryRecord { at: Instant(ms), created, actor: Actor { source, identity: ARN.to_owned() }, changes }
    }

    fn rendered(records: &[HistoryRecord], next: Option<&str>) -> Value {
        let key = FindingKey { product_arn: ARN.to_owned(), id: "f-1".to_owned() };
        let reply = render(&key, records, next);
        assert_eq!(reply.status, 200);
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn a_request_with_an_identifier_alone_asks_for_everything() {
        let found = request(json!({"NextToken": "", "StartTime": null})).unwrap();
        assert_eq!(found.key, FindingKey { product_arn: ARN.to_owned(), id: "f-1".to_owned() });
        assert_eq!((found.from, found.to, found.limit, found.token), (None, None, 100, None));
    }

    /// CONTRACTS 1.4 and the vendor's page: the five documented forms and no other.
    #[test]
    fn timestamps_have_five_forms() {
        for (text, ms) in [
            ("2019-01-31T23:00:00Z", 1_548_975_600_000),
            ("2019-01-31T23:00:00.123456789Z", 1_548_975_600_123),
            ("2024-01-04T15:25:10+17:59", 1_704_317_170_000),
            ("2024-01-04T15:25:10-1759", 1_704_446_650_000),
            ("2024-01-04T15:25:10.123456789+17:59", 1_704_317_170_123),
        ] {
            assert_eq!(request(json!({"StartTime": text})).unwrap().from, Some(Instant(ms)), "{text}");
            assert_eq!(request(json!({"EndTime": text})).unwrap().to, Some(Instant(ms)), "{text}");
        }
        for wrong in [
            json!(""),
            json!("2019-01-31"),
            json!("2019-01-31T23:00:00"),
            json!("2019-01-31T23:00:00+18:01"),
            json!("1548975600"),
            json!(1_548_975_600),
            json!({}),
        ] {
            assert_eq!(refused_field(json!({"StartTime": wrong})), "StartTime", "{wrong}");
            assert_eq!(refused_field(json!({"EndTime": wrong})), "EndTime", "{wrong}");
        }
    }

    #[test]
    fn an_interval_may_be_a_point_and_not_less() {
        let at = "2024-01-04T15:25:10Z";
        assert!(request(json!({"StartTime": at, "EndTime": "2024-01-04T16:25:10+01:00"})).is_ok());
        assert_eq!(refused_field(json!({"StartTime": at, "EndTime": "2024-01-04T15:25:09.999Z"})), "StartTime");
    }

    #[test]
    fn the_identifier_is_required_and_bounded() {
        let with = |identifier: Value| refused_field(json!({"FindingIdentifier": identifier}));
        assert_eq!(with(Value::Null), "FindingIdentifier");
        assert_eq!(with(json!("f-1")), "FindingIdentifier");
        assert_eq!(with(json!({"ProductArn": ARN})), "FindingIdentifier.Id");
        assert_eq!(with(json!({"Id": "f-1"})), "FindingIdentifier.ProductArn");
        assert_eq!(with(json!({"Id": " ", "ProductArn": ARN})), "FindingIdentifier.Id");
        assert_eq!(with(json!({"Id": "x".repeat(513), "ProductArn": ARN})), "FindingIdentifier.Id");
        assert_eq!(with(json!({"Id": "f-1", "ProductArn": "x".repeat(11)})), "FindingIdentifier.ProductArn");
        assert_eq!(with(json!({"Id": "f-1", "ProductArn": "x".repeat(2049)})), "FindingIdentifier.ProductArn");
        // The longest ones; lengths are counted in characters.
        let longest = json!({"Id": "ä".repeat(512), "ProductArn": "x".repeat(2048)});
        assert!(request(json!({"FindingIdentifier": longest})).is_ok());
        assert_eq!(refused_field(json!({"MaxResults": 0})), "MaxResults");
        assert_eq!(refused_field(json!({"MaxResults": 101})), "MaxResults");
    }

    #[test]
    fn the_fingerprint_covers_the_finding_and_the_interval() {
        let print = |members: Value| request(members).unwrap().fingerprint;
        let first = print(json!({"StartTime": "2024-01-04T15:25:10Z"}));
        assert_eq!(first, print(json!({"StartTime": "2024-01-04T16:25:10+01:00", "MaxResults": 5, "NextToken": "t"})));
        assert_ne!(first, print(json!({"EndTime": "2024-01-04T15:25:10Z"})));
        assert_ne!(first, print(json!({})));
        assert_ne!(print(json!({})), print(json!({"FindingIdentifier": {"Id": "f-2", "ProductArn": ARN}})));
    }

    /// CONTRACTS 1.2: order as given, no updates on a creation, JSON text for arrays, the token at top level only.
    #[test]
    fn records_have_the_vendors_shape() {
        let updates =
            vec![change("Compliance.Status", Some("PASSED"), Some("FAILED")), change("Types", None, Some(r#"["a"]"#))];
        let records = [
            record(1_548_975_660_001, Source::Update, false, updates),
            record(1_548_975_600_000, Source::Import, true, vec![change("Title", None, Some("x"))]),
        ];
        let identifier = json!({"Id": "f-1", "ProductArn": ARN});
        let expected = json!([
            {
                "FindingIdentifier": identifier,
                "UpdateTime": "2019-01-31T23:01:00.001Z",
                "FindingCreated": false,
                "UpdateSource": {"Type": "BATCH_UPDATE_FINDINGS", "Identity": ARN},
                "Updates": [
                    {"UpdatedField": "Compliance.Status", "OldValue": "PASSED", "NewValue": "FAILED"},
                    {"UpdatedField": "Types", "NewValue": "[\"a\"]"},
                ],
            },
            {
                "FindingIdentifier": identifier,
                "UpdateTime": "2019-01-31T23:00:00.000Z",
                "FindingCreated": true,
                "UpdateSource": {"Type": "BATCH_IMPORT_FINDINGS", "Identity": ARN},
                "Updates": [],
            },
        ]);
        assert_eq!(rendered(&records, None), json!({"Records": expected}));
        assert_eq!(rendered(&records, Some("next")), json!({"Records": expected, "NextToken": "next"}));
        assert_eq!(rendered(&[], None), json!({"Records": []}));
    }

    #[test]
    fn every_source_has_one_of_two_words() {
        for (source, word) in [
            (Source::Import, "BATCH_IMPORT_FINDINGS"),
            (Source::Audit, "BATCH_IMPORT_FINDINGS"),
            (Source::Update, "BATCH_UPDATE_FINDINGS"),
            (Source::Decision, "BATCH_UPDATE_FINDINGS"),
            (Source::Expiry, "BATCH_UPDATE_FINDINGS"),
        ] {
            let body = rendered(&[record(0, source, false, Vec::new())], None);
            assert_eq!(body.pointer("/Records/0/UpdateSource/Type"), Some(&json!(word)), "{source:?}");
        }
    }

    #[test]
    fn blank_and_oversized_values_are_left_out() {
        let longest = "x".repeat(HISTORY_VALUE_BYTES);
        let longer = "x".repeat(HISTORY_VALUE_BYTES + 1);
        let changes = vec![
            change("A", Some(""), Some(" \n")),
            change("B", Some(&longer), Some(&longest)),
            change("C", None, Some("y")),
        ];
        let body = rendered(&[record(0, Source::Import, false, changes)], None);
        assert_eq!(
            body.pointer("/Records/0/Updates"),
            Some(&json!([
                {"UpdatedField": "A"},
                {"UpdatedField": "B", "NewValue": longest},
                {"UpdatedField": "C", "NewValue": "y"},
            ]))
        );
    }
}
