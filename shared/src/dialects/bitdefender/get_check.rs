//! `GET /v1/cspm/checks/{id}`: one check, without links and meta around it (CONTRACTS 4.3).

use super::super::{Reply, etag};
use super::envelope;
use super::parameters::{AS_OF, Parameter, Values};
use super::resource::Names;
use crate::domain::{AsOf, Error, Finding, Ordinal, Presence, Uid, Verdict};

/// The parameters of a request for one thing.
pub(super) const PARAMETERS: &[Parameter] = &[AS_OF];

/// Reads the `{id}` of a path and decoded pairs of a query. [`Error::NotFound`] for what is no uid.
pub fn parse(id: &str, pairs: &[(String, String)]) -> Result<(Uid, Option<AsOf>), Error> {
    let as_of = state(pairs)?;
    Ok((Uid::parse(id).ok_or_else(absent)?, as_of))
}

/// Reads the query of a request for one thing.
pub fn state(pairs: &[(String, String)]) -> Result<Option<AsOf>, Error> {
    Values::parse(PARAMETERS, pairs).map(|values| values.as_of())
}

/// A check with its state's tag; [`Error::NotFound`] for a finding that is gone or has no verdict.
pub fn render(ordinal: Ordinal, finding: &Finding, names: &Names<'_>, base: &str) -> Result<Reply, Error> {
    if !is_check(finding) {
        return Err(absent());
    }
    Ok(etag::put(envelope::one(&super::check::check(ordinal, finding, names, base)), finding))
}

/// Whether a finding is a check: it is there, and has a verdict.
pub fn is_check(finding: &Finding) -> bool {
    finding.standing.presence == Presence::Active && finding.standing.result != Verdict::Unknown
}

/// The error for a check that is not there.
pub fn absent() -> Error {
    Error::NotFound("there is no such check".to_owned())
}
