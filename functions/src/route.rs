//! What a route is, what a trigger is, and how a path finds its route.

use crate::{Call, Output};
use lambda_http::http::Method;
use percent_encoding::percent_decode_str;
use posture_shared::dialects::openapi::Description;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope, TenantId};
use posture_shared::ledger::{Ahead, Reader, Writer};
use posture_shared::operations::{Hubs, Prepared, Sweep, Words};
use serde_json::Value;
use std::pin::Pin;

/// What a handler comes back with, later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// An endpoint: where it is, who may call it, and what answers.
pub struct Route {
    /// The function's name, from which its file, program, template resource and event are derived.
    pub function: &'static str,
    /// The method.
    pub method: Method,
    /// The path; `{name}` is one segment of any text.
    pub path: &'static str,
    /// Further paths that it answers alike, with the same parameters.
    pub also: &'static [&'static str],
    /// Whose shapes errors have.
    pub dialect: Dialect,
    /// The scope that a key needs; `None` needs a good key and nothing more.
    pub scope: Option<Scope>,
    /// What its answers need of its tenant, which its function reads when it starts.
    pub ahead: Ahead,
    /// What it takes and gives, at one of its paths.
    pub describe: fn(&str) -> Description,
    /// What answers.
    pub handler: Handler,
}

/// A handler. Its kind says which rights on the table its function needs.
#[derive(Clone, Copy)]
pub enum Handler {
    /// Only reads.
    Reads(for<'a> fn(&'a Reader, Call) -> Answer<'a, Reply>),
    /// Only reads, beside the reading of its caller's key, so that the key costs no round of requests. It knows its
    /// caller's tenant, name and region, and neither scopes nor accounts. Its answer goes out only if the key is good.
    ReadsAhead(for<'a> fn(&'a Reader, Call) -> Answer<'a, Reply>),
    /// As [`Handler::ReadsAhead`], and may answer piece by piece, for minutes.
    Streams(for<'a> fn(&'a Reader, Call) -> Answer<'a, Output>),
    /// Only reads, and keeps what a model makes of what it read, where there is a model.
    Words(for<'a> fn(&'a Reader, Option<Words>, Call) -> Answer<'a, Reply>),
    /// Reads and writes.
    Writes(for<'a> fn(&'a Writer, Call) -> Answer<'a, Reply>),
    /// Decides about one finding. The first reads what that takes beside the reading of its caller's key, like [`Handler::ReadsAhead`], and
    /// writes nothing; the second finds it in its call.
    Decides(
        for<'a> fn(&'a Reader, &'a Call) -> Answer<'a, Prepared>,
        for<'a> fn(&'a Writer, Call) -> Answer<'a, Reply>,
    ),
    /// Answers without a key the same to everyone, from what stands before the route's path: `https://HOST/prod`.
    Open(fn(&str) -> Reply),
}

/// A function that events wake, not requests.
pub struct Trigger {
    /// The function's name, as in [`Route::function`].
    pub function: &'static str,
    /// Where its events come from.
    pub woken_by: WokenBy,
    /// Whether it reads from AWS.
    pub reads_aws: bool,
    /// What takes the event and answers it.
    pub handler: for<'a> fn(&'a Writer, Wake) -> Answer<'a, Value>,
}

/// Where a trigger's events come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WokenBy {
    /// A queue, in batches of which messages may fail alone.
    Queue,
    /// A schedule, in the words of EventBridge.
    Schedule(&'static str),
}

/// What wakes a trigger.
#[derive(Debug, Clone)]
pub struct Wake {
    /// The tenant that events of this deployment belong to.
    pub tenant: TenantId,
    /// The event.
    pub event: Value,
    /// How AWS is read, for a trigger that does.
    pub sweep: Option<Sweep>,
    /// Which hubs are read and how, for a trigger that does.
    pub hubs: Option<Hubs>,
}

