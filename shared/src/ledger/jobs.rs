//! Jobs: an item of a tenant and kind that says how far the work is and who is at it.

use super::item::Item;
use super::store::{Condition, ConditionalPut, Range};
use super::tenants::{from_item, to_item};
use super::{Reader, Writer, keys};
use crate::domain::{Error, Job, JobKind, TenantId};

impl Reader {
    /// A job; one that nobody has begun when there is no record of it.
    pub async fn job_get(&self, tenant: &TenantId, kind: JobKind) -> Result<Job, Error> {
        let item = self.store.get(&keys::job(tenant, kind), true).await?;
        item.as_ref().map_or_else(|| Ok(Job::new(kind)), from_item)
    }

    /// Every job of a tenant of which there is a record, by kind.
    pub async fn job_list(&self, tenant: &TenantId) -> Result<Vec<Job>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::job_partition(tenant), &range).await?;
        items.iter().map(from_item).collect()
    }
}

impl Writer {
    /// Records a job over the revision that `job` was made from; the job as recorded, or `None` when somebody else
    /// has recorded it since.
    pub async fn job_put(&self, tenant: &TenantId, job: Job) -> Result<Option<Job>, Error> {
        let condition = match job.revision {
            0 => Condition::Absent,
            seen => Condition::Number("revision", seen),
        };
        let job = Job { revision: job.revision.saturating_add(1), ..job };
        let mut item = to_item(Item::new(&keys::job(tenant, job.kind)), &job)?;
        item.put_number("revision", job.revision);
        let put = self.store.put(ConditionalPut { item, condition }).await?;
        Ok(put.then_some(job))
    }
}
