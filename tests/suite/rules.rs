//! The rules of the audit: those that the program brings along are whole, and what is wrong with a rule is named by file and line.

use posture_shared::audit::{
    Engine, RuleSource, SourceFile, Verdict, built_in, built_in_source, built_in_sources, catalogue_page, check,
    check_together, library, quoted,
};
use serde_json::Value;
use std::collections::BTreeSet;

const KEY: &str = "ec2.securitygroup-allow-ingress-from-internet-to-tcp-port-22";

/// Every case of every rule comes out; see `audit::check` for what else is asked of a rule.
#[test]
fn every_built_in_rule_is_whole() {
    let mut rules = Vec::new();
    let mut cases = 0;
    for source in built_in_sources() {
        let (rule, own) = check(&source, library()).unwrap_or_else(|problems| panic!("{problems:#?}"));
        cases += own.len();
        rules.push(rule);
    }
    assert_eq!(check_together(&rules), []);
    let services: BTreeSet<&str> = rules.iter().filter_map(|rule| rule.metadata.key.split('.').next()).collect();
    assert!(
        rules.len() >= 80 && services.len() >= 20 && cases > 3 * rules.len(),
        "{} {services:?} {cases}",
        rules.len()
    );
    for framework in
        ["nist-800-53@r5", "cis-aws@1.5", "cis-aws@3.0", "cis-aws@4.0", "cis-aws@5.0", "pci-dss@4.0", "soc2"]
    {
        let is_of = |rule: &&posture_shared::audit::Rule| {
            rule.controls.iter().any(|control| control.framework_id() == framework)
        };
        assert!(rules.iter().filter(is_of).count() > 5, "{framework}");
    }
    assert!(rules.iter().any(|rule| !rule.metadata.related.is_empty()), "some join resources");
    assert!(*built_in().unwrap() == rules, "what was taken into the program is what the files say");
}

#[test]
fn the_catalogue_page_is_up_to_date() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../RULES.md")).unwrap();
    assert!(page == catalogue_page(&built_in().unwrap()), "run `posture rules page > RULES.md`");
}

/// What `check` says of the rule about SSH after a change to one of its files.
fn said(file: &str, change: impl Fn(&str) -> String) -> Vec<String> {
    let mut source: RuleSource = built_in_source(KEY).unwrap();
    for SourceFile { name, text } in &mut source.files {
        if name == file {
            let changed = change(text);
            assert_ne!(*text, changed, "the change does nothing");
            *text = changed;
        }
    }
    check(&source, library()).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// "A rule with a typo, an endless loop, a wrong path, missing cases: refused or stopped with a message that names file and line."
#[test]
fn what_is_wrong_with_a_rule_is_named() {
    let starts = |said: &[String], place: &str, what: &str| {
        assert!(
            said.iter().any(|said| said.starts_with(&format!("{KEY}/{place}")) && said.contains(what)),
            "{said:#?}"
        );
    };
    let typo = said("rule.rego", |text| text.replace("some range in data", "some range ni data"));
    starts(&typo, "rule.rego:6", "");
    let path = said("rule.rego", |text| text.replace("configuration.ipPermissions\n", "configuration.ipPermission\n"));
    starts(&path, "rule.rego:4", "did you mean configuration.ipPermissions?");
    let metadata = said("rule.yaml", |text| text.replace("severity: high", "severity: hihg"));
    starts(&metadata, "rule.yaml", "hihg");
    let member = said("rule.yaml", |text| text.replace("rationale:", "reason:"));
    starts(&member, "rule.yaml", "reason");
    let control = said("rule.yaml", |text| text.replace("soc2:", "sock2:"));
    starts(&control, "rule.yaml:", "sock2");
    let required =
        said("rule.yaml", |text| text.replace("requires: [configuration.ipPermissions]", "requires: [resourceId]"));
    starts(&required, "rule.yaml", "a resource of which nothing was read passes");
    let place = said("rule.yaml", |text| text.replace("{{evidence.range}}", "{{evidence.cidr}}"));
    starts(&place, "rule.yaml:", "evidence.cidr");
    let verdict = said("cases.yaml", |text| text.replacen("expect: fail", "expect: pass", 1));
    starts(&verdict, "cases.yaml:1", "came out as fail");
    let none_passes = said("cases.yaml", |text| text.replace("expect: pass", "expect: unknown"));
    starts(&none_passes, "cases.yaml", "no case that passes");
    let shape = said("cases.yaml", |text| text.replace("ipPermissions: []", "ipPermission: []"));
    starts(&shape, "cases.yaml:25", "ipPermission");
    let call = said("rule.rego", |text| format!("{text}\nx := numbers.range(1, 10)\n"));
    starts(&call, "rule.rego:", "numbers.range is not allowed");
    let parameter = said("rule.rego", |text| format!("{text}\nx := input.params.moost\n"));
    starts(&parameter, "rule.rego:", "rule.yaml has no `moost` in `params`");
    let join = said("rule.rego", |text| format!("{text}\nx := count(input.related.nothing)\n"));
    starts(&join, "rule.rego:", "rule.yaml has no `nothing` in `related`");
    let joined = said("rule.yaml", |text| format!("{text}\nrelated: {{all: {{type: \"AWS::No::Thing\"}}}}\n"));
    starts(&joined, "rule.yaml:", "nothing is known about resources of type AWS::No::Thing");
    // The parser would write it out.
    let number = said("rule.rego", |text| format!("{text}\nx := 1e999999999 # 1e5\n"));
    starts(&number, "rule.rego:", "has a number with an exponent");
}

/// A number that takes hours to spell out, in a resource that anybody may have named so, is no number.
#[test]
fn enormous_numbers_stop_nobody() {
    let key = "eks.cluster-uses-a-supported-version";
    let source = built_in_source(key).unwrap();
    let case = "- name: a version that is none\n  expect: unknown\n  resource: {configuration: {Version: \"1e999999999.30\"}}\n";
    let mut attacked = source.clone();
    let cases = attacked.files.iter_mut().find(|file| file.name == "cases.yaml").unwrap();
    cases.text = format!("{}\n{case}", cases.text.trim_end());
    let began = std::time::Instant::now();
    let checked = check(&attacked, library()).map(|(_, cases)| cases.len());
    assert!(began.elapsed().as_secs() < 20, "{checked:?}");
    let refused = said("rule.rego", |text| format!("{text}\nx := to_number(\"1\")\n"));
    assert!(refused.iter().any(|said| said.contains("to_number is not allowed")), "{refused:#?}");
}

/// An evaluation that would not end is stopped, and one that breaks the evaluator is contained: both are unknown, never pass.
#[test]
fn evaluations_are_bounded_and_contained() {
    let digits = r#"n := ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]"#;
    let endless = format!(
        "\n{digits}\nviolations contains 1 if {{\n\tcount(input.resource.configuration.ipPermissions) >= 0\n\tcount([1 | some a in n; some b in n; some c in n; some d in n; some e in n; some f in n; some g in n; some h in n; some i in n; some j in n]) < 0\n}}\n"
    );
    let began = std::time::Instant::now();
    let stopped = said("rule.rego", |text| format!("{text}{endless}"));
    assert!(stopped.iter().any(|said| said.contains("cases.yaml:") && said.contains("took too long")), "{stopped:#?}");
    assert!(began.elapsed().as_secs() < 120, "stopped, and not run to its end");
    let breaking = said("rule.rego", |text| {
        format!("{text}\nviolations contains 1 if object.subset(input.resource.configuration.ipPermissions, []) == 7\n")
    });
    assert!(breaking.iter().all(|said| !said.contains("came out as pass")), "{breaking:#?}");
}

/// The paths of all members of a value, each with the names on the way to it.
fn paths(value: &Value, before: &[String], into: &mut Vec<Vec<String>>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), member)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(place, item)| (place.to_string(), item)).collect(),
        _ => return,
    };
    for (name, member) in inner {
        let path: Vec<String> = before.iter().cloned().chain([name]).collect();
        if value.is_object() {
            into.push(path.clone());
        }
        paths(member, &path, into);
    }
}

