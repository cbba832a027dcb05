//! `GET /api/v2/posture_management/findings/{finding_id}`: one finding with all that is known
//! (datadog-posture-management-findings, Get a finding's details).
//!
//! `data.id` of the beta is the finding's, as that inside is. `resource_configuration` is what ASFF calls the first
//! resource's Details, with the account and region beside it.

use super::super::{Reply, etag};
use super::finding::{self, Listed};
use super::message;
use super::parameters::Parameters;
use super::shape::{Asked, Shape, answer};
use crate::domain::json::{self, Object};
use crate::domain::{AsOf, Error, Resource, Uid};
use serde_json::{Value, json};

/// The path's parameter.
pub const FIELD: &str = "finding_id";

/// A request for one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetFinding {
    /// In which shape the answer is.
    pub shape: Shape,
    /// Which one.
    pub uid: Uid,
    /// The state that is asked for, if not the newest.
    pub as_of: Option<AsOf>,
    /// The parameter that says which state.
    pub as_of_field: &'static str,
    is_below_prefix: bool,
}

/// Reads a decoded id and what came with it. [`Error::Invalid`] names the parameter at fault; what is no uid is
/// [`Error::NotFound`].
pub fn parse(id: &str, asked: &Asked<'_>) -> Result<GetFinding, Error> {
    let (as_of_field, as_of) = Parameters::of_get(asked)?.as_of()?;
    let uid = Uid::parse(id).or_else(|| Uid::parse_simple(id)).ok_or_else(not_found)?;
    Ok(GetFinding { shape: asked.shape(), uid, as_of, as_of_field, is_below_prefix: asked.is_below_prefix() })
}

/// [`Error::NotFound`], the same for whatever is not there (CONTRACTS 3.3, Errors).
pub fn not_found() -> Error {
    Error::NotFound("finding not found".to_owned())
}

/// The finding with its state's tag; [`Error::NotFound`] for one that is none here.
pub fn render(request: &GetFinding, shown: &Listed<'_>) -> Result<Reply, Error> {
    let Listed { uid, finding } = shown;
    if !finding::is_listed(&finding.standing) {
        return Err(not_found());
    }
    let mut all = finding::attributes(finding, request.shape);
    all.insert("message".to_owned(), json!(message::of(&finding.asff)));
    all.insert("resource_configuration".to_owned(), Value::Object(configuration(&finding.asff)));
    let id = json!(uid.to_string());
    let data = match request.shape {
        Shape::Beta => {
            all.insert("id".to_owned(), id.clone());
            json!({"id": id, "type": "posture_management_fetch_finding_resp", "attributes": {"finding": all}})
        }
        Shape::Ga => json!({"id": id, "type": "detailed_finding", "attributes": all}),
    };
    let reply = answer(request.shape, request.is_below_prefix, &json!({"data": data}));
    Ok(etag::put(reply, finding))
}

