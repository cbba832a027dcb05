//! A function's name is written in `ROUTES` or `TRIGGERS`; everything that is derived from it must be there, and
//! nothing else.

use crate::checkout::{exists, files, read};
use crate::programs::programs;
use crate::template::Template;
use lambda_http::RequestExt;
use posture_functions::access::{COUNTS, Grant, PATROLS, READS, WORDS, WRITES};
use posture_functions::event::request_of;
use posture_functions::route::find;
use posture_functions::{Handler, ROUTES, Route, TRIGGERS, WokenBy};
use posture_shared::dialects::Dialect;
use posture_shared::upstream::SECRET_ACTIONS;
use serde_json::Value;
use std::collections::BTreeSet;

/// The table that functions use: the stack's, or one that was restored.
const TABLE: &str = "!If [IsRestored, !Sub 'arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${RestoredTable}', !GetAtt Table.Arn]";
const READ: &str = "LedgerReadPolicy";
const WRITE: &str = "LedgerWritePolicy";
const COUNT: &str = "CountPolicy";
const MASTER: &str = "MasterPolicy";
pub const SWEEP: &str = "SweepPolicy";
pub const HUB: &str = "HubPolicy";
pub const TELL: &str = "TellPolicy";
pub const MEMBERS: &str = "MemberPolicy";
const WORDING: &str = "WordingPolicy";
const PATROL: &str = "PatrolPolicy";

/// What the table says of one function.
pub struct Function {
    name: &'static str,
    door: Door,
    /// Further paths of a route.
    also: &'static [&'static str],
    grants: Vec<Grant>,
    reads_aws: bool,
    /// Whether it answers in the form of response streaming.
    streams: bool,
    /// Whether its clients sign, so that it stands behind the API that hands signatures over too.
    is_signed: bool,
}