/// Decoded path parameters, in the order of the path.
pub type Parameters = Vec<(&'static str, String)>;

impl Route {
    /// Every path that it answers, the one that it is known by first.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.path).chain(self.also.iter().copied())
    }

    /// The parameters of a path that is exactly one of this route's: raw, percent-encoded, without a stage.
    /// `None` when it is another path.
    pub fn parameters(&self, path: &str) -> Option<Parameters> {
        self.paths().find_map(|ours| exactly(ours, path))
    }

    /// The parameters of a path that ends in one of this route's, after a stage or another prefix.
    pub fn parameters_after_prefix(&self, path: &str) -> Option<Parameters> {
        self.after_prefix(path).map(|(parameters, _)| parameters)
    }

    /// The stage or other prefix of a path that ends in one of this route's: empty, or a slash and what follows it.
    pub fn prefix<'a>(&self, path: &'a str) -> Option<&'a str> {
        self.after_prefix(path).map(|(_, prefix)| prefix)
    }

    /// Whether it needs a key.
    pub fn needs_key(&self) -> bool {
        !matches!(self.handler, Handler::Open(_))
    }

    fn after_prefix<'a>(&self, path: &'a str) -> Option<(Parameters, &'a str)> {
        let theirs: Vec<&str> = path.split('/').skip(1).collect();
        self.paths().find_map(|ours| {
            let ours: Vec<&'static str> = ours.split('/').skip(1).collect();
            let tail = theirs.get(theirs.len().checked_sub(ours.len())?..)?;
            let length: usize = tail.iter().map(|segment| segment.len() + 1).sum();
            Some((aligned(&ours, tail)?, path.get(..path.len().checked_sub(length)?)?))
        })
    }
}

