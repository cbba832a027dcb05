//! Which of the two shapes answers a request, and what both have around their bodies.

use super::super::Reply;
use super::parameters;
use serde_json::Value;

/// JSON:API's media type (CONTRACTS 3.3).
pub(super) const JSON_API: &str = "application/vnd.api+json";

/// Where the newer shape is always the one that answers.
pub(super) const GA_PATH: &str = "/datadog/api/v2/posture_management/";

/// What the official clients' User-Agent begins with; the language and a slash follow.
const CLIENT: &str = "datadog-api-client-";

/// The shape of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The documented beta.
    Beta,
    /// What the official client reads.
    Ga,
}

/// What of a request tells which shape it wants.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its path, after whatever prefix.
    pub path: &'a str,
    /// Its decoded query.
    pub query: &'a [(String, String)],
    /// Who sends it.
    pub user_agent: Option<&'a str>,
}

impl Asked<'_> {
    /// Whether the path decides.
    pub(super) fn is_below_prefix(&self) -> bool {
        self.path.contains(GA_PATH)
    }

    /// The shape that answers (CONTRACTS 3.4).
    pub(super) fn shape(&self) -> Shape {
        let has = |only: fn(&str) -> bool| self.query.iter().any(|(name, _)| only(name));
        if self.is_below_prefix() || has(parameters::is_ga_only) {
            return Shape::Ga;
        }
        if has(parameters::is_beta_only) {
            return Shape::Beta;
        }
        let named = self.user_agent.and_then(|agent| agent.strip_prefix(CLIENT));
        if named.is_some_and(|rest| rest.contains('/')) { Shape::Ga } else { Shape::Beta }
    }
}

/// A good answer; below the prefix nobody's User-Agent changes it.
pub(super) fn answer(shape: Shape, is_below_prefix: bool, body: &Value) -> Reply {
    let headers = vec![("content-type", JSON_API.to_owned())];
    let reply = Reply { status: 200, headers, body: body.to_string().into_bytes() };
    let reply = reply.with_header("x-dialect-version", shape.word());
    if is_below_prefix { reply } else { reply.with_header("vary", "User-Agent") }
}

impl Shape {
    /// Its name in `x-dialect-version`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Beta => "beta",
            Self::Ga => "ga",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::pairs;
    use super::{Asked, Shape};

    /// CONTRACTS 3.4, from the strongest sign to the weakest.
    #[test]
    fn the_shape_follows_path_parameters_and_client() {
        const PLAIN: &str = "/api/v2/posture_management/findings";
        const CLIENT: Option<&str> = Some("datadog-api-client-python/2.62.0 (python 3.11.7; os linux)");
        let below = |path: &str| format!("{path}/datadog{PLAIN}");
        let cases: &[(&str, &[&str], Option<&str>, Shape)] = &[
            (PLAIN, &[], None, Shape::Beta),
            (PLAIN, &["filter[status]", "page[cursor]", "snapshot_timestamp", "as_of"], None, Shape::Beta),
            (PLAIN, &["bogus"], Some("curl/8.0"), Shape::Beta),
            (PLAIN, &[], CLIENT, Shape::Ga),
            (PLAIN, &[], Some("datadog-api-client-go/2.1"), Shape::Ga),
            (PLAIN, &[], Some("datadog-api-client-python"), Shape::Beta),
            (PLAIN, &[], Some("my datadog-api-client-python/2.62.0"), Shape::Beta),
            (PLAIN, &["limit"], CLIENT, Shape::Beta),
            (PLAIN, &["cursor"], CLIENT, Shape::Beta),
            (PLAIN, &["filter[tag]"], CLIENT, Shape::Beta),
            (PLAIN, &["filter[evaluation_changed_at]>"], CLIENT, Shape::Beta),
            (PLAIN, &["page[limit]"], None, Shape::Ga),
            (PLAIN, &["detailed_findings"], None, Shape::Ga),
            (PLAIN, &["filter[@resource_id]"], None, Shape::Ga),
            (PLAIN, &["filter[vulnerability_type]"], None, Shape::Ga),
            (PLAIN, &["limit", "page[limit]"], None, Shape::Ga),
            (&below(""), &[], None, Shape::Ga),
            (&below("/prod"), &["limit"], None, Shape::Ga),
            (&format!("{PLAIN}/datadog"), &[], None, Shape::Beta),
        ];
        for (path, names, user_agent, shape) in cases {
            let query = pairs(&names.iter().map(|name| (*name, "x")).collect::<Vec<_>>());
            let asked = Asked { path, query: &query, user_agent: *user_agent };
            assert_eq!(asked.shape(), *shape, "{path} {names:?} {user_agent:?}");
        }
    }
}
