//! `…/tenants/{tenantID}/resources`: the inventory, in and out.
//!
//! `PUT` takes AWS Config's items in all of their spellings, or `{"resources": […], "covered": […]}`. A resource is asked
//! for by its place in the graph, its ARN, or its key, all percent-encoded.

use super::super::{Reply, as_of, members};
use crate::domain::inventory::{ConfigurationItem, Findings, Imported, Neighbours, Outcome, Page, Query, Related};
use crate::domain::json;
use crate::domain::resource_type::ResourceType;
use crate::domain::{AsOf, Error};
use serde_json::{Value, json};

/// Rows of a page, unless the client names a number.
pub const DEFAULT_LIMIT: usize = 100;
/// Rows of a page: with all of their tags they stay within an answer.
pub const MAX_LIMIT: usize = 200;
/// Errors of one answer that are told.
const MAX_ERRORS: usize = 1_000;

/// Reads the body of a `PUT`; what it means is for the intake.
pub fn parse(body: &[u8]) -> Result<Value, Error> {
    match json::parse(body) {
        Ok(sent @ (Value::Object(_) | Value::Array(_))) => Ok(sent),
        Ok(_) => Err(Error::invalid("body", "must be an object or a list")),
        Err(error) => Err(Error::invalid("body", format!("is not JSON: {error}"))),
    }
}

/// What became of the items of a `PUT`; the numbers add up.
pub fn imported(imported: &Imported) -> Reply {
    let Imported { outcomes, covered } = imported;
    let count = |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| wanted(outcome)).count();
    let errors: Vec<Value> = outcomes
        .iter()
        .enumerate()
        .filter_map(|(index, outcome)| match outcome {
            Outcome::Rejected { field, message } => {
                Some(json!({"index": index, "field": field, "message": members::shown(message)}))
            }
            Outcome::Created | Outcome::Changed | Outcome::Unchanged | Outcome::Deleted | Outcome::Earlier => None,
        })
        .take(MAX_ERRORS)
        .collect();
    let body = json!({
        "received": outcomes.len(),
        "created": count(|outcome| *outcome == Outcome::Created),
        "changed": count(|outcome| *outcome == Outcome::Changed),
        "unchanged": count(|outcome| *outcome == Outcome::Unchanged),
        "deleted": count(|outcome| *outcome == Outcome::Deleted),
        "earlier": count(|outcome| *outcome == Outcome::Earlier),
        "rejected": count(|outcome| matches!(outcome, Outcome::Rejected { .. })),
        "covered": covered,
        "errors": errors,
    });
    Reply::json(200, &body)
}

/// Reads the query of a list; [`Error::Invalid`] names the parameter at fault.
pub fn parse_list(query: &[(String, String)]) -> Result<Query, Error> {
    let mut read = Query { limit: DEFAULT_LIMIT, ..Query::default() };
    for (name, value) in query.iter().filter(|(_, value)| !value.trim().is_empty()) {
        let value = value.trim();
        let once = |place: &mut Option<String>| match place.replace(value.to_owned()) {
            None => Ok(()),
            Some(_) => Err(Error::invalid(name.as_str(), "is sent more than once")),
        };
        match name.as_str() {
            "type" => read.kinds.extend(value.split(',').map(str::trim).map(ResourceType::parse)),
            "account_id" => once(&mut read.account)?,
            "region" => once(&mut read.region)?,
            "search" => once(&mut read.search)?,
            "cursor" => once(&mut read.cursor)?,
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                read.limit =
                    limit.ok_or_else(|| Error::invalid("limit", format!("must be a number from 1 to {MAX_LIMIT}")))?;
            }
            as_of::AS_OF => {}
            other => {
                let why =
                    "is no parameter of this list; there are type, account_id, region, search, limit, cursor, as_of";
                return Err(Error::invalid(members::shown(other), why));
            }
        }
    }
    Ok(Query { at: parse_as_of(query)?.map(|as_of| as_of.at), ..read })
}

/// Reads `as_of`.
pub fn parse_as_of(query: &[(String, String)]) -> Result<Option<AsOf>, Error> {
    as_of::parse(query)
}

/// A page of resources.
pub fn list(page: &Page) -> Reply {
    let Page { items, next } = page;
    Reply::json(200, &json!({"resources": items.iter().map(shown).collect::<Vec<_>>(), "next_cursor": next}))
}

