//! `/openapi.json`: every route with what its dialect says of it, in OpenAPI 3.1.
//!
//! Further paths of a route are operations of their own; `x-same-as` names the path that it is known by first.
//!
//! Functions answer with the document as it was written last, `openapi.json` beside their manifest: to make it, a function would have
//! to hold all others. `posture openapi` writes it, and a test compares.

use crate::once;
use crate::route::{Handler, Route};
use posture_shared::dialects::Dialect;
use posture_shared::dialects::openapi::{self, Description, Failure, Parameter, Place, reference};
use posture_shared::domain::json::Object;
use serde_json::{Value, json};
use std::borrow::Cow;

/// What stands above the operations.
const ABOUT: &str = "The store of record for cloud security findings. Findings are as they are now, or, with `as_of`, as \
                     they were at any instant before. One key serves all dialects.";

/// The document of all routes, as it was written last: behind no address, an operation a line.
const WRITTEN: &str = include_str!("../openapi.json");

/// Where its address stands.
const SERVERS: &str = r#""servers":[{"url":""}]"#;

/// The document of all routes behind `base`, as text in pieces.
pub fn written(base: &str) -> [Cow<'static, str>; 3] {
    let (before, after) = WRITTEN.split_once(SERVERS).unwrap_or((WRITTEN, ""));
    let servers = format!(r#""servers":[{{"url":{}}}]"#, Value::from(base));
    [before.into(), servers.into(), after.into()]
}

/// [`document`] as it is kept: every member of the document, and every operation and schema, on a line of its own.
pub fn kept(document: &Value) -> String {
    let mut text = String::from("{\n");
    let members = document.as_object().into_iter().flatten();
    for (place, (name, member)) in members.enumerate() {
        let inner = member.as_object().filter(|_| name == "paths").cloned().unwrap_or_default();
        let lines: Vec<String> =
            inner.iter().map(|(name, one)| format!("{}:{one}", Value::from(name.as_str()))).collect();
        let shown = if lines.is_empty() { member.to_string() } else { format!("{{\n{}\n}}", lines.join(",\n")) };
        text += if place == 0 { "" } else { ",\n" };
        text += &format!("{}:{shown}", Value::from(name.as_str()));
    }
    text + "\n}\n"
}

/// The document of these routes, which stand behind `base`.
pub fn document(routes: &[&Route], base: &str) -> Value {
    let mut paths = Object::new();
    for route in routes {
        for (place, path) in route.paths().enumerate() {
            let at_path = paths.entry(path).or_insert_with(|| Value::Object(Object::new()));
            if let Value::Object(methods) = at_path {
                methods.insert(route.method.as_str().to_ascii_lowercase(), operation(route, path, place));
            }
        }
    }
    let schemas = Dialect::ALL.into_iter().flat_map(Dialect::schemas);
    let schemas: Object = schemas.map(|(name, schema)| (name.to_owned(), schema)).collect();
    let tags = Dialect::ALL.map(|dialect| json!({"name": dialect.title(), "description": dialect.about()}));
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Posture Ledger", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT},
        "servers": [{"url": base}],
        "tags": tags,
        "security": [
            {"token": []}, {"apiKey": []}, {"datadogApiKey": [], "datadogApplicationKey": []}, {"signature": []},
        ],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": security()},
    })
}

/// The four ways to present a key (DESIGN §5).
fn security() -> Value {
    let header = |name: &str| json!({"type": "apiKey", "in": "header", "name": name});
    let mut signature = header("Authorization");
    if let Value::Object(scheme) = &mut signature {
        scheme.insert("description".to_owned(), json!("AWS Signature Version 4, service securityhub"));
        scheme.insert("x-amazon-apigateway-authtype".to_owned(), json!("awsSigv4"));
    }
    json!({
        "token": {"type": "http", "scheme": "bearer"},
        "apiKey": header("x-api-key"),
        "datadogApiKey": header("DD-API-KEY"),
        "datadogApplicationKey": header("DD-APPLICATION-KEY"),
        "signature": signature,
    })
}

