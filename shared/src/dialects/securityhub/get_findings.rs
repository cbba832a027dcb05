//! `POST /findings`: GetFindings (CONTRACTS 1.1 and 1.9).
//!
//! Where the contract is silent: `SortOrder` defaults to `asc`; a field that `SortCriteria` names twice counts where
//! it stands first; without `SortCriteria` findings come in the order in which they were first seen. `MaxResults` is
//! no part of the fingerprint, so a client may change it from page to page.

use super::super::Reply;
use super::super::members::{self, Members, shown};
use super::filters::{self, ATTRIBUTES};
use super::page;
use crate::domain::query::{Field, Filter, SortKey};
use crate::domain::{Error, Finding, json};
use serde_json::Value;

/// A request for findings.
#[derive(Debug, Clone)]
pub struct GetFindings {
    /// Which findings.
    pub filter: Filter,
    /// In which order; ties and the empty list go by ordinal.
    pub sort: Vec<SortKey>,
    /// Rows of a page, 1 to 100.
    pub limit: u32,
    /// The token of the page, if it is not the first.
    pub token: Option<String>,
    /// SHA-256 of the canonical Filters and SortCriteria.
    pub fingerprint: [u8; 32],
}

/// Reads a request body; [`Error::Invalid`] names the member at fault.
pub fn parse(body: &[u8]) -> Result<GetFindings, Error> {
    let object = members::body(body)?;
    let root = Members::root(&object);
    let filters = root.object("Filters")?;
    let criteria = root.list("SortCriteria")?.unwrap_or_default();
    Ok(GetFindings {
        filter: filters.as_ref().map_or_else(|| Ok(Filter::default()), filters::parse)?,
        sort: sort(criteria)?,
        limit: page::limit(&root)?,
        token: page::token(&root)?,
        fingerprint: page::fingerprint(&[
            "GetFindings",
            &root.get("Filters").map_or_else(|| "{}".to_owned(), json::canonical),
            &root.get("SortCriteria").map_or_else(|| "[]".to_owned(), json::canonical),
        ]),
    })
}

