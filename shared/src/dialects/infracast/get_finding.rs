//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}`: one finding with all that is known (infracast-findings,
//! Framework Mapping).
//!
//! The document addresses one finding as `CIS-AWS-5.2-aws:us-east-1:aws.ec2.security_group:sg-0abc123` and as
//! `CIS-AWS-5.2-sg-0abc123`; both are understood, and so are the ids of lists, of which the part behind `~` decides, and
//! uids alone. If both forms name several findings, one that fails now goes first; if that does not tell, the answer
//! is a 409 that names the uids of those that are meant.

use super::super::{Reply, etag};
use super::parameters::Parameters;
use super::row::{self, Listed};
use super::vocabulary::Listing;
use crate::domain::query::Filter;
use crate::domain::{AsOf, Error, Finding, Wanted};
use serde_json::Value;

/// The path's parameter, for errors.
pub const FIELD: &str = "findingID";

/// A request for one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetFinding {
    /// Which one.
    pub wanted: Wanted,
    /// The state that is asked for, if not the newest.
    pub as_of: Option<AsOf>,
}

/// Reads a decoded id and a query; [`Error::Invalid`] names the parameter at fault.
pub fn parse(id: &str, query: &[(String, String)]) -> Result<GetFinding, Error> {
    Ok(GetFinding { wanted: Wanted::parse(id), as_of: Parameters(query).as_of()? })
}

/// The findings that may be asked for: those that ever failed.
pub fn among() -> Filter {
    Listing::all()
}

/// [`Error::NotFound`], the same for whatever is not there.
pub fn not_found() -> Error {
    Error::NotFound("there is no such finding".to_owned())
}

/// Whether a finding is one here: it ever failed.
pub fn is_shown(finding: &Finding) -> bool {
    Listing::of(&finding.standing).is_some()
}

/// The finding, with its state's tag; [`Error::NotFound`] for one that never failed, which is none here.
pub fn render(finding: &Listed<'_>, as_of: AsOf) -> Result<Reply, Error> {
    if !is_shown(finding.finding) {
        return Err(not_found());
    }
    let mut body = row::whole(finding);
    body.insert("as_of".to_owned(), Value::String(as_of.to_string()));
    Ok(etag::put(Reply::json(200, &Value::Object(body)), finding.finding))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::parse;
    use crate::domain::{Ordinal, Uids, Wanted};

    #[test]
    fn ids_are_read_in_every_form() {
        let uid = Uids::new([1; 32]).finding(Ordinal(7));
        let simple = uid.simple();
        for id in [
            uid.to_string(),
            uid.to_string().to_uppercase(),
            simple.clone(),
            format!("CIS-AWS-5.2-aws:us-east-1:aws.ec2.security_group:sg-0abc123~{simple}"),
            format!("a~b~{simple}"),
            format!("~{uid}"),
        ] {
            assert_eq!(parse(&id, &[]).unwrap().wanted, Wanted::Uid(uid), "{id}");
        }
        for id in ["CIS-AWS-5.2-sg-0abc123", "~", "run", "stream", &simple[1..], &format!("{simple}~")] {
            assert_eq!(parse(id, &[]).unwrap().wanted, Wanted::Named(id.to_owned()), "{id}");
        }
        let refused = parse("x", &[("as_of".to_owned(), "yesterday".to_owned())]).unwrap_err();
        assert!(refused.to_string().starts_with("as_of: "), "{refused}");
    }
}