/// The route of a method and a raw path (percent-encoded, without a stage), with the path's parameters. Of two routes
/// that match, the one whose first difference is a literal wins.
pub fn find(routes: &[&'static Route], method: &Method, path: &str) -> Option<(&'static Route, Parameters)> {
    let candidates = routes.iter().filter(|route| route.method == *method);
    let spelt = candidates.flat_map(|route| route.paths().map(move |ours| (*route, ours)));
    let matching = spelt.filter_map(|(route, ours)| Some((shape(ours), route, exactly(ours, path)?)));
    matching.min_by(|a, b| a.0.cmp(&b.0)).map(|(_, route, parameters)| (route, parameters))
}

/// Which segments are parameters.
fn shape(path: &'static str) -> Vec<bool> {
    path.split('/').map(|segment| name_of(segment).is_some()).collect()
}

fn exactly(ours: &'static str, theirs: &str) -> Option<Parameters> {
    let ours: Vec<&'static str> = ours.split('/').collect();
    let theirs: Vec<&str> = theirs.split('/').collect();
    if ours.len() == theirs.len() { aligned(&ours, &theirs) } else { None }
}

fn aligned(ours: &[&'static str], theirs: &[&str]) -> Option<Parameters> {
    let mut parameters = Vec::new();
    for (our, their) in ours.iter().zip(theirs) {
        match name_of(our) {
            // Bytes that are no UTF-8 are no name of anything.
            Some(name) if !their.is_empty() => {
                parameters.push((name, percent_decode_str(their).decode_utf8().ok()?.into_owned()));
            }
            None if our == their => {}
            _ => return None,
        }
    }
    Some(parameters)
}

fn name_of(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::{Handler, Parameters, Route, find};
    use lambda_http::http::Method;
    use posture_shared::dialects::Dialect;
    use posture_shared::dialects::native::openapi::list_keys as describe;
    use posture_shared::domain::Error;
    use posture_shared::ledger::Ahead;

    const fn route(function: &'static str, method: Method, path: &'static str) -> Route {
        alike(function, method, path, &[])
    }

    const fn alike(function: &'static str, method: Method, path: &'static str, also: &'static [&'static str]) -> Route {
        let handler = Handler::Reads(|_, _| Box::pin(async { Err(Error::NotFound(String::new())) }));
        Route {
            function,
            method,
            path,
            also,
            dialect: Dialect::SecurityHub,
            scope: None,
            ahead: Ahead::NOTHING,
            describe,
            handler,
        }
    }

    static LIST: Route = route("list", Method::GET, "/t/{tenantID}/findings");
    static ONE: Route = route("one", Method::GET, "/t/{tenantID}/findings/{findingID}");
    static SCORED: Route = route("scored", Method::GET, "/t/{tenantID}/findings/scored");
    static MINE: Route = route("mine", Method::GET, "/t/mine/findings/{findingID}");
    static RUN: Route = route("run", Method::POST, "/t/{tenantID}/findings/{verb}");

    static ALIKE: Route =
        alike("alike", Method::GET, "/v1/checks/{id}", &["/checks/{id}", "/t/{id}/findings/{id}/alike"]);

    fn found(method: &Method, path: &str) -> Option<(&'static str, Parameters)> {
        // Parameters stand before literals, so that order in the table cannot be what decides.
        find(&[&ONE, &SCORED, &MINE, &LIST, &RUN, &ALIKE], method, path)
            .map(|(route, parameters)| (route.function, parameters))
    }

    fn given(pairs: &[(&'static str, &str)]) -> Parameters {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    /// DESIGN §1 and CONTRACTS §5: literals such as `scored` win over `{findingID}`; ids arrive percent-encoded.
    #[test]
    fn literal_segments_win_over_parameters() {
        type Case<'a> = (&'a Method, &'a str, &'a str, &'a [(&'static str, &'a str)]);
        let cases: &[Case<'_>] = &[
            (&Method::GET, "/t/a/findings", "list", &[("tenantID", "a")]),
            (&Method::GET, "/t/a/findings/scored", "scored", &[("tenantID", "a")]),
            (&Method::GET, "/t/a/findings/x%2Fy%3Az", "one", &[("tenantID", "a"), ("findingID", "x/y:z")]),
            (&Method::GET, "/t/mine/findings/scored", "mine", &[("findingID", "scored")]),
            (&Method::GET, "/v1/checks/x", "alike", &[("id", "x")]),
            (&Method::GET, "/checks/x%20y", "alike", &[("id", "x y")]),
            (&Method::POST, "/t/a/findings/scored", "run", &[("tenantID", "a"), ("verb", "scored")]),
        ];
        for (method, path, function, parameters) in cases {
            assert_eq!(found(method, path), Some((*function, given(parameters))), "{method} {path}");
        }
    }

    #[test]
    fn what_is_no_route_is_not_found() {
        for (method, path) in [
            (Method::GET, "/"),
            (Method::GET, ""),
            (Method::GET, "/t//findings"),
            (Method::GET, "/t/a/findings/"),
            (Method::GET, "/t/a/findings/%FF"),
            (Method::GET, "/t/a/findings/b/c"),
            (Method::GET, "/T/a/findings"),
            (Method::PUT, "/t/a/findings"),
        ] {
            assert_eq!(found(&method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn a_stage_before_the_path_is_passed_over() {
        assert_eq!(LIST.parameters_after_prefix("/prod/t/a/findings"), Some(given(&[("tenantID", "a")])));
        assert_eq!(LIST.parameters_after_prefix("/t/a/findings"), Some(given(&[("tenantID", "a")])));
        assert_eq!(LIST.parameters_after_prefix("/findings"), None);
        assert_eq!(LIST.parameters_after_prefix(""), None);
    }

    #[test]
    fn what_stands_before_the_path_is_known() {
        for (route, path, prefix) in [
            (&LIST, "/prod/t/a/findings", Some("/prod")),
            (&LIST, "/a/b/t/a/findings", Some("/a/b")),
            (&LIST, "/t/a/findings", Some("")),
            (&ALIKE, "/prod/v1/checks/x", Some("/prod")),
            (&ALIKE, "/v1/checks/x", Some("")),
            (&ALIKE, "/prod/checks/x%2Fy", Some("/prod")),
            (&ALIKE, "/checks/x", Some("")),
            (&ALIKE, "/prod//v1/checks/x", Some("/prod/")),
            (&ALIKE, "/checks", None),
            (&ALIKE, "", None),
        ] {
            assert_eq!(route.prefix(path), prefix, "{path}");
        }
    }
}
