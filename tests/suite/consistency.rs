//! A function's name is written in `ROUTES` or `TRIGGERS`; everything that is derived from it must be there, and
//! nothing else.

use crate::checkout::{exists, files, read};
use crate::template::Template;
use lambda_http::RequestExt;
use posture_functions::event::request_of;
use posture_functions::route::{Handler, find};
use posture_functions::{ROUTES, TRIGGERS};
use serde_json::Value;
use std::collections::BTreeSet;

const READ: &str = "LedgerReadPolicy";
const WRITE: &str = "LedgerWritePolicy";

/// What the table says of one function.
struct Function {
    name: &'static str,
    /// Method, path and the name of the scope; `None` is a trigger.
    route: Option<(&'static str, &'static str, &'static str)>,
    policy: &'static str,
}

impl Function {
    fn file(&self) -> String {
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
        match self.route {
            Some((method, path, scope)) => format!("| `{}` | `{method} {path}` | `{scope}` |", self.name),
            None => format!("| `{}` | events, from a queue | none: only the queue can wake it |", self.name),
        }
    }
}

fn functions() -> Vec<Function> {
    let routes = ROUTES.iter().map(|route| Function {
        name: route.function,
        route: Some((route.method.as_str(), route.path, route.scope.map_or("any", |scope| scope.name()))),
        policy: match route.handler {
            Handler::Reads(_) | Handler::ReadsAhead(_) => READ,
            Handler::Writes(_) => WRITE,
        },
    });
    let triggers = TRIGGERS.iter().map(|trigger| Function { name: trigger.function, route: None, policy: WRITE });
    routes.chain(triggers).collect()
}

/// Fails with every problem at once.
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// Names that are in one set and not in the other.
fn differences(have: &BTreeSet<String>, want: &BTreeSet<String>, extra: &str, missing: &str) -> Vec<String> {
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
        let opening =
            function.route.map_or("//! Trigger: ".to_owned(), |(method, route, _)| format!("//! `{method} {route}`: "));
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
fn every_function_has_its_program() {
    let mut problems = Vec::new();
    for function in functions() {
        let path = format!("functions/src/bin/{}.rs", function.name);
        let (run, item) = if function.route.is_some() { ("run", "ROUTE") } else { ("run_trigger", "TRIGGER") };
        let call = format!("posture_functions::runtime::{run}(&posture_functions::{}::{item})", function.file());
        if !exists(&path) {
            problems.push(format!("write {path}: a main that calls {call}"));
        } else if !read(&path).contains(&call) || read(&path).lines().count() > 5 {
            problems.push(format!("edit {path}: its main must be {call} and nothing else"));
        }
    }
    let have = files("functions/src/bin", ".rs").into_iter().collect();
    let want = functions().iter().map(|f| format!("functions/src/bin/{}.rs", f.name)).collect();
    problems.extend(differences(&have, &want, "delete what no route or trigger names", "write"));
    none(&problems);
}

#[test]
fn every_function_is_in_the_template() {
    none(&template_problems(&functions(), &read("template.yaml")));
}

fn template_problems(functions: &[Function], text: &str) -> Vec<String> {
    let template = Template::parse(text);
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
        expect("Properties/CodeUri", format!("target/lambda/{}", function.name));
        expect("Properties/Policies", format!("[!Ref {}]", function.policy));
        let (event, kind) = if function.route.is_some() { ("Request", "Api") } else { ("Messages", "SQS") };
        expect(&format!("Properties/Events/{event}/Type"), kind.to_owned());
        if let Some((method, path, _)) = function.route {
            expect("Properties/Events/Request/Properties/RestApiId", "!Ref Api".to_owned());
            expect("Properties/Events/Request/Properties/Method", method.to_owned());
            expect("Properties/Events/Request/Properties/Path", path.to_owned());
        } else {
            let responses = "Properties/Events/Messages/Properties/FunctionResponseTypes";
            expect(responses, "[ReportBatchItemFailures]".to_owned());
            expect("Properties/Events/Messages/Properties/ScalingConfig/MaximumConcurrency", "2".to_owned());
        }
        let events = template.keys(&format!("Resources/{resource}/Properties/Events"));
        if events.len() > 1 {
            problems.push(format!("edit template.yaml: {resource} has more than one event: {events:?}"));
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
            "Policies: [!Ref LedgerReadPolicy]",
            "Policies: [!Ref LedgerWritePolicy]",
            "should be \"[!Ref LedgerReadPolicy]\"",
        ),
        ("Method: PATCH", "Method: POST", "should be \"PATCH\""),
    ] {
        let problems = template_problems(&functions(), &text.replacen(from, to, 1));
        assert!(problems.iter().any(|problem| problem.contains(named)), "{from}: {problems:?}");
    }
}

/// What the ledger asks of DynamoDB, and who does: the Reader, the Writer, or only an operator's commands.
const CALLS: &[(&str, &str, &[&str])] = &[
    ("batch_get_item", "dynamodb:BatchGetItem", &[READ, WRITE]),
    ("get_item", "dynamodb:GetItem", &[READ, WRITE]),
    ("query", "dynamodb:Query", &[READ, WRITE]),
    ("put_item", "dynamodb:PutItem", &[WRITE]),
    // A transaction needs the rights of what is in it: puts.
    ("transact_write_items", "dynamodb:PutItem", &[WRITE]),
    ("delete_item", "dynamodb:DeleteItem", &[]),
    ("create_table", "dynamodb:CreateTable", &[]),
    ("update_time_to_live", "dynamodb:UpdateTimeToLive", &[]),
];

#[test]
fn the_policies_allow_what_the_ledger_calls_and_no_more() {
    let store: String = read("shared/src/ledger/store.rs").split_whitespace().collect();
    let called =
        store.split("client.").skip(1).filter_map(|rest| rest.split_once("()").map(|(call, _)| call.to_owned()));
    let known = CALLS.iter().map(|(call, ..)| (*call).to_owned()).collect();
    let edit = "edit CALLS in tests/suite/consistency.rs, and the policies in template.yaml";
    none(&differences(&called.collect(), &known, &format!("{edit}; new call"), &format!("{edit}; no longer called")));
    let template = Template::parse(&read("template.yaml"));
    for policy in [READ, WRITE] {
        let path = format!("Resources/{policy}/Properties/PolicyDocument/Statement");
        let have = template.list(&format!("{path}/0/Action")).into_iter().map(str::to_owned).collect();
        let allowed = CALLS.iter().filter(|(.., policies)| policies.contains(&policy));
        let want = allowed.map(|(_, action, _)| (*action).to_owned()).collect();
        none(&differences(
            &have,
            &want,
            &format!("remove from {policy} in template.yaml"),
            &format!("add to {policy}"),
        ));
        assert_eq!(template.get(&format!("{path}/0/Resource")), Some("!GetAtt Table.Arn"), "{policy} in template.yaml");
        assert_eq!(template.keys(&path), ["0"], "{policy} in template.yaml: one statement");
    }
}

/// Every variable that the template sets is one that config.rs reads.
#[test]
fn the_templates_variables_are_settings() {
    let template = Template::parse(&read("template.yaml"));
    let config = read("shared/src/config.rs");
    let variables = template.keys("Globals/Function/Environment/Variables");
    assert!(variables.contains(&"TABLE_NAME") && variables.contains(&"POSTURE_MASTER"), "{variables:?}");
    for variable in variables {
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
    let Some((_, path, _)) = function.route else {
        let body = event.pointer("/Records/0/body").and_then(Value::as_str).ok_or("it has no Records with a body")?;
        let body: Value = serde_json::from_str(body).map_err(|error| format!("its first body is not JSON: {error}"))?;
        let found = body.pointer("/detail/findings/0/Id").is_some();
        return if found { Ok(()) } else { Err("its first body has no detail.findings".to_owned()) };
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
