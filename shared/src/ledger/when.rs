//! Which state is asked for, and what the present is where clocks differ.

use super::{Need, Reader, View};
use crate::domain::{AsOf, Error, Instant, TenantId};

/// Which state of a tenant is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// The newest.
    #[default]
    Now,
    /// As of an instant. One that lies ahead of the ledger's now means the newest.
    At(Instant),
    /// Exactly the state that a cursor was made on.
    Pinned {
        /// The newest commit in it.
        seq: u64,
        /// The clock for expiries.
        at: Instant,
        /// The first bytes of that commit's chain hash, if they are known.
        chain: Option<[u8; 8]>,
    },
}

impl When {
    /// The state that a client named.
    pub fn named(as_of: AsOf) -> Self {
        match as_of {
            AsOf { at, seq: Some(seq) } => Self::Pinned { seq, at, chain: None },
            AsOf { at, seq: None } => Self::At(at),
        }
    }
}

impl Reader {
    /// The ledger's now: the clock, or the newest commit where the clock that wrote it was ahead. The log is asked only
    /// when `latest` lies ahead of the clock; what does not lies in the past by either.
    pub async fn now(&self, tenant: &TenantId, latest: Instant) -> Result<Instant, Error> {
        let clock = self.clock.now();
        match latest > clock {
            true => Ok(self.view_of(tenant, When::Now, &Need::default()).await?.at),
            false => Ok(clock),
        }
    }

    /// The columns of a tenant as of an instant, with the families that `need` names.
    ///
    /// Warm this is one request, and one round where the newest base was looked for before; else it is two rounds.
    /// [`Error::Invalid`] when a pinned state is not in this ledger.
    pub async fn view(&self, tenant: &TenantId, when: When, need: &Need) -> Result<View, Error> {
        if let When::At(at) = when
            && at > self.clock.now()
        {
            // What lies ahead of our clock is the past all the same where another one was further ahead.
            let newest = self.view_of(tenant, When::Now, need).await?;
            if newest.at <= at {
                return Ok(newest);
            }
        }
        self.view_of(tenant, when, need).await
    }

    /// A view with more of its columns. [`Error::Throttled`] when its state is no more, as by [`Reader::view_held`].
    pub async fn view_again(&self, tenant: &TenantId, view: &View, need: &Need) -> Result<View, Error> {
        let state = When::Pinned { seq: view.seq, at: view.at, chain: Some(view.chain.short()) };
        self.view_held(tenant, state, need).await
    }

    /// The columns of a state that was found in the same piece of work. [`Error::Throttled`] when it is no more, because the table was
    /// restored since: no client named that state, and whoever asks again is answered from another one.
    pub async fn view_held(&self, tenant: &TenantId, state: When, need: &Need) -> Result<View, Error> {
        let message = || "the ledger was restored while this was answered; try again".to_owned();
        self.view(tenant, state, need).await.map_err(|error| match error {
            Error::Invalid { .. } => Error::Throttled { message: message(), retry_after: 1 },
            other => other,
        })
    }
}