/// One resource, with everything that is known of it.
pub fn one(item: &ConfigurationItem) -> Reply {
    let mut body = shown(item);
    let links = item.relationships.iter().map(
        |link| json!({"type": link.kind, "resource_id": link.id, "name": link.name, "relationship": link.relationship}),
    );
    let more = json!({
        "version": item.digest(),
        "configuration": item.configuration,
        "supplementary_configuration": item.supplementary,
        "relationships": links.collect::<Vec<_>>(),
    });
    if let (Some(members), Value::Object(more)) = (body.as_object_mut(), more) {
        members.extend(more);
    }
    Reply::json(200, &body)
}

/// A resource, its findings, and what it hangs together with.
pub fn related(neighbours: &Neighbours) -> Reply {
    let Neighbours { item, findings, related, complete } = neighbours;
    let body = json!({
        "resource": shown(item),
        "findings": of_findings(findings),
        "related": related.iter().map(neighbour).collect::<Vec<_>>(),
        "complete": complete,
    });
    Reply::json(200, &body)
}

fn neighbour(related: &Related) -> Value {
    let Related { relations, named, item, findings } = related;
    let relations = relations
        .iter()
        .map(|relation| json!({"direction": if relation.inward { "in" } else { "out" }, "name": relation.name}));
    json!({
        "type": named.0,
        "resource_id": named.1,
        "relations": relations.collect::<Vec<_>>(),
        "resource": item.as_ref().map(shown),
        "findings": of_findings(findings),
    })
}

fn of_findings(findings: &Findings) -> Value {
    let first = findings.first.iter().map(|(id, uid)| json!({"id": id, "uid": uid.to_string()}));
    json!({"open": findings.count, "first": first.collect::<Vec<_>>()})
}

/// A resource in short.
fn shown(item: &ConfigurationItem) -> Value {
    json!({
        "id": item.node(),
        "key": item.key().text(),
        "type": item.kind,
        "resource_id": item.id,
        "name": item.name,
        "arn": item.arn,
        "account_id": item.account,
        "region": item.region,
        "captured_at": item.captured_at.to_string(),
        "created_at": item.created_at.map(|at| at.to_string()),
        "tags": item.tags,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]
mod tests {
    use super::{DEFAULT_LIMIT, imported, parse_list};
    use crate::domain::Error;
    use crate::domain::inventory::{Imported, Outcome};
    use crate::domain::resource_type::ResourceType;
    use serde_json::{Value, json};

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn lists_are_asked_for() {
        let query = parse_list(&pairs(&[])).unwrap();
        assert_eq!((query.limit, query.kinds.len(), query.at), (DEFAULT_LIMIT, 0, None));
        let query = parse_list(&pairs(&[
            ("type", "AWS::S3::Bucket, aws_ec2_instance"),
            ("type", "aws.iam.user"),
            ("account_id", "123456789012"),
            ("search", " "),
            ("limit", "7"),
            ("as_of", "2024-01-04"),
        ]))
        .unwrap();
        let kinds: Vec<String> = query.kinds.iter().map(ResourceType::dotted).collect();
        assert_eq!(kinds, ["aws.s3.bucket", "aws.ec2.instance", "aws.iam.user"]);
        assert_eq!((query.limit, query.search), (7, None));
        assert!(query.at.is_some());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, wanted) in [
            (vec![("limit", "0")], "limit"),
            (vec![("limit", "201")], "limit"),
            (vec![("limit", "x")], "limit"),
            (vec![("region", "a"), ("region", "b")], "region"),
            (vec![("regions", "a")], "regions"),
            (vec![("as_of", "soon")], "as_of"),
        ] {
            match parse_list(&pairs(&query)) {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, wanted, "{query:?}"),
                other => panic!("{query:?} gave {other:?}"),
            }
        }
    }

    #[test]
    fn outcomes_add_up() {
        let rejected = Outcome::Rejected { field: "arn".to_owned(), message: "no".to_owned() };
        let outcomes = vec![Outcome::Created, Outcome::Unchanged, rejected, Outcome::Earlier, Outcome::Deleted];
        let reply = imported(&Imported { outcomes, covered: 2 });
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        let wanted = json!({
            "received": 5, "created": 1, "changed": 0, "unchanged": 1, "deleted": 1, "earlier": 1, "rejected": 1,
            "covered": 2, "errors": [{"index": 2, "field": "arn", "message": "no"}],
        });
        assert_eq!(body, wanted);
    }
}
