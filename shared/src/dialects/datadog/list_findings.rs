//! `GET /api/v2/posture_management/findings`: pages of findings (datadog-posture-management-findings, Get a list of
//! findings).
//!
//! `data.id` of the beta names the page: the state, the question and the place.

use super::super::Reply;
use super::filters;
use super::finding::{self, Listed};
use super::parameters::Parameters;
use super::shape::{Asked, Shape, answer};
use super::uuid;
use crate::domain::query::{Filter, SortKey};
use crate::domain::{AsOf, Column, Error};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A request for a page.
#[derive(Debug, Clone)]
pub struct ListFindings {
    /// In which shape the answer is.
    pub shape: Shape,
    /// Which findings.
    pub filter: Filter,
    /// In which order; ties go by uid.
    pub sort: Vec<SortKey>,
    /// Findings of a page, 1 to 1,000.
    pub limit: u32,
    /// The page's cursor, if it is not the first.
    pub token: Option<String>,
    /// The parameter that carries the cursor.
    pub token_field: &'static str,
    /// What every page of a walk must repeat.
    pub fingerprint: [u8; 32],
    /// The state that is asked for, if not the newest.
    pub as_of: Option<AsOf>,
    /// The parameter that says which state.
    pub as_of_field: &'static str,
    /// Whether rows have more members.
    detailed: bool,
    is_below_prefix: bool,
}

/// A page, as it was answered.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// Its findings.
    pub findings: Vec<Listed<'a>>,
    /// How many findings the filter finds.
    pub total: u32,
    /// How many come before the page.
    pub start: u32,
    /// The next page's cursor.
    pub next: Option<&'a str>,
    /// The state.
    pub as_of: AsOf,
}

/// Reads a request; [`Error::Invalid`] names the parameter at fault.
pub fn parse(asked: &Asked<'_>) -> Result<ListFindings, Error> {
    let parameters = Parameters::of_list(asked)?;
    let (token_field, token) = parameters.cursor()?;
    let (as_of_field, as_of) = parameters.as_of()?;
    Ok(ListFindings {
        shape: asked.shape(),
        filter: filters::parse(parameters)?,
        sort: vec![SortKey { column: Column::Severity, descending: true }],
        limit: parameters.limit()?,
        token: token.map(str::to_owned),
        token_field,
        fingerprint: fingerprint(parameters),
        as_of,
        as_of_field,
        detailed: parameters.detailed()?,
        is_below_prefix: asked.is_below_prefix(),
    })
}