/// What is left of a value without the member at a path.
fn without(value: &Value, path: &[String]) -> Value {
    let mut left = value.clone();
    let (last, way) = path.split_last().unwrap();
    let pointer: String = way.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect();
    if let Some(members) = left.pointer_mut(&pointer).and_then(Value::as_object_mut) {
        members.remove(last);
    }
    left
}

/// A resource that fails does not pass because a member is missing that is not what is wrong with it.
#[test]
fn no_verdict_hangs_on_a_member_that_only_names() {
    let mut wrong = Vec::new();
    for source in built_in_sources() {
        let (rule, cases) = check(&source, library()).unwrap();
        let mut engine = Engine::new(library().iter().copied(), [&rule]);
        for case in cases {
            let Verdict::Fail(violations) = case.judge(&mut engine, &rule) else { continue };
            let resource = Value::Object(case.resource.clone());
            let mut all = Vec::new();
            paths(&resource, &[], &mut all);
            for path in all {
                let shown = path.join(".");
                // One statement alone is no list, and is told as the first of one.
                let place = |text: &str| {
                    text.split(['.', '[', ']'])
                        .filter(|name| !name.is_empty() && name.parse::<usize>().is_err())
                        .collect::<Vec<_>>()
                        .join(".")
                };
                let here = place(&shown);
                let is_there = |said: &str| said.starts_with(&here) || here.starts_with(said);
                if violations.iter().any(|found| is_there(&place(&found.path))) {
                    continue;
                }
                // Says the same in two places, and a violation names one.
                if rule.metadata.key == "secretsmanager.automatic-rotation-enabled" && here.starts_with("supplementary")
                {
                    continue;
                }
                let Value::Object(less) = without(&resource, &path) else { continue };
                let mut case = case.clone();
                case.resource = less;
                if case.judge(&mut engine, &rule) == Verdict::Pass {
                    wrong.push(format!("{}: {}: without {shown}", rule.metadata.key, case.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every command of a rule is there for a resource that fails: nothing in it is left out for what it might be taken for.
#[test]
fn every_command_is_filled_for_some_resource() {
    for source in built_in_sources() {
        let (rule, cases) = check(&source, library()).unwrap();
        let mut engine = Engine::new(library().iter().copied(), [&rule]);
        let commands = rule.metadata.remediation.steps.iter().filter_map(|step| step.command.as_ref());
        let mut left: BTreeSet<&String> = commands.collect();
        for case in &cases {
            let Verdict::Fail(violations) = case.judge(&mut engine, &rule) else { continue };
            let item = case.item(&rule.metadata.resource_type);
            let mut params = rule.metadata.defaults();
            params.extend(case.params.clone());
            for violation in violations {
                left.retain(|command| quoted(command, &item, &violation.evidence, &params).is_none());
            }
        }
        assert!(left.is_empty(), "{}: {left:?}", rule.metadata.key);
    }
}
