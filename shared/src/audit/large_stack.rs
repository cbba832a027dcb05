//! A thread with room for deep recursion: rules of tenants are parsed, checked and judged on one.

use std::thread::{Builder, scope};

/// Its stack. Memory is taken as it is used, so that a usual rule costs next to nothing.
const STACK: usize = 256 * 1024 * 1024;

/// Does something there; `None` where no thread can be had, or where it panicked.
pub(super) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    scope(|scope| Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()?.join().ok())
}