fn configuration(asff: &Object) -> Object {
    let first = asff.get("Resources").and_then(Value::as_array).and_then(|resources| resources.first());
    let details = first.and_then(|resource| resource.get("Details")).and_then(Value::as_object);
    let mut all = details.cloned().unwrap_or_default();
    if let Some(account) = json::text_at(asff, "AwsAccountId") {
        all.entry("account_id").or_insert_with(|| json!(account));
    }
    all.entry("region").or_insert_with(|| json!(Resource::of(asff).region));
    all
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::super::samples::{finding, of, pairs, uid};
    use super::{Asked, Listed, parse, render};
    use crate::domain::{Error, Finding, Presence, Verdict};
    use serde_json::{Value, json};

    const BETA: &str = "/api/v2/posture_management/findings/x";
    const GA: &str = "/datadog/api/v2/posture_management/findings/x";

    fn get(path: &str, finding: &Finding) -> Result<Value, Error> {
        let request = parse(&uid().to_string(), &Asked { path, query: &[], user_agent: None })?;
        let reply = render(&request, &Listed { uid: uid(), finding })?;
        Ok(serde_json::from_slice(&reply.body).unwrap())
    }

    /// Get a finding's details, Sample response 200 OK; CONTRACTS 3.1, get envelope.
    #[test]
    fn both_shapes_have_all_of_the_sample() {
        let beta = get(BETA, &finding()).unwrap();
        assert_eq!(beta["data"]["type"], "posture_management_fetch_finding_resp");
        let inside = &beta["data"]["attributes"]["finding"];
        let names: Vec<&String> = inside.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "evaluation",
                "evaluation_changed_at",
                "id",
                "message",
                "muted",
                "resource",
                "resource_configuration",
                "resource_discovery_date",
                "resource_type",
                "rule",
                "status",
                "tags"
            ]
        );
        let ga = get(GA, &finding()).unwrap();
        assert_eq!((&ga["data"]["type"], &ga["data"]["id"]), (&json!("detailed_finding"), &json!(uid().to_string())));
        for (name, value) in ga["data"]["attributes"].as_object().unwrap() {
            assert!(name == "mute" || inside[name] == *value, "{name}");
        }
        assert_eq!(
            inside["message"],
            "%%%\n## Description\n\nUpdate your bucket policy as the contents of your Amazon S3 \
            bucket are publicly accessible.\n\n## Rationale\n\nThe rule checks what these ask for:\n\n\
            - CIS AWS Foundations Benchmark 1.3: 1.3\n- HIPAA: 164.312(a)(1)\n- PCI DSS 3.2.1: 7.2.2\n\
            - SOC 2: CC6.1, CC6.3\n\n## Remediation\n\nRemove any public access.\n\n\
            See [the recommendation][1].\n\n[1]: https://example.com/b\n%%%"
        );
        assert_eq!(
            inside["resource_configuration"],
            json!({
                "AwsS3Bucket": {"CreatedAt": "2017-12-13T17:58:39Z"}, "account_id": "112787438617", "region": "us-east-1"
            })
        );
    }

    #[test]
    fn a_section_without_words_is_left_out() {
        let bare = get(GA, &of(&json!({"Title": "Only this"}))).unwrap();
        assert_eq!(bare["data"]["attributes"]["message"], "%%%\n## Description\n\nOnly this\n%%%");
        assert_eq!(bare["data"]["attributes"]["resource_configuration"], json!({"region": "global"}));
    }

    /// CONTRACTS 3.3, Errors; DESIGN §2: gone is absent.
    #[test]
    fn what_is_not_there_is_not_found() {
        let none = || Error::NotFound("finding not found".to_owned());
        let asked = Asked { path: BETA, query: &[], user_agent: None };
        for id in ["", "x", "AQAAAYZzBl-4bu4ufQAAA12WVp6QmwtNEFBQ04ydFhER3QxNC13QUE", "..%2f"] {
            assert_eq!(parse(id, &asked), Err(none()), "{id}");
        }
        let mut gone = finding();
        gone.standing.presence = Presence::Gone;
        let mut unknown = finding();
        unknown.standing.result = Verdict::Unknown;
        assert_eq!((get(GA, &gone), get(BETA, &unknown)), (Err(none()), Err(none())));
        assert_eq!(parse(&uid().simple(), &asked).map(|request| request.uid), Ok(uid()));
    }

    #[test]
    fn parameters_are_checked() {
        let read = |path: &str, query: &[(&str, &str)]| {
            parse(&uid().to_string(), &Asked { path, query: &pairs(query), user_agent: None }).map(|read| read.as_of)
        };
        assert!(read(GA, &[("snapshot_timestamp", "5")]).unwrap().is_some(), "CONTRACTS 3.1: also on get");
        assert!(read(BETA, &[("as_of", "2024-01-01")]).unwrap().is_some());
        assert!(read(BETA, &[("filter[status]", "x")]).is_ok());
        for (query, field) in
            [(("filter[status]", "low"), "filter[status]: "), (("snapshot_timestamp", "x"), "snapshot_timestamp: ")]
        {
            assert!(read(GA, &[query]).unwrap_err().to_string().starts_with(field));
        }
    }
}
