//! Threads with room for deep recursion, on which rules of tenants are parsed, checked and judged; and an end to waiting for them.
//!
//! The evaluator looks at the clock between its steps. A step may be without end all the same: two values that hold others many
//! times over are compared member by member. No thread can be ended from without, so one that does not come back is left
//! behind, and after [`MOST_LEFT`] of them nothing is begun any more until one has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{Builder, scope};
use std::time::Duration;

/// Their stack. Memory is taken as it is used, so that a usual rule costs next to nothing.
const STACK: usize = 256 * 1024 * 1024;
/// Threads of a process that may be left behind at a time.
const MOST_LEFT: usize = 4;

const RUNNING: u8 = 0;
const LEFT: u8 = 1;
const ENDED: u8 = 2;

/// How many are left behind.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Why something was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undone {
    /// It did not come back in time, and may be at it still.
    Left,
    /// Too many others did not come back, or there is no thread to be had.
    NotBegun,
    /// It panicked.
    Broken,
}

/// Does something there; `None` where no thread can be had, or where it panicked.
pub(super) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    scope(|scope| Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()?.join().ok())
}

/// Does something there that may never end, and waits for so long.
pub(super) fn watched<T: Send + 'static>(
    longest: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Undone> {
    if COUNT.load(Ordering::Relaxed) >= MOST_LEFT {
        return Err(Undone::NotBegun);
    }
    let (sender, receiver) = channel();
    let ours = Arc::new(AtomicU8::new(RUNNING));
    let theirs = End(Arc::clone(&ours));
    let thread = Builder::new().stack_size(STACK).spawn(move || {
        let end = theirs;
        let done = work();
        drop(end);
        // Nobody waits for what is left behind.
        let _ = sender.send(done);
    });
    if thread.is_err() {
        return Err(Undone::NotBegun);
    }
    match receiver.recv_timeout(longest) {
        Ok(done) => Ok(done),
        Err(RecvTimeoutError::Disconnected) => Err(Undone::Broken),
        Err(RecvTimeoutError::Timeout) => {
            if ours.swap(LEFT, Ordering::AcqRel) == RUNNING {
                COUNT.fetch_add(1, Ordering::Relaxed);
            }
            Err(Undone::Left)
        }
    }
}

/// Tells that a thread has ended, also by a panic.
struct End(Arc<AtomicU8>);

impl Drop for End {
    fn drop(&mut self) {
        if self.0.swap(ENDED, Ordering::AcqRel) == LEFT {
            COUNT.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "what breaks off is contained")]
mod tests {
    use super::{COUNT, MOST_LEFT, Undone, watched};
    use std::sync::atomic::Ordering;
    use std::thread::sleep;
    use std::time::Duration;

    /// One test, because they are counted together.
    #[test]
    fn what_does_not_end_is_left_behind_and_counted() {
        let (short, long) = (Duration::from_millis(20), Duration::from_secs(60));
        assert_eq!(watched(long, || 7), Ok(7));
        assert_eq!(watched(long, || -> u8 { panic!("broken") }), Err(Undone::Broken));
        for _ in 0..MOST_LEFT {
            assert_eq!(watched(short, || sleep(Duration::from_millis(900))), Err(Undone::Left));
        }
        assert_eq!(watched(long, || 7), Err(Undone::NotBegun));
        while COUNT.load(Ordering::Relaxed) > 0 {
            sleep(short);
        }
        assert_eq!(watched(long, || 7), Ok(7));
    }
}
