//! `GET /api/v1/tenants/{tenantID}/findings` and `…/findings/scored`: pages of findings (infracast-findings, List
//! Findings; CONTRACTS §5, risk score).
//!
//! The scored list is the same with `risk_vector` and `risk_reasons`, and puts the greatest risk first. Both lists
//! know the sort field `risk_score`.

use super::super::Reply;
use super::filters;
use super::limits::{DEFAULT_PER_PAGE, MAX_PER_PAGE};
use super::parameters::{Parameters, no_such_word};
use super::row::{self, Listed};
use crate::domain::query::{DerivedKey, Filter, SortKey};
use crate::domain::resource::RESOURCE;
use crate::domain::{AsOf, Column, Error, MappingQuery};
use serde_json::{Value, json};

/// Which of the lists is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Findings.
    Plain,
    /// Findings with what made their risk.
    Scored,
}

impl List {
    /// By what it is sorted unless the client says otherwise.
    pub(super) fn default_sort(self) -> &'static str {
        match self {
            Self::Plain => "-severity",
            Self::Scored => "-risk_score",
        }
    }
}

/// A request for a page.
#[derive(Debug, Clone)]
pub struct ListFindings {
    /// Which list.
    pub list: List,
    /// Which findings.
    pub filter: Filter,
    /// By what they are ordered before anything else.
    pub first: Option<DerivedKey>,
    /// In which order; ties go by uid.
    pub sort: Vec<SortKey>,
    /// The page, from 1.
    pub page: u32,
    /// Findings of a page, 1 to 500.
    pub per_page: u32,
    /// The state that is asked for, if not the newest.
    pub as_of: Option<AsOf>,
}

/// What can be sorted by: columns, and the resource as it is shown.
pub(super) const SORT_FIELDS: [(&str, Option<Column>); 4] = [
    ("severity", Some(Column::Severity)),
    ("created_at", Some(Column::FirstSeen)),
    ("resource_id", None),
    ("risk_score", Some(Column::Risk)),
];

const SORTS: &str = "severity, created_at, resource_id and risk_score, each with or without a - before it";

/// Reads a query; [`Error::Invalid`] names the parameter at fault.
pub fn parse(list: List, query: &[(String, String)]) -> Result<ListFindings, Error> {
    let parameters = Parameters(query);
    let (first, sort) = sort(list, parameters.one("sort")?)?;
    Ok(ListFindings {
        list,
        filter: filters::parse(parameters)?,
        first,
        sort,
        page: parameters.number("page", 1, 1, u32::MAX)?,
        per_page: parameters.number("per_page", DEFAULT_PER_PAGE, 1, MAX_PER_PAGE)?,
        as_of: parameters.as_of()?,
    })
}

/// The order, and ties: gravest first, then newest first.
fn sort(list: List, asked: Option<&str>) -> Result<(Option<DerivedKey>, Vec<SortKey>), Error> {
    let key = |column, descending| SortKey { column, descending };
    let asked = asked.unwrap_or(list.default_sort());
    let (name, descending) = asked.strip_prefix('-').map_or((asked, false), |name| (name, true));
    let known = SORT_FIELDS.iter().find(|(known, _)| *known == name);
    let column = known.ok_or_else(|| no_such_word("sort", asked, SORTS))?.1;
    let first = column.is_none().then_some(DerivedKey { field: &RESOURCE, descending });
    let mut keys: Vec<SortKey> = column.into_iter().map(|column| key(column, descending)).collect();
    for tie in [key(Column::Severity, true), key(Column::FirstSeen, true)] {
        if column != Some(tie.column) {
            keys.push(tie);
        }
    }
    Ok((first, keys))
}

impl ListFindings {
    /// How many findings come before the page.
    pub fn start(&self) -> u32 {
        (self.page - 1).saturating_mul(self.per_page)
    }
}

