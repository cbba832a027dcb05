//! Which findings a filter or a list of ids means, for a decision about all of them.

use super::account_limits::within;
use super::decide_findings::findings_of;
use super::get_finding_by_name::{NamedQuery, get_finding_by_name};
use super::question::Question;
use crate::domain::query::Filter;
use crate::domain::{Caller, Error, Family, Finding, FindingKey, Uid, Wanted};
use crate::ledger::{Reader, When};

/// The findings of these ids, each once, if the caller may write all of them and all are among those that the dialect
/// knows; else [`Error::NotFound`]. A name costs requests of its own.
pub async fn select_by_ids(
    reader: &Reader,
    caller: &Caller,
    ids: &[Wanted],
    among: &Filter,
    is_known: fn(&Finding) -> bool,
    field: &'static str,
) -> Result<Vec<(Uid, FindingKey)>, Error> {
    let mut uids = Vec::with_capacity(ids.len());
    for id in ids {
        match id {
            Wanted::Uid(uid) => uids.push(*uid),
            Wanted::Named(name) => {
                let query = NamedQuery { name: name.clone(), among: among.clone(), when: When::Now, field };
                let found = get_finding_by_name(reader, &caller.tenant, &query).await?;
                let (found, _, made) =
                    found.ok_or_else(|| Error::NotFound(format!("there is no finding {name}; nothing was changed")))?;
                uids.push(made.finding(found.ordinal));
            }
        }
    }
    findings_of(reader, caller, &uids, is_known).await
}

/// The findings that pass a filter now, of accounts that the caller's key is good for. [`Error::Invalid`] names `field`
/// when there are more than `most`.
pub async fn select_by_filter(
    reader: &Reader,
    caller: &Caller,
    filter: Filter,
    most: usize,
    field: &str,
) -> Result<Vec<(Uid, FindingKey)>, Error> {
    let question = Question { filter, ..Question::default() };
    let opened = question.open(reader, &caller.tenant, [Family::Seen]).await?;
    let candidates = opened.view.select(&opened.filter)?;
    if candidates.len() > most {
        let why = format!("selects {} findings, and {most} are decided about at a time; narrow it", candidates.len());
        return Err(Error::invalid(field, why));
    }
    let found = reader.documents(&caller.tenant, &opened.view, &candidates).await?;
    let own = found.iter().filter(|found| within(caller, Some(&found.finding)).is_some());
    Ok(own.map(|found| (opened.uids.finding(found.ordinal), found.finding.key())).collect())
}