fn sort(criteria: &[Value]) -> Result<Vec<SortKey>, Error> {
    let mut keys: Vec<SortKey> = Vec::new();
    for (position, criterion) in criteria.iter().enumerate() {
        let key = sort_key(&Members::of(criterion, format!("SortCriteria[{position}]"))?)?;
        if !keys.iter().any(|known| known.column == key.column) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn sort_key(criterion: &Members<'_>) -> Result<SortKey, Error> {
    let field = criterion.required("Field", criterion.text("Field")?)?;
    let refuse = |why: &str| {
        Err(Error::invalid(criterion.name("Field"), format!("findings cannot be sorted by {}: {why}", shown(field))))
    };
    let known = ATTRIBUTES.iter().find(|attribute| attribute.name == field || attribute.path() == field);
    let column = match known.map(|attribute| attribute.field) {
        Some(Field::Column(column)) => column,
        Some(Field::Derived(_) | Field::Document(_)) => {
            return refuse("it is kept in the findings only and not in the index");
        }
        None => return refuse("there is no such attribute"),
    };
    let descending = match criterion.text("SortOrder")? {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(Error::invalid(criterion.name("SortOrder"), "must be asc or desc")),
    };
    Ok(SortKey { column, descending })
}

/// A page of findings, each as stored, and the token of the next one if there is any.
pub fn render(findings: impl IntoIterator<Item = Finding>, next: Option<&str>) -> Reply {
    let findings = findings.into_iter().map(|finding| Value::Object(finding.asff)).collect();
    let mut body = json::Object::new();
    body.insert("Findings".to_owned(), Value::Array(findings));
    if let Some(next) = next {
        body.insert("NextToken".to_owned(), Value::String(next.to_owned()));
    }
    Reply::json(200, &Value::Object(body))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]
mod tests {
    use super::{GetFindings, SortKey, parse, render};
    use crate::dialects::securityhub::fixture::{bare, full};
    use crate::domain::{Column, Error};
    use serde_json::{Value, json};

    fn request(body: &Value) -> GetFindings {
        parse(body.to_string().as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"))
    }

    fn refused_field(body: &str) -> String {
        match parse(body.as_bytes()) {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{body} gave {other:?}"),
        }
    }

    /// CONTRACTS 1.9: 1 to 100, 100 when absent; 1.3: an empty token is none; 1.4: null is absent.
    #[test]
    fn absent_members_have_defaults() {
        for body in [
            "",
            " \n",
            "{}",
            r#"{"Filters":null,"SortCriteria":null,"MaxResults":null,"NextToken":null}"#,
            r#"{"Filters":{},"SortCriteria":[],"NextToken":"","Unknown":1}"#,
        ] {
            let found = parse(body.as_bytes()).unwrap();
            assert!(found.filter.clauses.is_empty() && found.sort.is_empty(), "{body}");
            assert_eq!((found.limit, found.token), (100, None), "{body}");
        }
    }

    #[test]
    fn page_size_and_token() {
        for limit in [1, 50, 100] {
            let found = request(&json!({"MaxResults": limit, "NextToken": "t"}));
            assert_eq!((found.limit, found.token.as_deref()), (limit, Some("t")));
        }
        for wrong in ["0", "101", "-1", "1.0", "1e1", "\"10\"", "99999999999999999999", "true", "[]"] {
            assert_eq!(refused_field(&format!(r#"{{"MaxResults":{wrong}}}"#)), "MaxResults", "{wrong}");
        }
        assert_eq!(refused_field(r#"{"NextToken":7}"#), "NextToken");
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in ["[]", "7", "null", "\"x\"", "{", "{\"Filters\":}", "\u{0}"] {
            assert_eq!(refused_field(body), "body", "{body}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(refused_field(&deep), "body");
    }

    #[test]
    fn sort_fields_have_two_spellings() {
        let key = |column, descending| SortKey { column, descending };
        let cases = [
            (json!([{"Field": "UpdatedAt", "SortOrder": "desc"}]), vec![key(Column::UpdatedAt, true)]),
            (json!([{"Field": "SeverityNormalized"}]), vec![key(Column::SeverityNormalized, false)]),
            (
                json!([{"Field": "Severity.Normalized", "SortOrder": "asc"}]),
                vec![key(Column::SeverityNormalized, false)],
            ),
            (json!([{"Field": "Resources.Id"}]), vec![key(Column::ResourceIds, false)]),
            (
                json!([{"Field": "SeverityLabel", "SortOrder": "desc"}, {"Field": "Id"}, {"Field": "Severity.Label"}]),
                vec![key(Column::SeverityLabel, true), key(Column::Id, false)],
            ),
        ];
        for (criteria, expected) in cases {
            assert_eq!(request(&json!({"SortCriteria": criteria})).sort, expected, "{criteria}");
        }
    }

    /// DESIGN 4: sort by an attribute that is no column is InvalidInput, named.
    #[test]
    fn what_cannot_be_sorted_by_is_named() {
        for (criteria, field) in [
            (json!({}), "SortCriteria"),
            (json!([7]), "SortCriteria[0]"),
            (json!([{}]), "SortCriteria[0].Field"),
            (json!([{"Field": "Id"}, {"Field": "ProcessName"}]), "SortCriteria[1].Field"),
            (json!([{"Field": "Process.Name"}]), "SortCriteria[0].Field"),
            (json!([{"Field": "Nonsense"}]), "SortCriteria[0].Field"),
            (json!([{"Field": "Id", "SortOrder": "ASC"}]), "SortCriteria[0].SortOrder"),
        ] {
            assert_eq!(refused_field(&json!({"SortCriteria": criteria}).to_string()), field, "{criteria}");
        }
        let message = parse(br#"{"SortCriteria":[{"Field":"ProcessName"}]}"#).unwrap_err().to_string();
        assert!(message.contains("ProcessName"), "{message}");
    }

    #[test]
    fn the_fingerprint_covers_filters_and_sort_and_nothing_else() {
        let one = json!({"Id": [{"Value": "x", "Comparison": "EQUALS"}]});
        let print = |body: &Value| request(body).fingerprint;
        let first = print(&json!({"Filters": one}));
        assert_eq!(first, print(&json!({"Filters": one, "MaxResults": 3, "NextToken": "t", "SortCriteria": null})));
        assert_eq!(
            first,
            parse(br#"{"Filters": {"Id": [{"Comparison": "EQUALS", "Value": "x"}]}}"#).unwrap().fingerprint,
            "the order of members does not matter"
        );
        assert_ne!(first, print(&json!({})));
        assert_ne!(first, print(&json!({"Filters": one, "SortCriteria": [{"Field": "Id"}]})));
        assert_eq!(print(&json!({})), print(&json!({"Filters": {}, "SortCriteria": []})));
    }

    #[test]
    fn findings_are_echoed_as_stored() {
        let last = render([full(), bare()], None);
        let body: Value = serde_json::from_slice(&last.body).unwrap();
        assert_eq!(last.status, 200);
        assert_eq!(body, json!({"Findings": [full().asff, bare().asff]}));
        let body: Value = serde_json::from_slice(&render([], Some("next")).body).unwrap();
        assert_eq!(body, json!({"Findings": [], "NextToken": "next"}));
    }
}
