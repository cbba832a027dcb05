//! Decides about findings: the one way in which every dialect accepts, resolves, reopens, mutes or rates a fail.

use super::account_limits::within;
use crate::domain::asff::{self, decide::NOT_FAILING, decide::STALE};
use crate::domain::{
    Actor, Attempt, Caller, Decision, Error, Family, Fate, Finding, FindingKey, Instant, Outcome, Rejection, Ruling,
    Seen, Source, Status, Terms, Uid,
};
use crate::ledger::{Found, Intent, Need, Reader, When, Writer};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Findings that are decided about at a time: with the ends of acceptances they fit into one commit.
const AT_ONCE: usize = 32;

/// Ids that an error names.
const SHOWN: usize = 10;

/// What became of a decision about several findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One for each finding, in their order.
    pub fates: Vec<Fate>,
    /// Why some of them are not known.
    pub stopped: Option<Error>,
}

/// Decides about findings, commit by commit; one outcome each. Those that do not fail, or are of an account that the
/// caller's key is not good for, are rejected alone.
///
/// What keeps the first commit from being made is an error. What stops a later one is in the report; the same decision
/// again completes it.
pub async fn decide_findings(
    writer: &Writer,
    caller: &Caller,
    keys: Vec<FindingKey>,
    ruling: Ruling,
    terms: &Terms,
) -> Result<Report, Error> {
    let intents = intents(caller, keys, ruling, terms, asff::decide);
    let mut fates: Vec<Fate> = Vec::with_capacity(intents.len());
    let mut stopped = None;
    for some in intents.chunks(AT_ONCE) {
        match writer.submit(&caller.tenant, some.to_vec()).await {
            Ok(done) => fates.extend(done.into_iter().map(Fate::Known)),
            Err(error) if fates.is_empty() => return Err(error),
            Err(error) => {
                // What stopped it may be the answer to a commit that was made, or to the second one of these.
                fates.resize(fates.len() + some.len(), Fate::Unknown);
                stopped = Some(error);
                break;
            }
        }
    }
    fates.resize(intents.len(), Fate::NotDone);
    Ok(Report { fates, stopped })
}

/// How a decision is made about one finding, as [`asff::decide()`] does it.
pub(super) type Rule = fn(Option<&Finding>, &Ruling, &Terms, &Actor, Instant) -> Decision;

/// What a caller wants decided about findings; `rule` says what becomes of each as it is when its turn comes.
pub(super) fn intents(
    caller: &Caller,
    keys: Vec<FindingKey>,
    ruling: Ruling,
    terms: &Terms,
    rule: Rule,
) -> Vec<Intent> {
    let shared = Arc::new((caller.clone(), ruling, terms.clone()));
    let actor = Arc::new(Actor { source: Source::Decision, identity: caller.identity() });
    let intents = keys.into_iter().map(|key| {
        let (shared, actor) = (Arc::clone(&shared), Arc::clone(&actor));
        let decide = move |current: Option<&Finding>, _: Option<&Seen>, at: Instant| {
            let (caller, ruling, terms) = &*shared;
            rule(within(caller, current), ruling, terms, &actor, at)
        };
        Intent { key, sent: None, decide: Arc::new(decide) }
    });
    intents.collect()
}

/// Decides about one finding. [`Error::NotFound`] where there is none, [`Error::Conflict`] for one that does not fail
/// or about which somebody else has decided meanwhile, [`Error::Stale`] for one that is not in the state meant.
pub async fn decide_finding(
    writer: &Writer,
    caller: &Caller,
    key: FindingKey,
    ruling: Ruling,
    terms: &Terms,
) -> Result<(), Error> {
    let report = decide_findings(writer, caller, vec![key], ruling, terms).await?;
    match report.fates.into_iter().next() {
        Some(Fate::Known(Outcome::Rejected(rejection))) => Err(refusal(rejection)),
        Some(Fate::Known(Outcome::Created | Outcome::Changed | Outcome::Unchanged)) => Ok(()),
        Some(Fate::Unknown | Fate::NotDone) | None => Err(Error::internal("a decision lacks an outcome")),
    }
}

/// The error of a request that is about nothing else than the finding that was refused.
pub fn refusal(rejection: Rejection) -> Error {
    let Rejection { id: _, code, message } = rejection;
    match code.as_str() {
        "FindingNotFound" => Error::NotFound("there is no such finding".to_owned()),
        STALE => Error::Stale(message),
        NOT_FAILING => Error::Conflict(format!("only a finding that fails can be decided about: {message}")),
        _ => Error::Conflict(message),
    }
}

/// The error of a request that names a state which a finding is not in, if what became of one says so.
pub fn stale(fates: &[Fate]) -> Option<Error> {
    fates.iter().filter_map(Fate::known).find_map(|outcome| match outcome {
        Outcome::Rejected(rejection) if rejection.code == STALE => Some(refusal(rejection.clone())),
        _ => None,
    })
}

/// Refuses an acceptance whose end has come already; [`Error::Invalid`] names `field`. A request that is sent again was right when
/// it was sent first.
pub fn check_end(reader: &Reader, attempt: Option<&Attempt>, ruling: &Ruling, field: &str) -> Result<(), Error> {
    if attempt.is_some_and(|attempt| attempt.since.is_some()) {
        return Ok(());
    }
    let now = reader.clock().now();
    match ruling.expires_at.filter(|end| *end <= now) {
        Some(_) if ruling.status == Some(Status::RiskAccepted) => {
            Err(Error::invalid(field, format!("lies in the past; it is {now} now")))
        }
        _ => Ok(()),
    }
}

/// The findings of uids, each once and in the order of the uids, if the caller may write all of them and all are among
/// those that the dialect knows; else [`Error::NotFound`], which names those that are not.
pub async fn findings_of(
    reader: &Reader,
    caller: &Caller,
    uids: &[Uid],
    is_known: fn(&Finding) -> bool,
) -> Result<Vec<(Uid, FindingKey)>, Error> {
    let unique: BTreeSet<Uid> = uids.iter().copied().collect();
    let tenant = &caller.tenant;
    let need = Need::of([Family::Core, Family::Seen], unique.iter().map(|uid| uid.claimed()));
    let (made, view) = tokio::try_join!(reader.uids(tenant), reader.view(tenant, When::Now, &need))?;
    let there = |uid: &Uid| made.ordinal(*uid).filter(|ordinal| ordinal.0 < view.count());
    let ordinals: Vec<_> = unique.iter().filter_map(|uid| Some((*uid, there(uid)?))).collect();
    let places: Vec<_> = ordinals.iter().map(|(_, ordinal)| *ordinal).collect();
    let may = |finding: &Finding| within(caller, Some(finding)).is_some() && is_known(finding);
    let key = |found: &Found| may(&found.finding).then(|| found.finding.key());
    let keys = reader.documents_each(tenant, &view, &places, key).await?;
    let found: Vec<(Uid, FindingKey)> =
        ordinals.iter().zip(keys).filter_map(|((uid, _), key)| Some((*uid, key?))).collect();
    let absent: Vec<String> = unique
        .iter()
        .filter(|uid| found.binary_search_by_key(*uid, |(known, _)| *known).is_err())
        .map(Uid::to_string)
        .collect();
    if absent.is_empty() {
        return Ok(found);
    }
    let named = absent.get(..SHOWN.min(absent.len())).unwrap_or_default().join(", ");
    let more = if absent.len() > SHOWN { " and more" } else { "" };
    Err(Error::NotFound(format!("there is no finding {named}{more}; nothing was changed")))
}
