//! Verifies ledgers by a schedule, slice by slice: what was committed since the last time in all of them first, then in turn the
//! rotations, which in the course of days go through everything.
//!
//! The place behind a slice is kept after what the slice found was told, so a worker may be killed at any point, and then tells it again.
//! Nothing that is found stops or repairs anything.

use super::run_expiries::all_tenants;
use crate::domain::{Error, TenantId};
use crate::ledger::{Anchor, Slice, Visit, Writer};
use crate::tally::{self, Gauge};

/// Slices of one tenant's rotation before the next tenant has its turn.
const TURN: usize = 16;
/// Problems of a tenant that are told one by one; the rest is counted.
const MOST_TOLD: u64 = 100;

/// Something to be told of a tenant's ledger.
#[derive(Debug, Clone, Copy)]
pub enum Heard<'a> {
    /// What is wrong, in plain words.
    Problem(&'a str),
    /// The newest commit that was verified, signed, to be kept elsewhere.
    Anchor(&'a Anchor),
}

/// What was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verification {
    /// Slices.
    pub slices: usize,
    /// What was found wrong.
    pub problems: u64,
    /// Anchors that were made.
    pub anchors: usize,
    /// The most rows of findings that were held at a time.
    pub rows: usize,
    /// Whether nothing is left to do for now.
    pub done: bool,
}

/// Hears what is told.
pub type Tell<'a> = &'a (dyn Fn(&TenantId, Heard<'_>) + Sync);

/// A tenant under verification.
struct Turn<'a> {
    tenant: &'a TenantId,
    visit: Visit<'a>,
    told: u64,
}

/// Verifies for `own` and every tenant that ever had a key what is due, until `enough` says so. Two requests for a tenant where nothing
/// was committed since it was verified. A tenant whose ledger cannot be read does not keep the others from theirs.
///
/// Errors: the first one, after all tenants had their turn; what is wrong with a ledger is none.
pub async fn verify_ledgers(
    writer: &Writer,
    own: &TenantId,
    tell: Tell<'_>,
    enough: impl Fn() -> bool + Sync,
) -> Result<Verification, Error> {
    let mut tenants: Vec<TenantId> = all_tenants(writer, own).await?.into_iter().collect();
    // Where time ends before all had their turn, others come first tomorrow.
    let day = usize::try_from(writer.clock().now().0.div_euclid(86_400_000)).unwrap_or_default();
    let first = day.checked_rem(tenants.len()).unwrap_or_default();
    tenants.rotate_left(first);
    let mut done = Verification { done: true, ..Verification::default() };
    let (mut turns, mut failed) = (Vec::new(), None);
    for tenant in &tenants {
        if enough() {
            done.done = false;
            break;
        }
        match begin(writer, tenant, tell, &enough, &mut done).await {
            Ok(turn) => turns.extend(turn),
            Err(error) => failed = failed.or(Some(unread(tenant, error))),
        }
    }
    while !turns.is_empty() && !enough() {
        let mut left = Vec::with_capacity(turns.len());
        for mut turn in turns {
            match turn.take(writer, tell, &enough, &mut done).await {
                Ok(true) => left.push(turn),
                Ok(false) => {}
                Err(error) => failed = failed.or(Some(unread(turn.tenant, error))),
            }
        }
        turns = left;
    }
    done.done &= turns.is_empty();
    if done.slices > 0 {
        tally::gauge(Gauge::Drift, f64::from(u32::try_from(done.problems).unwrap_or(u32::MAX)));
    }
    failed.map_or(Ok(done), Err)
}

fn unread(tenant: &TenantId, error: Error) -> Error {
    tracing::warn!(tenant = %tenant, %error, "a ledger could not be verified");
    error
}

/// Verifies what is new; the turn of the tenant's rotation, if there is more.
async fn begin<'a>(
    writer: &'a Writer,
    tenant: &'a TenantId,
    tell: Tell<'_>,
    enough: &(impl Fn() -> bool + Sync),
    done: &mut Verification,
) -> Result<Option<Turn<'a>>, Error> {
    let Some(visit) = writer.visit(tenant).await? else { return Ok(None) };
    let mut turn = Turn { tenant, visit, told: 0 };
    while !turn.visit.is_up_to_date() {
        if enough() {
            break;
        }
        if !turn.slice(writer, tell, done).await? {
            return Ok(None);
        }
    }
    turn.visit.rest();
    Ok(Some(turn))
}

impl Turn<'_> {
    /// Goes on with the rotation for a while; whether there is more.
    async fn take(
        &mut self,
        writer: &Writer,
        tell: Tell<'_>,
        enough: &(impl Fn() -> bool + Sync),
        done: &mut Verification,
    ) -> Result<bool, Error> {
        for _ in 0..TURN {
            if enough() {
                break;
            }
            if !self.slice(writer, tell, done).await? {
                return Ok(false);
            }
        }
        self.visit.rest();
        Ok(true)
    }

    /// Verifies a slice, tells what it found, and keeps the place behind it; whether there is more.
    async fn slice(&mut self, writer: &Writer, tell: Tell<'_>, done: &mut Verification) -> Result<bool, Error> {
        let Some(slice) = Box::pin(self.visit.next()).await? else { return Ok(false) };
        done.slices += 1;
        done.problems += slice.count;
        done.anchors += usize::from(slice.anchor.is_some());
        done.rows = done.rows.max(slice.rows);
        self.tell(&slice, tell);
        writer.visited(&mut self.visit, slice).await
    }

    fn tell(&mut self, slice: &Slice, tell: Tell<'_>) {
        for problem in &slice.problems {
            self.told += 1;
            match self.told {
                ..=MOST_TOLD => tell(self.tenant, Heard::Problem(problem)),
                _ if self.told == MOST_TOLD + 1 => {
                    tell(self.tenant, Heard::Problem("there are more problems, which are counted and not listed"));
                }
                _ => {}
            }
        }
        if let Some(anchor) = &slice.anchor {
            tell(self.tenant, Heard::Anchor(anchor));
        }
    }
}
