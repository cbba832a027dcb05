//! Which findings a filter or a list of ids means, for a decision about all of them.

use super::decide_findings::findings_of;
use super::get_finding_by_name::{NamedQuery, get_finding_by_name};
use super::question::{Opened, Question};
use crate::domain::bulk::Pinned;
use crate::domain::query::{Clause, Filter, Test};
use crate::domain::{
    AsOf, Attempt, Caller, Column, Error, Family, Finding, FindingKey, Ordinal, TenantId, Uid, Wanted,
};
use crate::ledger::{Need, Reader, View, When};
use std::sync::Arc;

/// Names of one request: each is looked for by requests of its own, and a gateway waits for 29 seconds.
const MOST_NAMES: usize = 50;
/// Characters of a name that an error tells.
const SHOWN: usize = 200;

/// What a filter selects.
#[derive(Debug, Clone)]
pub enum Chosen {
    /// These, and what must still hold of each when its turn comes.
    Few(Vec<(Uid, FindingKey)>, Arc<Filter>),
    /// More than can be decided about while somebody waits: so many of this state.
    Many(u64, Pinned),
}

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

/// The findings that pass a filter, of accounts that the caller's key is good for, if they are `most` at the most. A request
/// that is sent again means those that passed it when it was sent first.
pub async fn select_by_filter(
    reader: &Reader,
    caller: &Caller,
    attempt: Option<&Attempt>,
    filter: Filter,
    most: usize,
) -> Result<Chosen, Error> {
    let since = attempt.and_then(|attempt| attempt.since);
    let when = since.map_or(When::Now, |at| When::named(AsOf { at, seq: None }));
    let opened = opened(reader, caller, filter, when).await?;
    let uids = opened.uids()?.clone();
    let Opened { view, filter, .. } = opened;
    let candidates = view.select(&filter)?;
    if candidates.len() > most {
        let (at, seq, chain) = (view.at, view.seq, view.chain.short());
        let state = Pinned { at, seq, chain, committed_at: view.committed_at() };
        return Ok(Chosen::Many(candidates.len() as u64, state));
    }
    let view = with_keys(reader, &caller.tenant, view, &candidates).await?;
    let meant = candidates.iter().map(|ordinal| Ok((uids.finding(*ordinal), view.key(*ordinal)?)));
    Ok(Chosen::Few(meant.collect::<Result<_, Error>>()?, Arc::new(filter)))
}

/// A filter, asked of a state, for findings of the accounts that a caller's key is good for.
pub(super) async fn opened(reader: &Reader, caller: &Caller, filter: Filter, when: When) -> Result<Opened, Error> {
    let filter = match &caller.accounts {
        None => filter,
        Some(accounts) => filter.and(Clause::on(Column::AwsAccountId, Test::one_of(accounts.iter().cloned()))),
    };
    Question { filter, when, uids: true, ..Question::default() }.open(reader, &caller.tenant, []).await
}

/// The same view, which knows the producers' names of some findings. No document is read for them.
pub(super) async fn with_keys(
    reader: &Reader,
    tenant: &TenantId,
    view: View,
    ordinals: &[Ordinal],
) -> Result<View, Error> {
    if ordinals.is_empty() {
        return Ok(view);
    }
    reader.view_again(tenant, &view, &Need::of([Family::Core, Family::Ids], ordinals.iter().copied())).await
}
