//! Which findings a filter or a list of ids means, for a decision about all of them.

use super::account_limits::within;
use super::decide_findings::findings_of;
use super::get_finding_by_name::{NamedQuery, get_finding_by_name};
use super::question::Question;
use crate::domain::query::Filter;
use crate::domain::{AsOf, Attempt, Caller, Error, Family, Finding, FindingKey, Uid, Wanted};
use crate::ledger::{Reader, When};

/// Names of one request: each is looked for by requests of its own, and a gateway waits for 29 seconds.
const MOST_NAMES: usize = 50;
/// Characters of a name that an error tells.
const SHOWN: usize = 200;

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
    if ids.iter().filter(|id| matches!(id, Wanted::Named(_))).count() > MOST_NAMES {
        let why =
            format!("holds more than {MOST_NAMES} ids that are no uids, each of which has to be looked for; send uids");
        return Err(Error::invalid(field, why));
    }
    let mut uids = Vec::with_capacity(ids.len());
    for id in ids {
        match id {
            Wanted::Uid(uid) => uids.push(*uid),
            Wanted::Named(name) => {
                let query = NamedQuery { name: name.clone(), among: among.clone(), when: When::Now, field };
                let found = get_finding_by_name(reader, &caller.tenant, &query).await?;
                let (found, _, made) = found.ok_or_else(|| {
                    let name: String = name.chars().take(SHOWN).collect();
                    Error::NotFound(format!("there is no finding {name}; nothing was changed"))
                })?;
                uids.push(made.finding(found.ordinal));
            }
        }
    }
    findings_of(reader, caller, &uids, is_known).await
}

/// The findings that pass a filter, of accounts that the caller's key is good for. A request that is sent again means those that
/// passed it when it was sent first. [`Error::Invalid`] names `field` when there are more than `most`.
pub async fn select_by_filter(
    reader: &Reader,
    caller: &Caller,
    attempt: Option<&Attempt>,
    filter: Filter,
    most: usize,
    field: &str,
) -> Result<Vec<(Uid, FindingKey)>, Error> {
    let since = attempt.and_then(|attempt| attempt.since);
    let when = since.map_or(When::Now, |at| When::named(AsOf { at, seq: None }));
    let question = Question { filter, when, ..Question::default() };
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