/// What a function is called by.
#[derive(Clone, Copy)]
enum Door {
    /// Method, path and the name of the scope.
    Route(&'static str, &'static str, &'static str),
    Queue,
    /// The rate.
    Schedule(&'static str),
}

impl Function {
    pub fn file(&self) -> String {
        self.name.replace('-', "_")
    }

    fn resource(&self) -> String {
        let parts = self.name.split('-').map(|part| part[..1].to_uppercase() + &part[1..]);
        parts.collect::<String>() + "Function"
    }

    fn event(&self) -> String {
        format!("events/{}.json", self.name)
    }

    /// Its row in README's table of routes and scopes.
    fn row(&self) -> String {
        match self.door {
            Door::Route(method, path, scope) => format!("| `{}` | `{method} {path}` | `{scope}` |", self.name),
            Door::Queue => format!("| `{}` | events, from a queue | none: only the queue can wake it |", self.name),
            Door::Schedule(rate) => {
                format!("| `{}` | a schedule, `{rate}` | none: only the schedule can wake it |", self.name)
            }
        }
    }

    /// Its events in the template, with their paths: `Request`, then `Request1` and so on for further paths.
    fn requests(&self, path: &'static str) -> Vec<(String, &'static str)> {
        let also = self.also.iter().enumerate().map(|(n, path)| (format!("Request{}", n + 1), *path));
        std::iter::once(("Request".to_owned(), path)).chain(also).collect()
    }

    /// The policies that together allow what it may do.
    fn policies(&self) -> String {
        if self.grants.is_empty() {
            return "[]".to_owned();
        }
        let ledger = if WRITES.iter().all(|grant| self.grants.contains(grant)) { WRITE } else { READ };
        let counts = COUNTS.iter().all(|grant| self.grants.contains(grant));
        if self.reads_aws {
            let reads = match self.name {
                "synchronise-hubs" => HUB,
                "tell-hubs" => TELL,
                _ => SWEEP,
            };
            let members = format!("!If [HasMembers, !Ref {MEMBERS}, !Ref AWS::NoValue]");
            return format!("[!Ref {ledger}, !Ref {MASTER}, !Ref {reads}, {members}]");
        }
        if WORDS.iter().all(|grant| self.grants.contains(grant)) {
            let perhaps = format!("!If [HasModel, !Ref {WORDING}, !Ref AWS::NoValue]");
            return format!("[!Ref {ledger}, !Ref {MASTER}, !Ref {COUNT}, {perhaps}]");
        }
        let patrols = PATROLS.iter().all(|grant| self.grants.contains(grant));
        let also = |has: bool, policy| if has { format!(", !Ref {policy}") } else { String::new() };
        format!("[!Ref {ledger}, !Ref {MASTER}{}{}]", also(counts, COUNT), also(patrols, PATROL))
    }
}

/// What README's table says that a key needs.
fn scope_of(route: &Route) -> &'static str {
    let without = if route.needs_key() { "any" } else { "none" };
    route.scope.map_or(without, |scope| scope.name())
}

pub fn functions() -> Vec<Function> {
    let routes = ROUTES.iter().map(|route| Function {
        name: route.function,
        door: Door::Route(route.method.as_str(), route.path, scope_of(route)),
        also: route.also,
        grants: route.grants(),
        reads_aws: false,
        streams: matches!(route.handler, Handler::Streams(_)),
        is_signed: route.dialect == Dialect::SecurityHub,
    });
    let triggers = TRIGGERS.iter().map(|trigger| Function {
        name: trigger.function,
        door: match trigger.woken_by {
            WokenBy::Queue => Door::Queue,
            WokenBy::Schedule(rate) => Door::Schedule(rate),
        },
        also: &[],
        grants: trigger.grants(),
        reads_aws: trigger.reads_aws,
        streams: false,
        is_signed: false,
    });
    routes.chain(triggers).collect()
}

/// Fails with every problem at once.
pub fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// Names that are in one set and not in the other.
pub fn differences(have: &BTreeSet<String>, want: &BTreeSet<String>, extra: &str, missing: &str) -> Vec<String> {
    let extras = have.difference(want).map(|name| format!("{extra}: {name}"));
    extras.chain(want.difference(have).map(|name| format!("{missing}: {name}"))).collect()
}

#[test]
fn every_function_has_its_handler_file() {
    let mut problems = Vec::new();
    for function in functions() {
        let path = format!("functions/src/{}.rs", function.file());
        if !exists(&path) {
            problems.push(format!("write {path}, the handler of {}", function.name));
            continue;
        }
        let opening = match function.door {
            Door::Route(method, route, _) => format!("//! `{method} {route}`: "),
            Door::Queue | Door::Schedule(_) => "//! Trigger: ".to_owned(),
        };
        if !read(&path).starts_with(&opening) {
            problems.push(format!("edit {path}: its first line must begin with {opening}"));
        }
    }
    let named: BTreeSet<String> = functions().iter().map(|f| format!("functions/src/{}.rs", f.file())).collect();
    let declares =
        |text: &str| text.contains("pub static ROUTE: Route") || text.contains("pub static TRIGGER: Trigger");
    for path in files("functions/src", ".rs") {
        if declares(&read(&path)) && !named.contains(&path) {
            problems.push(format!("edit functions/src/routes.rs: {path} declares a function that is not listed there"));
        }
    }
    none(&problems);
}

#[test]
fn every_function_is_in_the_template() {
    none(&template_problems(&functions(), &read("template.yaml")));
}

fn template_problems(functions: &[Function], text: &str) -> Vec<String> {
    let (template, programs) = (Template::parse(text), programs());
    let mut problems = Vec::new();
    for function in functions {
        let resource = function.resource();
        let mut expect = |path: &str, want: String| {
            let path = format!("Resources/{resource}/{path}");
            let have = template.get(&path);
            if have != Some(want.as_str()) {
                problems.push(format!("edit template.yaml: {path} is {have:?}, and should be {want:?}"));
            }
        };
        expect("Type", "AWS::Serverless::Function".to_owned());
        let program = programs.get(&function.file()).and_then(|all| all.first());
        expect("Properties/CodeUri", format!("target/lambda/{}/bootstrap.zip", program.map_or("", String::as_str)));
        expect("Properties/Handler", function.name.to_owned());
        expect("Properties/Policies", function.policies());
        match function.door {
            Door::Route(method, path, _) => {
                for (event, path) in function.requests(path) {
                    let event = format!("Properties/Events/{event}");
                    expect(&format!("{event}/Type"), "Api".to_owned());
                    expect(&format!("{event}/Properties/RestApiId"), "!Ref Api".to_owned());
                    expect(&format!("{event}/Properties/Method"), method.to_owned());
                    expect(&format!("{event}/Properties/Path"), path.to_owned());
                    if function.streams {
                        expect(&format!("{event}/Properties/ResponseTransferMode"), "RESPONSE_STREAM".to_owned());
                    }
                }
                if function.is_signed {
                    let event = "Properties/Events/Signed";
                    expect(&format!("{event}/Type"), "HttpApi".to_owned());
                    expect(&format!("{event}/Properties/ApiId"), "!Ref SignedApi".to_owned());
                    expect(&format!("{event}/Properties/Method"), method.to_owned());
                    expect(&format!("{event}/Properties/Path"), path.to_owned());
                }
            }
            Door::Queue => {
                expect("Properties/Events/Messages/Type", "SQS".to_owned());
                let responses = "Properties/Events/Messages/Properties/FunctionResponseTypes";
                expect(responses, "[ReportBatchItemFailures]".to_owned());
                expect("Properties/Events/Messages/Properties/ScalingConfig/MaximumConcurrency", "2".to_owned());
            }
            Door::Schedule(rate) => {
                expect("Properties/Events/Time/Type", "Schedule".to_owned());
                expect("Properties/Events/Time/Properties/Schedule", rate.to_owned());
            }
        }
        let mode =
            template.get(&format!("Resources/{resource}/Properties/Events/Request/Properties/ResponseTransferMode"));
        if mode.is_some() && !function.streams {
            problems.push(format!("edit template.yaml: {resource} answers whole and has a ResponseTransferMode"));
        }
        let events = template.keys(&format!("Resources/{resource}/Properties/Events"));
        // What no route of the API for signed requests takes goes to one of its functions.
        let unknown = usize::from(function.name == "securityhub-describe-hub");
        if events.len() > 1 + function.also.len() + usize::from(function.is_signed) + unknown {
            problems.push(format!("edit template.yaml: {resource} has more events than paths: {events:?}"));
        }
    }
    let is_function = |name: &&str| {
        let kind = template.get(&format!("Resources/{name}/Type")).unwrap_or_default();
        kind == "AWS::Serverless::Function" || kind == "AWS::Lambda::Function"
    };
    let have = template.keys("Resources").into_iter().filter(is_function).map(str::to_owned).collect();
    let want = functions.iter().map(Function::resource).collect();
    problems.extend(differences(&have, &want, "delete from template.yaml", "add to template.yaml"));
    problems
}

#[test]
fn what_the_template_lacks_or_has_too_much_is_named() {
    let text = read("template.yaml");
    for (from, to, named) in [
        ("Path: /findings/import", "Path: /findings/imports", "SecurityhubBatchImportFindingsFunction"),
        ("SecurityhubGetFindingsFunction:", "GetFindingsFunction:", "delete from template.yaml: GetFindingsFunction"),
        (
            "Policies: [!Ref LedgerReadPolicy, !Ref MasterPolicy, !Ref CountPolicy]",
            "Policies: [!Ref LedgerWritePolicy, !Ref MasterPolicy, !Ref CountPolicy]",
            "should be \"[!Ref LedgerReadPolicy, !Ref MasterPolicy, !Ref CountPolicy]\"",
        ),
        ("Schedule: rate(15 minutes)", "Schedule: rate(1 minute)", "should be \"rate(15 minutes)\""),
        ("Method: PATCH", "Method: POST", "should be \"PATCH\""),
        ("ResponseTransferMode: RESPONSE_STREAM", "ResponseTransferMode: STREAM", "should be \"RESPONSE_STREAM\""),
        (
            "Path: /findings/import",
            "Path: /findings/import\n            ResponseTransferMode: RESPONSE_STREAM",
            "answers whole",
        ),
    ] {
        let problems = template_problems(&functions(), &text.replacen(from, to, 1));
        assert!(problems.iter().any(|problem| problem.contains(named)), "{from}: {problems:?}");
    }
}

/// What the ledger asks of DynamoDB, and the action that it needs for it; no action where only an operator's commands
/// ask it. A transaction needs the rights of what is in it: puts.
const CALLS: &[(&str, Option<&str>)] = &[
    ("batch_get_item", Some("dynamodb:BatchGetItem")),
    ("get_item", Some("dynamodb:GetItem")),
    ("query", Some("dynamodb:Query")),
    ("put_item", Some("dynamodb:PutItem")),
    ("transact_write_items", Some("dynamodb:PutItem")),
    ("update_item", Some("dynamodb:UpdateItem")),
    ("delete_item", None),
    ("create_table", None),
    ("scan", None),
    ("update_time_to_live", None),
];

#[test]
fn the_policies_allow_what_the_ledger_calls_and_no_more() {
    let store: String = read("shared/src/ledger/store.rs").split_whitespace().collect();
    let called =
        store.split("client.").skip(1).filter_map(|rest| rest.split_once("()").map(|(call, _)| call.to_owned()));
    let known = CALLS.iter().map(|(call, ..)| (*call).to_owned()).collect();
    let edit = "edit CALLS in tests/suite/consistency.rs, and functions/src/access.rs";
    none(&differences(&called.collect(), &known, &format!("{edit}; new call"), &format!("{edit}; no longer called")));
    let asked: BTreeSet<String> = CALLS.iter().filter_map(|(_, action)| action.map(str::to_owned)).collect();
    let granted =
        [READS, WRITES, WORDS, COUNTS, PATROLS].concat().iter().map(|grant| grant.action.to_owned()).collect();
    none(&differences(&granted, &asked, "remove from functions/src/access.rs", "add to functions/src/access.rs"));
    let template = Template::parse(&read("template.yaml"));
    let ledger = [(READ, READS.to_vec()), (WRITE, [READS, WRITES].concat())];
    for (policy, grants) in ledger.into_iter().chain([(COUNT, COUNTS.to_vec()), (PATROL, PATROLS.to_vec())]) {
        let path = format!("Resources/{policy}/Properties/PolicyDocument/Statement");
        let have = template.list(&format!("{path}/0/Action")).into_iter().map(str::to_owned).collect();
        let want = grants.iter().map(|grant| grant.action.to_owned()).collect();
        let (remove, add) = (format!("remove from {policy} in template.yaml"), format!("add to {policy}"));
        none(&differences(&have, &want, &remove, &add));
        assert_eq!(template.get(&format!("{path}/0/Resource")), Some(TABLE), "{policy} in template.yaml");
        assert_eq!(template.keys(&path), ["0"], "{policy} in template.yaml: one statement");
        let partitions: BTreeSet<&str> = grants.iter().filter_map(|grant| grant.partitions).collect();
        let bounds = template.list(&format!("{path}/0/Condition/ForAllValues:StringLike/dynamodb:LeadingKeys"));
        assert_eq!(bounds.into_iter().collect::<BTreeSet<_>>(), partitions, "{policy} in template.yaml: its Condition");
    }
}

#[test]
fn every_function_may_read_the_one_secret_and_nothing_else_there() {
    let template = Template::parse(&read("template.yaml"));
    let path = format!("Resources/{MASTER}/Properties/PolicyDocument/Statement");
    assert_eq!(template.list(&format!("{path}/0/Action")), SECRET_ACTIONS);
    assert_eq!((template.get(&format!("{path}/0/Resource")), template.keys(&path)), (Some("!Ref Master"), vec!["0"]));
}

/// CONTRACTS 7: what the gateway answers by itself to a request that no route takes is what the server answers.
#[test]
fn the_gateway_knows_an_unknown_operation() {
    let template = Template::parse(&read("template.yaml"));
    let base = "Resources/Api/Properties/GatewayResponses/MISSING_AUTHENTICATION_TOKEN";
    let value = |name: &str| template.get(&format!("{base}/{name}")).unwrap_or_default();
    let ours = Dialect::SecurityHub.unknown_route("r");
    let kind = ours.headers.iter().find(|(name, _)| *name == "x-amzn-errortype").map(|(_, kind)| kind.as_str());
    assert_eq!(value("StatusCode"), ours.status.to_string());
    assert_eq!(value("ResponseParameters/Headers/x-amzn-ErrorType").trim_matches(['"', '\'']), kind.unwrap());
    let body: Value = serde_json::from_str(value("ResponseTemplates/application/json")).unwrap();
    assert_eq!(body, serde_json::from_slice::<Value>(&ours.body).unwrap());
}

#[test]
fn the_templates_variables_are_settings() {
    let template = Template::parse(&read("template.yaml"));
    let config = read("shared/src/config.rs");
    let variables = template.keys("Globals/Function/Environment/Variables");
    assert!(variables.contains(&"TABLE_NAME") && variables.contains(&"POSTURE_MASTER_SECRET"), "{variables:?}");
    let sweep = template.keys("Resources/SweepInventoryFunction/Properties/Environment/Variables");
    let members = ["POSTURE_MEMBER_EXTERNAL_ID", "POSTURE_MEMBER_ROLES"];
    assert_eq!(sweep, [&members[..], &["POSTURE_SWEEP_AGGREGATOR", "POSTURE_SWEEP_REGIONS"]].concat());
    let wording = template.keys("Resources/InfracastGetRemediationFunction/Properties/Environment/Variables");
    assert_eq!(wording, ["POSTURE_BEDROCK_MODEL", "POSTURE_BEDROCK_REGION"]);
    let hub = template.keys("Resources/SynchroniseHubsFunction/Properties/Environment/Variables");
    assert_eq!(hub, [&["POSTURE_HUB_REGIONS"], &members[..]].concat());
    let told = template.keys("Resources/TellHubsFunction/Properties/Environment/Variables");
    assert_eq!(told, hub);
    for variable in variables.into_iter().chain(sweep).chain(wording).chain(hub) {
        assert!(
            config.contains(&format!("(\"{variable}\")")),
            "edit template.yaml: config.rs does not read {variable}"
        );
    }
}

#[test]
fn every_function_has_its_event() {
    let mut problems = Vec::new();
    for function in functions().iter().filter(|function| exists(&function.event())) {
        if let Err(problem) = event_problem(function, &read(&function.event())) {
            problems.push(format!("edit {}: {problem}", function.event()));
        }
    }
    let have = files("events", "").into_iter().collect();
    let want = functions().iter().map(Function::event).collect();
    problems.extend(differences(&have, &want, "delete what no route or trigger names", "write"));
    none(&problems);
}

/// Whether an event is one that its function gets.
fn event_problem(function: &Function, text: &str) -> Result<(), String> {
    let event: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    if let Door::Schedule(_) = function.door {
        let is_schedules = event.get("detail-type").and_then(Value::as_str) == Some("Scheduled Event");
        return if is_schedules { Ok(()) } else { Err("it is no Scheduled Event".to_owned()) };
    }
    let Door::Route(_, path, _) = function.door else {
        let body = event.pointer("/Records/0/body").and_then(Value::as_str).ok_or("it has no Records with a body")?;
        let body: Value = serde_json::from_str(body).map_err(|error| format!("its first body is not JSON: {error}"))?;
        let known = ["/detail/findings/0/Id", "/detail/configurationItem/resourceId"];
        let found = known.iter().any(|member| body.pointer(member).is_some());
        let lacks = || Err("its first body has neither detail.findings nor detail.configurationItem".to_owned());
        return if found { Ok(()) } else { lacks() };
    };
    let request = request_of(text).map_err(|error| error.to_string())?;
    match find(ROUTES, request.method(), request.raw_http_path()) {
        Some((route, _)) if route.function == function.name => {}
        other => return Err(format!("it goes to {:?}", other.map(|(route, _)| route.function))),
    }
    let resource = event.get("resource").and_then(Value::as_str);
    if resource == Some(path) { Ok(()) } else { Err(format!("its resource is {resource:?}, and should be {path:?}")) }
}

#[test]
fn an_event_for_another_function_is_named() {
    let functions = functions();
    let (first, second) = (&functions[0], &functions[1]);
    assert!(event_problem(first, &read(&first.event())).is_ok());
    assert!(event_problem(first, &read(&second.event())).unwrap_err().contains(second.name));
    assert!(event_problem(first, "{").unwrap_err().contains("not JSON"));
}

/// STYLE: tests mirror the routes.
#[test]
fn every_function_has_a_test_of_its_own() {
    let written = |f: &Function| {
        exists(&format!("tests/suite/{}.rs", f.file())) || exists(&format!("tests/python/test_{}.py", f.file()))
    };
    let missing = functions().into_iter().filter(|function| !written(function));
    none(
        &missing.map(|f| format!("write tests/python/test_{0}.py or tests/suite/{0}.rs", f.file())).collect::<Vec<_>>(),
    );
}

#[test]
fn every_function_has_its_row_in_the_readme() {
    none(&readme_problems(&functions(), &read("README.md")));
}

fn readme_problems(functions: &[Function], readme: &str) -> Vec<String> {
    let table = readme.split("\n## ").find(|section| section.starts_with("Routes and scopes\n")).unwrap_or_default();
    let have = table.lines().filter(|line| line.starts_with("| `")).map(str::to_owned).collect();
    let want = functions.iter().map(Function::row).collect();
    let edit = "README.md, Routes and scopes";
    differences(&have, &want, &format!("{edit}: delete"), &format!("{edit}: add"))
}

#[test]
fn a_wrong_scope_in_the_readme_is_named() {
    let functions = functions();
    let rows: Vec<String> = functions.iter().map(Function::row).collect();
    let readme = |rows: &[String]| format!("# X\n\n## Routes and scopes\n\n{}\n\n## Next\n", rows.join("\n"));
    assert_eq!(readme_problems(&functions, &readme(&rows)), Vec::<String>::new());
    let wrong: Vec<String> = rows.iter().map(|row| row.replacen("findings:read", "admin", 1)).collect();
    assert!(!readme_problems(&functions, &readme(&wrong)).is_empty());
    assert_eq!(readme_problems(&functions, &readme(&rows[1..])).len(), 1);
}
