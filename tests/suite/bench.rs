//! `posture bench`: the counted targets of the design hold, and the bench notices when one does not.

use indicatif::ProgressBar;
use posture_local::bench::{Limit, Options, Report, Targets, Verdict, run};

/// `make prove` runs the program with as many as the targets are written for.
const FEW: u32 = 1_000;

async fn report(findings: u32, targets: Targets) -> Report {
    let options = Options { findings, resources: 500, repeat: 1, targets, ..Options::default() };
    run(&options, &ProgressBar::hidden()).await.unwrap()
}

fn missed(report: &Report) -> Vec<&str> {
    report.missed().map(|row| row.name.as_str()).collect()
}

/// DESIGN §4. One run serves both: the absurd targets are on rows that the real ones are looked up beside.
#[tokio::test(flavor = "multi_thread")]
async fn targets_hold_and_absurd_ones_are_missed() {
    let absurd = Targets { get_warm: Limit::reading(-1_000.0), folded: -1.0, ..Targets::default() };
    let report = report(FEW, absurd).await;
    let expected = [
        "one finding of our own audit, warm: no Terraform",
        "one finding of our own audit, warm: Terraform",
        "  folding",
        "  folding",
        "one finding by its uid, warm: Bitdefender",
        "one finding by its uid, warm: Datadog",
        "one finding by its uid, warm: Infracast",
        "one finding by its full id, warm",
    ];
    assert_eq!(missed(&report), expected, "\n{}", report.table());
    let summary = report.summary();
    assert_eq!((summary.findings, summary.missed, summary.not_built), (FEW, 8, 1));
    assert!(summary.ok > 220, "\n{}", report.table());
    // Every attribute that the first row of the table names has a row of its own, warm and cold.
    for attribute in [
        "Id",
        "ProductArn",
        "ProductName",
        "CompanyName",
        "GeneratorId",
        "AwsAccountId",
        "Region",
        "Title",
        "Type",
        "SeverityLabel",
        "SeverityNormalized",
        "SeverityProduct",
        "ComplianceStatus",
        "WorkflowStatus",
        "RecordState",
        "VerificationState",
        "Confidence",
        "Criticality",
        "ResourceType",
        "ResourceId",
        "ResourceRegion",
        "ResourceTags",
        "ComplianceSecurityControlId",
        "ComplianceAssociatedStandardsId",
        "FirstObservedAt",
        "LastObservedAt",
        "CreatedAt",
        "UpdatedAt",
    ] {
        for state in ["warm", "cold"] {
            let name = format!("list, {state}: {attribute}");
            let row = report.rows.iter().find(|row| row.name == name);
            let row = row.unwrap_or_else(|| panic!("there is no row {name}"));
            assert_eq!(row.verdict, Verdict::Met, "{name}");
            assert!(row.counts.as_ref().is_some_and(|counts| counts.total() > 0), "{name} counted nothing");
        }
    }
    let names: Vec<&str> = report.rows.iter().map(|row| row.name.as_str()).collect();
    for (dialect, filter) in FILTERS.iter().flat_map(|(dialect, filters)| filters.iter().map(|f| (*dialect, *f))) {
        for state in ["warm", "cold"] {
            let begin = format!("list, {state}: {dialect}: {filter}");
            assert!(names.iter().any(|name| name.starts_with(&begin)), "there is no row {begin}");
        }
    }
}

/// What the documents say that lists can be asked for, beside the page: bitdefender-cspm-checks, Parameters;
/// datadog-posture-management-findings, Query parameters; infracast-findings, Query Parameters.
const FILTERS: [(&str, &[&str]); 3] = [
    (
        "Bitdefender",
        &[
            "no filter",
            "results=",
            "severities=",
            "statuses=",
            "scans=",
            "scan_groups=",
            "rules=",
            "resources=",
            "resource_types=",
            "system_compliance=",
        ],
    ),
    (
        "Datadog",
        &[
            "no filter",
            "filter[evaluation]=",
            "filter[evaluation_changed_at]=",
            "filter[muted]=",
            "filter[discovery_timestamp]=",
            "filter[resource_type]=",
            "filter[resource_type]=-",
            "filter[rule_id]=",
            "filter[rule_name]=",
            "filter[status]=",
            "filter[tags]=",
        ],
    ),
    (
        "Infracast",
        &[
            "no filter",
            "framework=",
            "severity=",
            "status=",
            "resource_type=",
            "control_id=",
            "search=",
            "sort=-created_at",
            "sort=resource_id",
        ],
    ),
];
