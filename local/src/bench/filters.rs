//! Questions in the words of Bitdefender, Datadog and Infracast: every documented filter, by values that the data has.

use super::load::Ledger;
use posture_functions::{
    Route, bitdefender_get_checks, datadog_list_findings, infracast_list_findings, infracast_list_scored_findings,
};
use posture_shared::domain::json::texts_at;
use posture_shared::domain::{Error, Named, Uids};
use serde_json::Value;

/// Characters of a query that its row shows.
const SHOWN: usize = 60;

/// A list, and where its answers have what.
#[derive(Clone, Copy)]
pub(super) struct Api {
    pub name: &'static str,
    pub route: &'static Route,
    pub path: &'static str,
    /// The parameter for rows of a page, and the most it takes.
    pub limit: (&'static str, usize),
    /// The parameter for the instant.
    pub as_of: &'static str,
    /// Where the rows are.
    pub rows: &'static str,
    /// Where the total is.
    pub total: &'static str,
}

pub(super) static CHECKS: Api = Api {
    name: "Bitdefender",
    route: &bitdefender_get_checks::ROUTE,
    path: "/v1/cspm/checks",
    limit: ("page_limit", 1_000),
    as_of: "as_of",
    rows: "/data",
    total: "/meta/total",
};
pub(super) static DATADOG: Api = Api {
    name: "Datadog",
    route: &datadog_list_findings::ROUTE,
    path: "/api/v2/posture_management/findings",
    limit: ("limit", 1_000),
    as_of: "snapshot_timestamp",
    rows: "/data/attributes/findings",
    total: "/meta/page/total_filtered_count",
};
static DATADOG_GA: Api = Api {
    name: "Datadog, GA",
    path: "/datadog/api/v2/posture_management/findings",
    limit: ("page[limit]", 1_000),
    rows: "/data",
    ..DATADOG
};
pub(super) static INFRACAST: Api = Api {
    name: "Infracast",
    route: &infracast_list_findings::ROUTE,
    path: "/api/v1/tenants/bench/findings",
    limit: ("per_page", 500),
    as_of: "as_of",
    rows: "/items",
    total: "/total",
};
static SCORED: Api = Api {
    name: "Infracast, scored",
    route: &infracast_list_scored_findings::ROUTE,
    path: "/api/v1/tenants/bench/findings/scored",
    ..INFRACAST
};

/// A condition on a finding as its producer sent it: some text at a path is one of these.
type Condition = (&'static str, Vec<String>);

/// A question.
pub(super) struct Case {
    pub api: &'static Api,
    pub query: String,
    /// What must hold of the findings that are meant, where the data tells.
    meant: Option<Vec<Condition>>,
    /// Whether texts are opened for it.
    pub of_texts: bool,
}

impl Api {
    /// The path with a query, for so many rows.
    pub fn ask(&self, query: &str, limit: usize) -> String {
        let joint = if query.is_empty() { "" } else { "&" };
        format!("{}?{query}{joint}{}={limit}", self.path, self.limit.0)
    }
}

impl Case {
    /// Its name; ids and much else are left out of a long query.
    pub fn name(&self) -> String {
        let query = if self.query.is_empty() { "no filter" } else { &self.query };
        let shown: String = query.chars().take(SHOWN).collect();
        format!("{}: {shown}{}", self.api.name, if query.len() > shown.len() { "…" } else { "" })
    }

    /// Whether a finding as it was sent is meant; `None` where the data does not tell.
    pub fn accepts(&self, finding: &Value) -> Option<bool> {
        let holds = |(path, wanted): &Condition| {
            let texts = finding.as_object().map(|object| texts_at(object, path)).unwrap_or_default();
            texts.iter().any(|text| wanted.contains(text))
        };
        self.meant.as_ref().map(|conditions| conditions.iter().all(holds))
    }
}

/// What filters ask for: values of one finding.
struct Probe {
    finding: Value,
    uids: Uids,
}

impl Probe {
    fn text(&self, path: &str) -> String {
        let texts = self.finding.as_object().map(|object| texts_at(object, path)).unwrap_or_default();
        texts.into_iter().next().unwrap_or_default()
    }

    fn is(&self, path: &'static str) -> Condition {
        (path, vec![self.text(path)])
    }
}

fn among(path: &'static str, words: &[&str]) -> Condition {
    (path, words.iter().map(|word| (*word).to_owned()).collect())
}

fn fail() -> Condition {
    among("Compliance.Status", &["FAILED"])
}

/// Every question.
pub(super) async fn cases(ledger: &Ledger) -> Result<Vec<Case>, Error> {
    let uids = ledger.world.app.writer.uids(&ledger.world.tenant).await?;
    let finding = ledger.finding(ledger.data.count / 2).unwrap_or_default();
    let probe = Probe { finding, uids };
    let mut cases = bitdefender(&probe);
    cases.extend(datadog(&probe, ledger));
    cases.extend(infracast(&probe));
    Ok(cases)
}

fn case(api: &'static Api, query: impl Into<String>, meant: Option<Vec<Condition>>) -> Case {
    Case { api, query: query.into(), meant, of_texts: false }
}

fn bitdefender(probe: &Probe) -> Vec<Case> {
    let uid = |kind, path: &str| probe.uids.named(kind, &probe.text(path)).to_string();
    let (account, rule) = (uid(Named::Account, "AwsAccountId"), uid(Named::Rule, "GeneratorId"));
    let group = probe.uids.named(Named::Group, "default");
    let framework = format!("cis-aws-{}", probe.text("Compliance.AssociatedStandards.StandardsId").replace("CIS-", ""));
    let (kind, resource) = (probe.text("Resources.Type"), probe.text("Resources.Id"));
    let id = probe.uids.finding(posture_shared::domain::Ordinal(7));
    let of = |query: String, meant: Vec<Condition>| case(&CHECKS, query, Some(meant));
    let together = format!("results=fail&severities=high,critical&statuses=open&scans={account}&resource_types={kind}");
    vec![
        of(String::new(), vec![]),
        of("results=fail".to_owned(), vec![fail()]),
        of("results=pass".to_owned(), vec![among("Compliance.Status", &["PASSED"])]),
        of("severities=high,critical".to_owned(), vec![among("Severity.Label", &["HIGH", "CRITICAL"])]),
        of("statuses=open".to_owned(), vec![fail()]),
        of(format!("scans={account}"), vec![probe.is("AwsAccountId")]),
        of(format!("scan_groups={group}"), vec![]),
        of(format!("rules={rule}"), vec![probe.is("GeneratorId")]),
        of(format!("resources={resource}"), vec![probe.is("Resources.Id")]),
        of(format!("resource_types={kind}"), vec![probe.is("Resources.Type")]),
        of(format!("system_compliance={framework}"), vec![probe.is("Compliance.AssociatedStandards.StandardsId")]),
        case(&CHECKS, format!("id={id}"), None),
        of(
            together,
            vec![
                fail(),
                among("Severity.Label", &["HIGH", "CRITICAL"]),
                probe.is("AwsAccountId"),
                probe.is("Resources.Type"),
            ],
        ),
    ]
}

fn datadog(probe: &Probe, ledger: &Ledger) -> Vec<Case> {
    let of = |query: &str, meant: Vec<Condition>| case(&DATADOG, query, Some(meant));
    let some = |query: &str| case(&DATADOG, query, None);
    let (rule, title) = (probe.text("GeneratorId"), probe.text("Title").replace(' ', "%20"));
    let (account, resource) = (probe.text("AwsAccountId"), probe.text("Resources.Id"));
    let since = ledger.after_day(25).0;
    vec![
        of("", vec![]),
        of("filter[evaluation]=fail", vec![fail()]),
        of("filter[evaluation]=pass", vec![among("Compliance.Status", &["PASSED"])]),
        some(&format!("filter[evaluation_changed_at]=%3E={since}")),
        of("filter[muted]=false", vec![]),
        of("filter[muted]=true", vec![among("Compliance.Status", &[])]),
        some(&format!("filter[discovery_timestamp]=%3C={since}")),
        of("filter[resource_type]=aws_ec2_instance", vec![among("Resources.Type", &["AwsEc2Instance"])]),
        some("filter[resource_type]=-aws_ec2*"),
        of(&format!("filter[rule_id]={rule}"), vec![probe.is("GeneratorId")]),
        of(&format!("filter[rule_name]={title}"), vec![probe.is("Title")]),
        some("filter[rule_name]=*encryption*"),
        of("filter[status]=critical", vec![among("Severity.Label", &["CRITICAL"])]),
        of(&format!("filter[tags]=aws_account:{account}"), vec![probe.is("AwsAccountId")]),
        some("filter[tags]=team:team-7"),
        some("filter[tags]=framework:cis-aws"),
        some(&format!(
            "filter[evaluation_changed_at]%3E={since}&filter[evaluation]=fail&filter[status]=critical&filter[tag]=cloud_provider:aws"
        )),
        case(&DATADOG_GA, format!("filter[@resource_id]={resource}"), Some(vec![probe.is("Resources.Id")])),
        case(&DATADOG_GA, "filter[vulnerability_type]=misconfiguration&detailed_findings=true", Some(vec![])),
    ]
}

fn infracast(probe: &Probe) -> Vec<Case> {
    let of = |query: String, meant: Vec<Condition>| case(&INFRACAST, query, Some(meant));
    let some = |query: &str| case(&INFRACAST, query, None);
    let texts = |query: String| Case { of_texts: true, ..case(&INFRACAST, query, None) };
    let kind = || among("Resources.Type", &["AwsEc2Instance"]);
    let graver = || among("Severity.Label", &["CRITICAL", "HIGH"]);
    let requirement = probe.text("Compliance.RelatedRequirements");
    let control = requirement.split(' ').nth(1).unwrap_or_default();
    let framework = probe.text("Compliance.AssociatedStandards.StandardsId").replace("CIS-", "cis-aws@");
    let name = probe.text("Resources.Id");
    let name = name.rsplit(['/', ':']).next().unwrap_or_default();
    vec![
        of(String::new(), vec![fail()]),
        of("severity=CRITICAL,HIGH".to_owned(), vec![fail(), graver()]),
        some("status=resolved"),
        some("status=accepted"),
        some("status=all"),
        some("framework=cis-aws"),
        some(&format!("control_id={control}")),
        of(
            format!("framework={framework}&control_id={control}"),
            vec![fail(), probe.is("Compliance.RelatedRequirements")],
        ),
        of("resource_type=aws.ec2.instance".to_owned(), vec![fail(), kind()]),
        of(
            "severity=CRITICAL,HIGH&resource_type=aws.ec2.instance&sort=severity".to_owned(),
            vec![fail(), graver(), kind()],
        ),
        of("sort=-created_at".to_owned(), vec![fail()]),
        texts("sort=resource_id".to_owned()),
        texts("search=encryption".to_owned()),
        texts(format!("search={name}&status=all")),
        case(&SCORED, "", Some(vec![fail()])),
    ]
}
