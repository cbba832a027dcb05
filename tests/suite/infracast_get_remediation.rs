//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}/remediation` (infracast-findings, Get AI Remediation).

use crate::house::{Answer, House, finding};
use crate::import_resources::{put, resource};
use crate::infracast::get;
use crate::run_audits::{audit, group, ssh};
use lambda_http::http::Method;
use posture_shared::domain::Instant;
use serde_json::{Value, json};

async fn remediation(house: &House, id: &str) -> Answer {
    get(house, &format!("/findings/{id}/remediation")).await
}

/// The document's sample: the group's id, port and range stand in the commands, in order, one for each range that is open.
#[tokio::test]
async fn steps_are_filled_in_for_the_resource() {
    let house = House::new().await;
    let mut open = group("eu-west-1", "sg-0abc123", 1, "0.0.0.0/0");
    open["configuration"]["ipPermissions"][0]["ipv6Ranges"] = json!([{"cidrIpv6": "::/0"}]);
    put(&house, &json!([open])).await;
    audit(&house).await;
    let id = ssh("eu-west-1", "sg-0abc123");
    let body = remediation(&house, &id).await.body;
    assert_eq!((&body["finding_id"], &body["source"]), (&json!(id), &json!("rule")), "{body}");
    assert_eq!(body["terraform_patch_available"], json!(false));
    assert!(body["summary"].as_str().unwrap().starts_with("Remove the inbound rule"), "{body}");
    let steps = body["steps"].as_array().unwrap();
    let orders: Vec<u64> = steps.iter().map(|step| step["order"].as_u64().unwrap()).collect();
    assert_eq!(orders, [1, 2, 3]);
    let commands: Vec<&str> = steps.iter().map(|step| step["command"].as_str().unwrap()).collect();
    let revoke = "aws ec2 revoke-security-group-ingress --region eu-west-1 --group-id sg-0abc123 --ip-permissions";
    let permission = |ranges: &str| format!(r#"'[{{"FromPort":22,{ranges}"IpProtocol":"tcp","#);
    assert_eq!(
        commands[0],
        "aws ec2 describe-network-interfaces --region eu-west-1 --filters Name=group-id,Values=sg-0abc123"
    );
    assert!(commands[1].starts_with(revoke) && commands[2].starts_with(revoke), "{commands:?}");
    let of = |text: &str| commands.iter().any(|command| command.contains(text) && command.ends_with('\''));
    assert!(of(&permission("")) && of(r#"{"CidrIp":"0.0.0.0/0"}"#) && of(r#"{"CidrIpv6":"::/0"}"#), "{commands:?}");
    assert!(steps[1]["action"].as_str().unwrap().contains("0.0.0.0/0"));
}

/// What a resource is called cannot leave its place in a command.
#[tokio::test]
async fn names_are_quoted_for_a_shell() {
    let house = House::new().await;
    let name = "x; rm -rf ~ $(id) 'y'";
    put(&house, &json!([group("eu-west-1", name, 1, "0.0.0.0/0")])).await;
    audit(&house).await;
    let rows = get(&house, "/findings?per_page=500").await.body;
    let row = rows["items"].as_array().unwrap().iter().find(|row| row["rule_id"] == "CIS-AWS-5.2").unwrap();
    let body = remediation(&house, row["uid"].as_str().unwrap()).await.body;
    let quoted = r"'x; rm -rf ~ $(id) '\''y'\'''";
    let steps = body["steps"].as_array().unwrap();
    assert!(!steps.is_empty() && steps.iter().all(|step| step["command"].as_str().unwrap().contains(quoted)), "{body}");
}

/// Every rule that fails has steps whose commands are all filled in.
#[tokio::test]
async fn every_rule_has_steps() {
    let house = House::new().await;
    // The samples are of that day.
    house.clock.set(Instant(1_772_517_600_000));
    let samples: Value = serde_json::from_str(&crate::checkout::read("samples/inventory.json")).unwrap();
    put(&house, &samples).await;
    audit(&house).await;
    let rows = get(&house, "/findings?per_page=500").await.body["items"].as_array().unwrap().clone();
    assert!(rows.len() > 20, "{}", rows.len());
    for row in rows {
        let body = remediation(&house, row["uid"].as_str().unwrap()).await.body;
        let steps = body["steps"].as_array().unwrap();
        let open =
            |step: &Value| step.to_string().contains("{{") || step["action"].as_str().unwrap().contains("<evidence");
        assert!(!steps.is_empty() && !steps.iter().any(open), "{row} {body}");
        assert_eq!(body["finding_id"], row["id"]);
    }
}

/// What mends an imported finding is what its producer says, and nothing is made up.
#[tokio::test]
async fn imported_findings_have_their_producers_word() {
    let house = House::new().await;
    let told = |id: &str, remediation: Value| {
        let mut one = finding(id, "123456789012", "FAILED", "2023-11-02T00:00:00Z");
        one["GeneratorId"] = json!(id);
        one["Resources"] = json!([{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::logs"}]);
        if !remediation.is_null() {
            one["Remediation"] = json!({"Recommendation": remediation});
        }
        one
    };
    let both = json!({"Text": "Turn it on.", "Url": "https://example.com/on"});
    let all = [told("both", both), told("url", json!({"Url": "https://example.com/on"})), told("none", Value::Null)];
    house.import(&house.acme.token, &all).await;
    for (id, summary, steps) in [
        ("both", "Turn it on.", json!([{"order": 1, "action": "Turn it on.", "command": null}])),
        (
            "url",
            "The producer of this finding refers to https://example.com/on.",
            json!([{"order": 1, "action": "Follow https://example.com/on", "command": null}]),
        ),
        ("none", "The producer of this finding does not say how to mend it.", json!([])),
    ] {
        let body = remediation(&house, &format!("{id}-logs")).await.body;
        assert_eq!((&body["summary"], &body["steps"]), (&json!(summary), &steps), "{body}");
        assert_eq!((&body["source"], &body["terraform_patch_available"]), (&json!("producer"), &json!(false)));
    }
}

/// A resource that was mended meanwhile, or is gone, is told so; as of an instant before, the steps are those of then.
#[tokio::test]
async fn what_is_not_so_any_more_is_said() {
    let house = House::new().await;
    put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0")])).await;
    audit(&house).await;
    let id = ssh("eu-west-1", "sg-1");
    let then = get(&house, &format!("/findings/{id}")).await.body["as_of"].as_str().unwrap().to_owned();
    house.clock.set(house.clock.now().plus(3_600_000));
    let mut mended = group("eu-west-1", "sg-1", 1, "10.0.0.0/8");
    mended["configurationItemCaptureTime"] = json!("2023-11-14T22:50:00Z");
    put(&house, &json!([mended])).await;
    let now = remediation(&house, &id).await.body;
    assert!(now["summary"].as_str().unwrap().contains("does not fail any more"), "{now}");
    let before = get(&house, &format!("/findings/{id}/remediation?as_of={then}")).await.body;
    assert!(before.to_string().contains("revoke-security-group-ingress --region eu-west-1"), "{before}");
    let mut gone = resource("AWS::EC2::SecurityGroup", "sg-1", 1, &json!({}));
    gone["configurationItemCaptureTime"] = json!("2023-11-14T22:55:00Z");
    gone["configurationItemStatus"] = json!("ResourceDeleted");
    put(&house, &json!([gone])).await;
    let now = remediation(&house, &id).await.body;
    assert!(now["summary"].as_str().unwrap().contains("not in the inventory any more"), "{now}");
    assert_eq!(remediation(&house, "CIS-AWS-5.2-sg-9").await.error(), (404, "NOT_FOUND"));
    let theirs = format!("/api/v1/tenants/beta/findings/{id}/remediation");
    assert_eq!(house.ask(&house.beta.token, Method::GET, &theirs, &Value::Null).await.status, 404);
}
