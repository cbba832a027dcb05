//! Filters of `/cspm/checks` and `/cspm/finding_changes` as the ledger's (CONTRACTS 4.1 and 4.3).
//!
//! `severities` is compared with the severity that a check shows, which a pass keeps. A framework without a version
//! means all of its versions.

use super::parameters::{Takes, Values};
use crate::domain::framework::FrameworkQuery;
use crate::domain::matching::Match;
use crate::domain::query::{Clause, Filter, Test};
use crate::domain::resource_type::ResourceType;
use crate::domain::{Column, Error, Named};

/// Frameworks, by id.
pub const SYSTEM_COMPLIANCE: super::parameters::Parameter =
    super::parameters::parameter("system_compliance", Takes::Texts);

/// The clauses of all filters but those of ids and groups; [`Error::Invalid`] names the parameter at fault.
pub fn parse(values: &Values) -> Result<Filter, Error> {
    let mut filter = Filter::default();
    let words = [("results", Column::Result), ("statuses", Column::Status), ("resources", Column::ResourceIds)];
    for (name, column) in words {
        let asked = values.list(name);
        if !asked.is_empty() {
            filter = filter.and(Clause::on(column, Test::one_of(asked)));
        }
    }
    for (name, kind, column) in
        [("scans", Named::Account, Column::AwsAccountId), ("rules", Named::Rule, Column::GeneratorId)]
    {
        if let Some(among) = values.uids(name) {
            filter = filter.and(Clause::on(column, Test::any([Match::Named { uids: None, kind, among }])));
        }
    }
    let types = values.list("resource_types");
    if !types.is_empty() {
        let types = types.iter().map(|text| Match::OfType(ResourceType::parse(text)));
        filter = filter.and(Clause::on(Column::ResourceTypes, Test::any(types)));
    }
    let frameworks = values.list(SYSTEM_COMPLIANCE.name);
    if !frameworks.is_empty() {
        let controls = frameworks.iter().map(|text| framework(text)).collect::<Result<Vec<_>, _>>()?;
        filter = filter.and(Clause::on(Column::Controls, Test::any(controls)));
    }
    Ok(filter)
}

/// Whether a control's text is of the framework of this id.
fn framework(text: &str) -> Result<Match, Error> {
    let why = "must be ids of frameworks, for example nist-sp-800-53-r5";
    let query = FrameworkQuery::parse(text).ok_or_else(|| Error::invalid(SYSTEM_COMPLIANCE.name, why))?;
    let FrameworkQuery { framework, version } = query;
    // See `Control::to_text`.
    Ok(Match::Prefix(match version {
        Some(version) => format!("{framework}\u{1f}{version}\u{1f}"),
        None => format!("{framework}\u{1f}"),
    }))
}