/// The operation at one of a route's paths; `place` counts these from 0.
fn operation(route: &Route, path: &str, place: usize) -> Value {
    let Description { summary, mut parameters, body, status, media, answer, files, job } = (route.describe)(path);
    if once::is_kept(route) {
        parameters.push(openapi::header(
            once::HEADER,
            "Names the request, so that it is carried out once however often it is sent within a day.",
        ));
    }
    let id = if place == 0 { route.function.to_owned() } else { format!("{}-{place}", route.function) };
    let mut all = Object::new();
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    put("operationId", json!(id));
    put("tags", json!([route.dialect.title()]));
    put("summary", json!(summary));
    if place > 0 {
        put("x-same-as", json!(route.path));
    }
    if let Some(scope) = route.scope {
        put("x-scope", json!(scope.name()));
    }
    if !route.needs_key() {
        put("security", json!([]));
    }
    if !parameters.is_empty() {
        put("parameters", parameters.iter().map(parameter).collect());
    }
    if let Some((schema, is_required)) = body {
        put("requestBody", json!({"required": is_required, "content": content("application/json", &schema)}));
    }
    let mut responses = failures(route);
    let mut done = content(media, &answer);
    for file in files {
        done.as_object_mut().map(|done| done.insert(file.to_owned(), json!({"schema": {"type": "string"}})));
    }
    responses.insert(status.to_string(), json!({"description": "Done", "content": done}));
    if let Some(job) = job {
        let accepted = json!({"description": "It has become a job", "content": content(media, &job)});
        responses.insert("202".to_owned(), accepted);
    }
    put("responses", Value::Object(responses));
    Value::Object(all)
}

fn content(media: &str, schema: &Value) -> Value {
    json!({media: {"schema": schema}})
}

fn parameter(parameter: &Parameter) -> Value {
    let Parameter { name, place, is_required, text, schema, is_repeated } = parameter;
    let place = match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    let mut shown = json!({"name": name, "in": place, "required": is_required, "description": text, "schema": schema});
    let is_list = schema.get("type").is_some_and(|kind| kind == "array");
    if let (Value::Object(shown), true) = (&mut shown, is_list) {
        shown.insert("style".to_owned(), json!("form"));
        shown.insert("explode".to_owned(), json!(is_repeated));
    }
    shown
}

/// What a route may fail with. What needs no key cannot fail.
fn failures(route: &Route) -> Object {
    if !route.needs_key() {
        return Object::new();
    }
    let failures = route.dialect.failures(matches!(route.handler, Handler::Writes(_) | Handler::Decides(..)));
    let shown = failures.into_iter().map(|(status, Failure { media, schema, why })| {
        (status.to_string(), json!({"description": why, "content": content(&media, &reference(schema))}))
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::{document, kept, written};
    use crate::ROUTES;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// Every operation: path, method and what is said of it.
    fn operations(document: &Value) -> Vec<(String, String, Value)> {
        let paths = document["paths"].as_object().unwrap().iter();
        let all = paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(|(method, operation)| (path.clone(), method.to_ascii_uppercase(), operation.clone()))
        });
        all.collect()
    }

    #[test]
    fn what_is_written_is_the_document() {
        let told = "write it anew: target/debug/posture openapi > functions/openapi.json, and build again";
        assert!(kept(&document(ROUTES, "")) == super::WRITTEN, "{told}");
        let base = "https://x.example/\"prod\"";
        let read: Value = serde_json::from_str(&written(base).concat()).unwrap();
        assert!(read == document(ROUTES, base));
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let document = document(ROUTES, "http://localhost");
        let have: BTreeSet<(String, String)> =
            operations(&document).into_iter().map(|(path, method, _)| (path, method)).collect();
        let of_route = ROUTES.iter().flat_map(|route| route.paths().map(|path| (path, route.method.to_string())));
        let want: BTreeSet<(String, String)> = of_route.map(|(path, method)| (path.to_owned(), method)).collect();
        assert_eq!(have, want);
    }

    #[test]
    fn parameters_of_paths_are_those_of_the_path() {
        for (path, method, operation) in operations(&document(ROUTES, "")) {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let described: Vec<&str> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let named = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
            assert_eq!(described, named.collect::<Vec<_>>(), "{method} {path}");
            let names: BTreeSet<&str> = parameters.iter().map(|one| one["name"].as_str().unwrap()).collect();
            assert_eq!(names.len(), parameters.len(), "{method} {path}: a parameter is described twice");
            assert!(parameters.iter().all(|parameter| parameter["description"] != ""), "{method} {path}");
        }
    }

    #[test]
    fn operations_have_ids_of_their_own() {
        let operations = operations(&document(ROUTES, ""));
        let ids: BTreeSet<&str> =
            operations.iter().map(|(.., operation)| operation["operationId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), operations.len());
    }

    /// Every `$ref` leads to a schema, and every schema is referred to.
    #[test]
    fn references_lead_somewhere() {
        let document = document(ROUTES, "");
        let text = document.to_string();
        let named = text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap());
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let known: BTreeSet<&str> = schemas.keys().map(String::as_str).collect();
        assert_eq!(named.collect::<BTreeSet<_>>(), known);
    }

    /// DESIGN §5: the document and its page need no key, everything else does.
    #[test]
    fn only_the_description_itself_is_open() {
        for (path, _, operation) in operations(&document(ROUTES, "")) {
            let is_open = ["/openapi.json", "/docs"].contains(&path.as_str());
            assert_eq!(operation.get("security").is_some(), is_open, "{path}");
            assert_eq!(operation.get("x-scope").is_none(), is_open, "{path}");
        }
    }
}