/// SHA-256 over the filters, whatever their order.
fn fingerprint(parameters: Parameters<'_>) -> [u8; 32] {
    let mut filters: Vec<(&str, &str)> = parameters.pairs().filter(|(name, _)| name.starts_with("filter[")).collect();
    filters.sort_unstable();
    let mut hash = Sha256::new();
    for part in filters.into_iter().flat_map(|(name, value)| [name, value]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// The answer.
pub fn render(request: &ListFindings, page: &Page<'_>) -> Reply {
    let Page { findings, total, start, next, as_of } = page;
    let rows = findings.iter().map(|shown| finding::listed(shown, request.shape, request.detailed));
    let rows: Vec<Value> = rows.collect();
    let data = match request.shape {
        Shape::Beta => {
            let id = uuid::of(&[as_of.to_string().as_bytes(), &request.fingerprint, &start.to_be_bytes()]);
            json!({"id": id, "type": "posture_management_list_findings_resp", "attributes": {"findings": rows}})
        }
        Shape::Ga => Value::Array(rows),
    };
    let mut meta = json!({"page": {"total_filtered_count": total}, "snapshot_timestamp": as_of.at.0.max(1)});
    if let (Some(next), Some(Value::Object(page))) = (next, meta.pointer_mut("/page")) {
        page.insert("cursor".to_owned(), json!(next));
    }
    answer(request.shape, request.is_below_prefix, &json!({"data": data, "meta": meta}))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::super::limits::ROW_BYTES;
    use super::super::samples::{DISCOVERED, accepted, finding, odd, of, pairs, uid};
    use super::{Asked, ListFindings, Listed, Page, parse, render};
    use crate::domain::{AsOf, Finding, Instant, Status};
    use serde_json::{Value, json};

    const BETA: &str = "/api/v2/posture_management/findings";
    const GA: &str = "/datadog/api/v2/posture_management/findings";
    const AT: Instant = Instant(1_676_974_639_331);

    fn list(path: &str, query: &[(&str, &str)]) -> ListFindings {
        parse(&Asked { path, query: &pairs(query), user_agent: None }).unwrap()
    }

    fn page(request: &ListFindings, finding: &Finding, next: Option<&str>) -> Value {
        let findings = vec![Listed { uid: uid(), finding }];
        let as_of = AsOf { at: AT, seq: Some(4) };
        let reply = render(request, &Page { findings, total: 2204, start: 0, next, as_of });
        serde_json::from_slice(&reply.body).unwrap()
    }

    /// Get a list of findings, Sample response 200 OK.
    #[test]
    fn the_beta_is_the_documents_sample() {
        let body = page(&list(BETA, &[]), &finding(), Some("eyJh"));
        assert_eq!(body["data"]["type"], "posture_management_list_findings_resp");
        assert!(body["data"]["id"].is_string());
        let row = &body["data"]["attributes"]["findings"][0];
        let tags = row["tags"].as_array().unwrap();
        for tag in [
            "scored:true",
            "aws_account:112787438617",
            "cloud_provider:aws",
            "terraform.managed:true",
            "team:cake",
            "framework:soc-2",
            "scope:s3",
            "control:1.3",
            "control:7.2.2",
            "control:CC6.3",
            "control:CC6.1",
        ] {
            assert!(tags.contains(&json!(tag)), "{tag}: {tags:?}");
        }
        let mut row = row.as_object().unwrap().clone();
        row.remove("tags");
        assert_eq!(
            Value::Object(row),
            json!({
                "id": uid().to_string(),
                "status": "critical",
                "evaluation": "fail",
                "resource_discovery_date": 1_670_453_400_000_i64,
                "resource_type": "aws_s3_bucket",
                "resource": "public.xxxx.company.com",
                "rule": {
                    "name": "S3 bucket contents are not publicly exposed via bucket policy",
                    "id": "zno-neo-6jq"
                },
                "evaluation_changed_at": 1_670_453_400_000_i64,
                "muted": false
            })
        );
        assert_eq!(
            body["meta"],
            json!({
                "page": {"total_filtered_count": 2204, "cursor": "eyJh"},
                "snapshot_timestamp": 1_676_974_639_331_i64
            })
        );
    }

    /// CONTRACTS 3.1, list envelope and finding fields; 3.2: closed models, and a last page omits the cursor.
    #[test]
    fn the_other_is_what_the_client_reads() {
        let body = page(&list(GA, &[]), &finding(), None);
        assert_eq!(body["meta"]["page"], json!({"total_filtered_count": 2204}));
        let row = &body["data"][0];
        assert_eq!((&row["type"], &row["id"]), (&json!("finding"), &json!(uid().to_string())));
        let names: Vec<&String> = row["attributes"].as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "evaluation",
                "evaluation_changed_at",
                "mute",
                "resource",
                "resource_discovery_date",
                "resource_type",
                "rule",
                "status",
                "tags",
                "vulnerability_type"
            ]
        );
        assert_eq!(row["attributes"]["mute"], json!({"muted": false}));
        let detailed = page(&list(GA, &[("detailed_findings", "true")]), &finding(), None);
        let more = &detailed["data"][0]["attributes"];
        assert_eq!(more["external_id"], "arn:aws:s3:::public.xxxx.company.com");
        assert!(more["description"].as_str().unwrap().starts_with("Update your bucket policy"));
    }

    /// DESIGN §2: accepted and wrong are muted; an acceptance that ended is not.
    #[test]
    fn acceptances_are_mutes() {
        let mute = |finding: &Finding| page(&list(GA, &[]), finding, None)["data"][0]["attributes"]["mute"].clone();
        let end = DISCOVERED.plus(86_400_000);
        let shown = mute(&accepted(Some(end)));
        let who = shown["uuid"].clone();
        assert_eq!(
            shown,
            json!({
                "muted": true, "reason": "ACCEPTED_RISK", "description": "Public by design.",
                "start_date": DISCOVERED.0 + 5, "expiration_date": end.0, "uuid": who
            })
        );
        assert_eq!(mute(&accepted(None)).get("expiration_date"), None);
        assert_eq!(mute(&accepted(Some(end)).evaluated(end)), json!({"muted": false}));
        let mut wrong = finding();
        wrong.standing.status = Some(Status::FalsePositive);
        assert_eq!(mute(&wrong), json!({"muted": true, "reason": "FALSE_POSITIVE"}));
        let beta = page(&list(BETA, &[]), &wrong, None);
        assert_eq!(beta["data"]["attributes"]["findings"][0]["muted"], true);
    }

    /// CONTRACTS 3.2: the client refuses 0.
    #[test]
    fn dates_are_at_least_1() {
        let mut old = finding();
        (old.standing.first_seen, old.standing.evaluation_changed_at) = (Instant(0), Instant(-5));
        let row = page(&list(GA, &[]), &old, None)["data"][0]["attributes"].clone();
        assert_eq!((&row["resource_discovery_date"], &row["evaluation_changed_at"]), (&json!(1), &json!(1)));
    }

    /// DESIGN §3, Sizes: "rows are bounded at 4 KB".
    #[test]
    fn rows_are_bounded() {
        let long = |text: &str, times: usize| text.repeat(times);
        let large = of(&json!({
            "GeneratorId": long("g", 512), "Title": long("ü", 256), "Description": long("\u{0}", 1024),
            "AwsAccountId": "112787438617",
            "Resources": (0..32).map(|n| json!({
                "Type": "AwsS3Bucket", "Id": long("\"", 512),
                "Tags": (0..20).map(|tag| (format!("tag-{n}-{tag}"), json!(long("v", 256)))).collect::<serde_json::Map<_, _>>()
            })).collect::<Vec<_>>(),
            "Compliance": {"RelatedRequirements": (0..400).map(|n| format!("CIS-1.5 {n}.1")).collect::<Vec<_>>()}
        }));
        for finding in odd().iter().chain([&large]) {
            for (path, query, place) in
                [(BETA, &[][..], "/data/attributes/findings/0"), (GA, &[("detailed_findings", "true")][..], "/data/0")]
            {
                let body = page(&list(path, query), finding, None);
                let row = body.pointer(place).unwrap();
                assert!(row.to_string().len() <= ROW_BYTES, "{} bytes: {row}", row.to_string().len());
            }
        }
        let row = page(&list(BETA, &[]), &large, None)["data"]["attributes"]["findings"][0].clone();
        assert_eq!(row["rule"]["id"], json!(long("g", 512)), "filters ask for the whole");
        assert_eq!(row["tags"][0], "cloud_provider:aws");
    }

    /// Query parameters: `limit`, "The default value is `100`. Maximum value is `1000`"; Pagination: `?limit=500`.
    #[test]
    fn pages_have_100_rows_unless_asked() {
        for (path, query, limit) in [
            (BETA, &[][..], 100),
            (BETA, &[("limit", "500")], 500),
            (BETA, &[("limit", "1")], 1),
            (BETA, &[("limit", "1000")], 1000),
            (GA, &[], 100),
            (GA, &[("page[limit]", "1000")], 1000),
        ] {
            assert_eq!(list(path, query).limit, limit, "{query:?}");
        }
    }

    /// A walk may change everything but its filters; the table has `page[cursor]`, the prose `?cursor=`.
    #[test]
    fn cursors_belong_to_filters() {
        let first = list(BETA, &[("filter[status]", "low"), ("filter[tag]", "a:b"), ("limit", "5")]);
        let next = list(BETA, &[("cursor", "x"), ("filter[tag]", "a:b"), ("filter[status]", "low"), ("limit", "9")]);
        assert_eq!(first.fingerprint, next.fingerprint);
        assert_eq!((next.token.as_deref(), next.token_field), (Some("x"), "cursor"));
        let named = list(BETA, &[("page[cursor]", "x")]);
        assert_eq!((named.token.as_deref(), named.token_field), (Some("x"), "page[cursor]"));
        assert_ne!(named.fingerprint, first.fingerprint);
        assert_eq!(list(BETA, &[("cursor", " ")]).token, None);
    }

    /// `snapshot_timestamp`: "Return findings for a given snapshot of time (unix ms)".
    #[test]
    fn states_are_named_in_two_ways() {
        for (query, field, at) in [
            (("snapshot_timestamp", "1676974639331"), "snapshot_timestamp", AT),
            (("as_of", "2023-02-21T10:17:19.331Z"), "as_of", AT),
        ] {
            let request = list(BETA, &[query]);
            assert_eq!((request.as_of_field, request.as_of.map(|as_of| as_of.at)), (field, Some(at)));
        }
        assert_eq!(list(BETA, &[("as_of", "2023-02-21T10:17:19.331Z~4")]).as_of, Some(AsOf { at: AT, seq: Some(4) }));
    }

    /// CONTRACTS 3.3 and 3.4: media type, and headers that say which shape it is.
    #[test]
    fn answers_say_what_they_are() {
        for (path, version, vary) in [(BETA, "beta", Some("User-Agent")), (GA, "ga", None)] {
            let as_of = AsOf { at: AT, seq: None };
            let page = Page { findings: Vec::new(), total: 0, start: 0, next: None, as_of };
            let reply = render(&list(path, &[]), &page);
            let header = |name: &str| reply.headers.iter().find(|(known, _)| *known == name).map(|(_, v)| v.as_str());
            assert_eq!(header("content-type"), Some("application/vnd.api+json"));
            assert_eq!((header("x-dialect-version"), header("vary")), (Some(version), vary));
        }
    }
}
