//! What functions that read AWS may do there: what they call, and no more.

use crate::checkout::{files, read};
use crate::consistency::{HUB, MEMBERS, SWEEP, TELL, differences, none};
use crate::template::Template;
use posture_shared::upstream::{ACTIONS, HUB_ACTIONS, ROLE_ACTIONS, TELL_ACTIONS};

#[test]
fn a_synchronisation_may_do_what_it_calls_and_no_more() {
    let template = Template::parse(&read("template.yaml"));
    for (policy, actions, resource) in
        [(HUB, HUB_ACTIONS, "*"), (TELL, TELL_ACTIONS, "*"), (MEMBERS, ROLE_ACTIONS, "!Ref MemberRoles")]
    {
        let path = format!("Resources/{policy}/Properties/PolicyDocument/Statement");
        assert_eq!(template.list(&format!("{path}/0/Action")), actions, "{policy} in template.yaml");
        assert_eq!(template.get(&format!("{path}/0/Resource")), Some(resource), "{policy} in template.yaml");
        assert_eq!(template.keys(&path), ["0"], "{policy} in template.yaml: one statement");
    }
    // Whoever knows a role's ARN and not the external id is not let in, and nobody is asked without one.
    let condition = format!("Resources/{MEMBERS}/Properties/PolicyDocument/Statement/0/Condition/StringEquals");
    assert_eq!(template.get(&format!("{condition}/sts:ExternalId")), Some("!Ref MemberExternalId"));
    let called = files("shared/src/upstream", ".rs").into_iter().map(|path| read(&path)).collect::<String>();
    assert!(
        called.contains(".get_findings()") && called.contains("\"AssumeRole\""),
        "edit HUB_ACTIONS or ROLE_ACTIONS"
    );
}

#[test]
fn a_sweep_may_do_what_it_calls_and_no_more() {
    let template = Template::parse(&read("template.yaml"));
    let path = format!("Resources/{SWEEP}/Properties/PolicyDocument/Statement");
    let have = template.list(&format!("{path}/0/Action")).into_iter().map(str::to_owned).collect();
    let want = ACTIONS.iter().map(|action| (*action).to_owned()).collect();
    let edit = format!("{SWEEP} in template.yaml");
    none(&differences(&have, &want, &format!("remove from {edit}"), &format!("add to {edit}")));
    assert_eq!(template.keys(&path), ["0"], "{edit}: one statement");
    // Calls of AWS Config are written as its operations are; the others have names of their own.
    let called = files("shared/src/upstream", ".rs").into_iter().map(|path| read(&path)).collect::<String>();
    for action in ACTIONS.iter().filter_map(|action| action.strip_prefix("config:")) {
        assert!(
            called.contains(&format!("\"{action}\"")),
            "edit ACTIONS in shared/src/upstream: {action} is not called"
        );
    }
}

/// Only where an operator turned it on is there a function that tells hubs, and the right to; in a member account as well.
#[test]
fn hubs_are_told_only_where_that_is_turned_on() {
    let template = Template::parse(&read("template.yaml"));
    for path in ["Parameters/TellHubs/Default", "Conditions/TellsHubs", "Resources/TellPolicy/Condition"] {
        let want = match path {
            "Parameters/TellHubs/Default" => "false",
            "Conditions/TellsHubs" => "!Equals [!Ref TellHubs, 'true']",
            _ => "TellsHubs",
        };
        assert_eq!(template.get(path).map(|have| have.trim_matches('\'')), Some(want), "{path} in template.yaml");
    }
    assert_eq!(template.get("Resources/TellHubsFunction/Condition"), Some("TellsHubs"));
    let member = Template::parse(&read("member-role.yaml"));
    assert_eq!(member.get("Parameters/TellHubs/Default").map(|have| have.trim_matches('\'')), Some("false"));
    let path = "Resources/Tell";
    assert_eq!(member.get(&format!("{path}/Condition")), Some("TellsHubs"));
    let statement = format!("{path}/Properties/PolicyDocument/Statement");
    assert_eq!(member.list(&format!("{statement}/0/Action")), TELL_ACTIONS);
    assert_eq!(member.keys(&statement), ["0"], "member-role.yaml: one statement");
}

/// The role of a member account lets whoever takes it on do what both readers call.
#[test]
fn a_members_role_may_do_what_is_called_there_and_no_more() {
    let template = Template::parse(&read("member-role.yaml"));
    let role = "Resources/Role/Properties";
    let path = format!("{role}/Policies/0/PolicyDocument/Statement");
    let have = template.list(&format!("{path}/0/Action")).into_iter().map(str::to_owned).collect();
    let want = [ACTIONS, HUB_ACTIONS].concat().into_iter().map(str::to_owned).collect();
    none(&differences(&have, &want, "remove from member-role.yaml", "add to member-role.yaml"));
    assert_eq!(template.keys(&path), ["0"], "member-role.yaml: one statement");
    let trust = format!("{role}/AssumeRolePolicyDocument/Statement/0/Condition/StringEquals/sts:ExternalId");
    assert_eq!(template.get(&trust), Some("!Ref ExternalId"));
}