/// A page. `total` counts all findings of the question, `mapping` is what it asks of controls.
pub fn render<'a>(
    request: &ListFindings,
    findings: impl IntoIterator<Item = Listed<'a>>,
    total: u32,
    as_of: AsOf,
    mapping: Option<&MappingQuery>,
) -> Reply {
    let items: Vec<Value> =
        findings.into_iter().map(|finding| row::listed(&finding, mapping, request.list == List::Scored)).collect();
    let body = json!({
        "items": items,
        "total": total,
        "page": request.page,
        "per_page": request.per_page,
        "total_pages": total.div_ceil(request.per_page),
        "as_of": as_of.to_string(),
    });
    Reply::json(200, &body)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

    use super::super::samples::{finding, of};
    use super::{List, ListFindings, parse, render};
    use crate::domain::{AsOf, Column, Error, Finding, Instant, Row, Severity, Status};
    use serde_json::{Value, json};

    fn pairs(query: &str) -> Vec<(String, String)> {
        let parts = query.split('&').filter(|part| !part.is_empty());
        parts.map(|part| part.split_once('=').unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    fn request(query: &str) -> ListFindings {
        parse(List::Plain, &pairs(query)).unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    fn accepts(query: &str, finding: &Finding) -> bool {
        request(query).filter.accepts(finding, &Row::of(finding, Instant(0)), Instant(0))
    }

    fn refused(query: &str) -> String {
        match parse(List::Plain, &pairs(query)) {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{query} gave {other:?}"),
        }
    }

    /// infracast-findings, Query Parameters: page 1, per_page 50, status open.
    #[test]
    fn absent_parameters_have_the_documents_defaults() {
        for query in ["", "page=&per_page=&sort=&status=&severity=,&framework=&search= &as_of=", "unknown=1&limit=x"] {
            let found = request(query);
            assert_eq!((found.page, found.per_page, found.start(), found.as_of), (1, 50, 0, None), "{query}");
            assert!(found.filter.clauses.is_empty() && found.filter.alternatives.len() == 1, "{query}");
        }
        let mut accepted = finding();
        accepted.standing.status = Some(Status::RiskAccepted);
        assert!(accepts("", &finding()) && !accepts("", &accepted));
    }

    /// infracast-findings, Example Requests: each finds the finding that it is about.
    #[test]
    fn the_documents_requests_are_understood() {
        assert!(accepts("severity=CRITICAL,HIGH", &finding()));
        assert!(accepts("framework=nist-800-53&sort=severity", &finding()));
        let bucket = of(&json!({
            "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b"}],
            "Compliance": {"RelatedRequirements": ["PCI DSS v3.2.1/1.3.2"]}
        }));
        assert!(accepts("framework=pci-dss&resource_type=aws.s3.bucket&status=open", &bucket));
        assert!(!accepts("framework=pci-dss&resource_type=aws.s3.bucket&status=open", &finding()));
    }

    /// infracast-findings, Query Parameters: every filter, with and without a match.
    #[test]
    fn filters_choose() {
        let cases = [
            ("severity=high", true),
            ("severity=critical, High", true),
            ("severity=CRITICAL&severity=HIGH", true),
            ("severity=MEDIUM,LOW,INFO,informational", false),
            ("status=open", true),
            ("status=Open,ACCEPTED", true),
            ("status=all", true),
            ("status=all,resolved", true),
            ("status=resolved", false),
            ("status=resolved,accepted", false),
            ("resource_type=aws.iam.user", true),
            ("resource_type=AwsIamUser", true),
            ("resource_type=AWS::IAM::User", true),
            ("resource_type=aws_iam_user", true),
            ("resource_type=IAM User", true),
            ("resource_type=aws.iam.role", false),
            ("framework=NIST-SP-800-53-r5", true),
            ("framework=nist-800-53@r4", false),
            ("framework=cis-aws", false),
            ("control_id=AC-2", true),
            ("control_id=ac_2", true),
            ("control_id=AC-20", false),
            ("framework=nist-800-53&control_id=AC-2", true),
            ("framework=cis-aws&control_id=AC-2", false),
            ("search=ACCESS key", true),
            ("search=(≥90)", true),
            ("search=svc-deploy", true),
            ("search=aws:us-east-1:aws.iam.user:svc", true),
            ("search=arn:aws:iam::123456789012:user/", true),
            ("search=NIST-AC-2-STALE", false),
        ];
        for (query, expected) in cases {
            assert_eq!(accepts(query, &finding()), expected, "{query}");
        }
    }

    /// CONTRACTS §5, filters: framework and control in one mapping, not in two.
    #[test]
    fn framework_and_control_hold_of_one_mapping() {
        let requirements = ["CIS-1.5 5.2", "PCI DSS v3.2.1/1.3.2"];
        let finding = of(&json!({"Compliance": {"RelatedRequirements": requirements}}));
        assert!(accepts("framework=pci-dss&control_id=Req 1.3.2", &finding));
        assert!(!accepts("framework=pci-dss&control_id=5.2", &finding));
        assert_eq!(request("framework=pci-dss&control_id=5.2").filter.clauses.len(), 1);
    }

    /// infracast-findings, Query Parameters, sort: "Prefix with - for descending".
    #[test]
    fn orders_are_the_documents() {
        let of = |list, query: &str| {
            let found = parse(list, &pairs(query)).unwrap();
            let first = found.first.map(|key| (key.field.name, key.descending));
            (first, found.sort.iter().map(|key| (key.column, key.descending)).collect::<Vec<_>>())
        };
        let (severity, seen, risk) = (Column::Severity, Column::FirstSeen, Column::Risk);
        let ties = [(severity, true), (seen, true)];
        assert_eq!(of(List::Plain, ""), (None, vec![(severity, true), (seen, true)]));
        assert_eq!(of(List::Plain, "sort=-severity"), (None, vec![(severity, true), (seen, true)]));
        assert_eq!(of(List::Plain, "sort=severity"), (None, vec![(severity, false), (seen, true)]));
        assert_eq!(of(List::Plain, "sort=-created_at"), (None, vec![(seen, true), (severity, true)]));
        assert_eq!(of(List::Plain, "sort=resource_id"), (Some(("resource", false)), ties.to_vec()));
        assert_eq!(of(List::Plain, "sort=-resource_id"), (Some(("resource", true)), ties.to_vec()));
        assert_eq!(of(List::Scored, ""), (None, vec![(risk, true), (severity, true), (seen, true)]));
        assert_eq!(of(List::Scored, "sort=-severity"), (None, ties.to_vec()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, field) in [
            ("severity=URGENT", "severity"),
            ("severity=HIGH,*", "severity"),
            ("status=closed", "status"),
            ("status=open,needs_review", "status"),
            ("framework=--", "framework"),
            ("framework=a&framework=b", "framework"),
            ("page=0", "page"),
            ("page=-1", "page"),
            ("page=1.0", "page"),
            ("page=x", "page"),
            ("page=+1", "page"),
            ("page=99999999999999999999", "page"),
            ("per_page=0", "per_page"),
            ("per_page=501", "per_page"),
            ("per_page=50&per_page=50", "per_page"),
            ("sort=title", "sort"),
            ("sort=--severity", "sort"),
            ("sort=-", "sort"),
            ("sort=severity,created_at", "sort"),
            ("as_of=yesterday", "as_of"),
            ("as_of=2024-01-01~x", "as_of"),
        ] {
            assert_eq!(refused(query), field, "{query}");
        }
        let message = parse(List::Plain, &pairs("per_page=501")).unwrap_err().to_string();
        assert!(message.contains("1 to 500"), "{message}");
    }

    /// infracast-findings, Example Response: 287 findings, 50 a page, 6 pages.
    #[test]
    fn pages_are_counted() {
        let as_of = AsOf { at: Instant(1_707_991_200_000), seq: Some(9) };
        for (query, total, pages, start) in [
            ("", 287, 6, 0),
            ("page=6", 287, 6, 250),
            ("per_page=500", 287, 1, 0),
            ("per_page=1&page=4294967295", 287, 287, u32::MAX - 1),
            ("per_page=500&page=4294967295", 287, 1, u32::MAX),
            ("", 0, 0, 0),
        ] {
            let asked = request(query);
            assert_eq!(asked.start(), start, "{query}");
            let body: Value = serde_json::from_slice(&render(&asked, [], total, as_of, None).body).unwrap();
            let expected = json!({
                "items": [], "total": total, "page": asked.page, "per_page": asked.per_page, "total_pages": pages,
                "as_of": "2024-02-15T10:00:00.000Z~9"
            });
            assert_eq!(body, expected, "{query}");
        }
    }

    #[test]
    fn severities_are_compared_as_ours() {
        let mut finding = finding();
        finding.standing.severity = Severity::Informational;
        assert!(accepts("severity=INFO", &finding) && accepts("severity=informational", &finding));
    }
}
