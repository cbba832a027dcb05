//! Findings of our own audits, and whether they have patches: what that adds to a list and to a single finding.
//!
//! Over a store of its own, because what is imported has no patches. What a process remembers of patches is not a container's own,
//! so there are no rows of a cold one.

use super::Options;
use super::report::Report;
use super::targets::Limit;
use super::world::{Answer, World};
use posture_functions::{App, Route, import_resources, infracast_get_finding, infracast_list_findings, set_terraform};
use posture_shared::domain::json::texts_at;
use posture_shared::domain::{Error, Instant};
use posture_shared::operations::{run_audits, start_audit};
use serde_json::{Value, json};

/// Security groups, each of which has a finding with a patch.
const GROUPS: usize = 100;
const NOW: Instant = Instant(1_767_225_600_000);
const RULE: &str = "CIS-AWS-5.2";
const TENANT: &str = "/api/v1/tenants/bench";
/// Requests in which all patches must be known: a list works on what is new for a time, and a debug build takes longer.
const REQUESTS: usize = 60;

/// Measures them without Terraform, while it is new, and after that.
pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<(), Error> {
    let world = World::new(NOW, None, None).await?;
    put(&world, &import_resources::ROUTE, "resources", &groups()).await?;
    start_audit(&world.app.writer, &world.tenant, None, "framework").await?;
    run_audits(&world.app.writer, &[world.tenant.clone()].into(), || false).await?;
    let reader = world.container();
    let list = format!("{TENANT}/findings?per_page={GROUPS}");
    let rows = get(&world, &reader, &infracast_list_findings::ROUTE, &list).await?;
    let id = id_of(&rows).ok_or_else(|| Error::internal("the audit of the bench has found nothing"))?;
    let one = format!("{TENANT}/findings/{id}");
    let (list, one) = ((&infracast_list_findings::ROUTE, list), (&infracast_get_finding::ROUTE, one));
    for (route, path) in [&one, &list] {
        get(&world, &reader, route, path).await?;
    }
    let targets = &options.targets;
    // One before all, so that it is new too.
    let cases = [("one finding", &one, targets.get_warm), ("list", &list, targets.warm)];
    for (what, (route, path), limit) in cases {
        let answer = get(&world, &reader, route, path).await?;
        judge(report, &format!("{what} of our own audit, warm: no Terraform"), limit, answer, "false");
    }
    put(&world, &set_terraform::ROUTE, "terraform", &terraform()).await?;
    for (what, (route, path), limit) in cases {
        let mut first = get(&world, &reader, route, path).await?;
        for _ in 0..REQUESTS {
            if said(&first) == ["true"] {
                break;
            }
            let next = get(&world, &reader, route, path).await?;
            first = if next.counts.rounds > first.counts.rounds { next } else { Answer { body: next.body, ..first } };
        }
        let more = Limit { rounds: limit.rounds.map(|rounds| rounds + 1), ..Limit::default() };
        judge(report, &format!("{what} of our own audit, warm: Terraform, new"), more, first, "true");
        let again = get(&world, &reader, route, path).await?;
        judge(report, &format!("{what} of our own audit, warm: Terraform"), limit, again, "true");
    }
    Ok(())
}

fn judge(report: &mut Report, name: &str, limit: Limit, answer: Answer, expected: &str) {
    let said = said(&answer);
    let wrong = (said != [expected]).then(|| format!("whether there are patches is {said:?}, not {expected}"));
    report.judge(name, limit, answer.counts, Some(answer.ms), wrong);
}

/// What rows say of patches, each word once; of those that could have one.
fn said(answer: &Answer) -> Vec<String> {
    let rows = answer.body.get("items").and_then(Value::as_array);
    let rows = rows.map_or_else(|| vec![&answer.body], |rows| rows.iter().collect());
    let of_rule = rows.into_iter().filter(|row| row.get("rule_id").and_then(Value::as_str) == Some(RULE));
    let mut words: Vec<String> =
        of_rule.map(|row| row.get("terraform_patch_available").unwrap_or(&Value::Null).to_string()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn id_of(answer: &Answer) -> Option<String> {
    let mut rows = answer.body.get("items")?.as_array()?.iter().filter_map(Value::as_object);
    let row = rows.find(|row| texts_at(row, "rule_id").iter().any(|rule| rule == RULE))?;
    texts_at(row, "id").into_iter().next()
}

async fn get(world: &World, app: &App, route: &Route, path: &str) -> Result<Answer, Error> {
    world.get(app, route, path).await?.accepted()
}

async fn put(world: &World, route: &Route, what: &str, body: &Value) -> Result<(), Error> {
    world.put(&world.app, route, &format!("{TENANT}/{what}"), body).await?.accepted().map(drop)
}

fn groups() -> Value {
    let group = |n: usize| {
        let id = format!("sg-{n:05}");
        let rule = json!({"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}]});
        json!({
            "awsAccountId": "123456789012", "awsRegion": "eu-west-1", "resourceType": "AWS::EC2::SecurityGroup",
            "resourceId": id, "configurationItemStatus": "OK", "configurationItemCaptureTime": "2025-12-01T00:00:00Z",
            "configuration": {"groupId": id, "groupName": id, "ipPermissions": [rule]},
        })
    };
    (0..GROUPS).map(group).collect()
}

/// The configuration that makes the groups, and where its state has them.
fn terraform() -> Value {
    let block = |n: usize| {
        let ingress = "ingress {\n    from_port   = 22\n    to_port     = 22\n    protocol    = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }";
        format!("resource \"aws_security_group\" \"g{n}\" {{\n  {ingress}\n}}\n")
    };
    let resource = |n: usize| {
        let (address, name, id) = (format!("aws_security_group.g{n}"), format!("g{n}"), format!("sg-{n:05}"));
        json!({"address": address, "type": "aws_security_group", "name": name, "id": id, "arn": null})
    };
    let text = (0..GROUPS).map(block).collect::<Vec<_>>().join("\n");
    json!({"files": {"main.tf": text}, "resources": (0..GROUPS).map(resource).collect::<Vec<_>>()})
}
