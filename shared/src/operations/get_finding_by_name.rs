//! Finds one finding by the names of its rule and its resource: `<rule>-<resource>`.
//!
//! Neither part tells where it ends, so every rule that the text begins with is tried. The resource may be given by its
//! path, its name, or its producer's id.

use crate::domain::finding::PRODUCT_ARN;
use crate::domain::query::{Clause, Filter, Test};
use crate::domain::resource::RESOURCE;
use crate::domain::{Cell, Column, Error, Family, FindingKey, Ordinal, Presence, TenantId, Uids, Verdict};
use crate::ledger::{Found, Need, Reader, View, When};

/// Findings that an error names.
const SHOWN: usize = 10;

/// A question for one finding by names.
#[derive(Debug, Clone)]
pub struct NamedQuery {
    /// What it is called.
    pub name: String,
    /// Among which findings.
    pub among: Filter,
    /// As of when.
    pub when: When,
    /// What carries the name, for errors.
    pub field: &'static str,
}

/// The finding of a name, with the state that was asked; `None` when there is none. Of several, one that is there and
/// fails goes first. [`Error::Conflict`] names their uids if that does not tell.
pub async fn get_finding_by_name(
    reader: &Reader,
    tenant: &TenantId,
    query: &NamedQuery,
) -> Result<Option<(Found, View, Uids)>, Error> {
    let (own, view, uids) = filed_by_us(reader, tenant, query).await?;
    if let Some(own) = own {
        return Ok(Some((own, view, uids)));
    }
    let found = get_others_finding_by_name(reader, tenant, query, view, &uids).await?;
    Ok(found.map(|(found, view)| (found, view, uids)))
}

/// The same of a state in which no audit of our own has filed a finding of this very Id.
pub(super) async fn get_others_finding_by_name(
    reader: &Reader,
    tenant: &TenantId,
    query: &NamedQuery,
    view: View,
    uids: &Uids,
) -> Result<Option<(Found, View)>, Error> {
    if view.count() == 0 {
        return Ok(None);
    }
    let view = reader.view_again(tenant, &view, &Need::all([Family::Core])).await?;
    let of_rules = Test::one_of(rules(&view, &query.name)?);
    let candidates = view.select(&query.among.clone().and(Clause::on(Column::GeneratorId, of_rules)))?;
    if candidates.is_empty() {
        return Ok(None);
    }
    let need = Need::of([Family::Core, Family::Seen, Family::Ids], candidates.iter().copied());
    let view = reader.view_again(tenant, &view, &need).await?;
    let mut named = Vec::new();
    for ordinal in candidates {
        if is_named(&view, ordinal, &query.name)? {
            named.push(ordinal);
        }
    }
    let Some(ordinal) = the_one(&view, &named, uids, query.field)? else { return Ok(None) };
    let found = reader.documents(tenant, &view, &[ordinal]).await?.pop();
    Ok(found.map(|found| (found, view)))
}

/// The finding of an audit of our own that has this very Id, if it is among those that are meant, and the state that was asked.
async fn filed_by_us(
    reader: &Reader,
    tenant: &TenantId,
    query: &NamedQuery,
) -> Result<(Option<Found>, View, Uids), Error> {
    let key = FindingKey { product_arn: PRODUCT_ARN.to_owned(), id: query.name.clone() };
    let looked = tokio::try_join!(reader.finding_viewed(tenant, &key, query.when), reader.uids(tenant))?;
    let ((mut found, view), uids) = looked;
    if let Some(own) = &found
        && !query.among.accepts_cells(&|column| view.cell(own.ordinal, column), view.at)?
    {
        found = None;
    }
    Ok((found, view, uids))
}

/// Every rule that a name begins with.
fn rules(view: &View, name: &str) -> Result<Vec<String>, Error> {
    let begins = |cell: Cell| cell.text().filter(|rule| resource_part(name, rule).is_some()).map(str::to_owned);
    Ok(view.distinct(Column::GeneratorId)?.into_iter().filter_map(begins).collect())
}

/// What a name says of the resource, if the rule is this one.
fn resource_part<'a>(name: &'a str, rule: &str) -> Option<&'a str> {
    name.strip_prefix(rule)?.strip_prefix('-').filter(|resource| !resource.is_empty())
}

fn is_named(view: &View, ordinal: Ordinal, name: &str) -> Result<bool, Error> {
    let rule = view.cell(ordinal, Column::GeneratorId)?;
    let Some(resource) = rule.text().and_then(|rule| resource_part(name, rule)) else { return Ok(false) };
    let names = RESOURCE.value(&|column| view.cell(ordinal, column))?;
    Ok(names.texts().iter().any(|name| name == resource))
}

/// The one finding that is meant.
fn the_one(view: &View, named: &[Ordinal], uids: &Uids, field: &str) -> Result<Option<Ordinal>, Error> {
    let mut failing = Vec::new();
    for ordinal in named {
        let judged = view.judged(*ordinal)?;
        if judged.is_some_and(|judged| judged.presence == Presence::Active && judged.result == Verdict::Fail) {
            failing.push(*ordinal);
        }
    }
    let meant = if failing.is_empty() { named } else { failing.as_slice() };
    match meant {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        several => {
            let mut ids = Vec::new();
            for ordinal in several.iter().take(SHOWN) {
                ids.push(uids.finding(*ordinal).to_string());
            }
            let more = if several.len() > SHOWN { " and more" } else { "" };
            Err(Error::Conflict(format!(
                "{field}: {} findings are called so; ask for one by its uid: {}{more}",
                several.len(),
                ids.join(", ")
            )))
        }
    }
}
