//! Every finding of a list, in its order and of one state, a stretch at a time.

use super::get_findings::{FindingsQuery, size};
use super::question::Opened;
use crate::domain::{Error, Ordinal, TenantId};
use crate::ledger::Reader;

pub use crate::ledger::Found;

/// Documents read at a time: few, so that others are answered in between.
const STRETCH: usize = 50;
/// What they may be as JSON in all, in bytes; one is read in any case.
const BYTES: usize = 2 * 1024 * 1024;

/// A list that is being exported.
#[derive(Debug, Clone)]
pub struct Export {
    reader: Reader,
    tenant: TenantId,
    opened: Opened,
    rows: Vec<Ordinal>,
    told: usize,
}

impl Export {
    /// Opens the list of a query; what it says of pages counts for nothing.
    pub async fn open(reader: &Reader, tenant: &TenantId, query: &FindingsQuery) -> Result<Self, Error> {
        let opened = query.question.open(reader, tenant, query.families()).await?;
        if opened.filter.residual().next().is_some() {
            return Err(Error::internal("an export was asked for by what columns do not tell"));
        }
        let mut rows = opened.view.select(&opened.filter)?;
        opened.view.sort_after(&mut rows, query.first, &query.sort)?;
        Ok(Self { reader: reader.clone(), tenant: tenant.clone(), opened, rows, told: 0 })
    }

    /// How many rows there are in all.
    pub fn total(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// What it is answered from.
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    /// The next rows; none after the last.
    pub async fn next(&mut self) -> Result<Vec<Found>, Error> {
        let end = self.rows.len().min(self.told.saturating_add(STRETCH));
        let stretch = self.rows.get(self.told..end).unwrap_or_default();
        let mut bytes = 0_usize;
        let fits = |found: &Found| {
            let is_first = bytes == 0;
            bytes = bytes.saturating_add(size(&found.finding));
            is_first || bytes <= BYTES
        };
        let found = self.reader.documents_while(&self.tenant, &self.opened.view, stretch, fits).await?;
        self.told = self.told.saturating_add(found.len());
        Ok(found)
    }
}
