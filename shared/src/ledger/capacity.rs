//! What a request to the table cost, as its answer says.

use crate::tally::{self, Asked};
use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Read and write units.
pub(super) type Units = (f64, f64);

/// Counts a request. One that failed has units that nobody is told of.
pub(super) fn counted<T, E>(
    request: impl Future<Output = Result<T, E>>,
    units: impl FnOnce(&T) -> Units,
) -> impl Future<Output = Result<T, E>> {
    // On the heap: the SDK's futures are large, and whatever waits for one would be as large.
    ended(Box::pin(request), units, Asked::answered)
}

/// The same for a request that nothing waits for.
pub(super) fn counted_aside<T, E>(
    request: impl Future<Output = Result<T, E>>,
    units: impl FnOnce(&T) -> Units,
) -> impl Future<Output = Result<T, E>> {
    ended(Box::pin(request), units, Asked::answered_aside)
}

async fn ended<T, E>(
    request: impl Future<Output = Result<T, E>>,
    units: impl FnOnce(&T) -> Units,
    end: impl FnOnce(Asked, Units),
) -> Result<T, E> {
    let asked = tally::ask();
    let answer = request.await;
    end(asked, answer.as_ref().map(units).unwrap_or_default());
    answer
}

/// What was read.
pub(super) fn read(capacity: &[ConsumedCapacity]) -> Units {
    (total(capacity), 0.0)
}

/// What was written. A transaction that is sent again with its token is charged as reads.
pub(super) fn written(capacity: &[ConsumedCapacity]) -> Units {
    let again = |one: &&ConsumedCapacity| one.read_capacity_units.is_some() && one.write_capacity_units.is_none();
    let read: f64 = capacity.iter().filter(again).filter_map(|one| one.capacity_units).sum();
    (read, total(capacity) - read)
}

fn total(capacity: &[ConsumedCapacity]) -> f64 {
    capacity.iter().filter_map(|one| one.capacity_units).sum()
}
