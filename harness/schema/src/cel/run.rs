//! The execution of recursive code: on this thread's stack if the depth is small, otherwise on a thread with a large
//! stack.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

/// The stack size for deep recursion, in bytes. The system allocates only the used part.
const STACK: usize = 256 * 1024 * 1024;
/// The maximum nesting depth that runs on the caller's stack.
const INLINE: usize = 24;

/// The reason of a rule whose evaluation panicked or could not start.
pub(super) const BROKE: &str = "the evaluator broke down over it";

/// Runs code that recurses to this depth. Returns `None` if the code panics or no thread can be started.
pub(super) fn on_stack<T: Send>(depth: usize, run: impl FnOnce() -> T + Send) -> Option<T> {
    let guarded = move || catch_unwind(AssertUnwindSafe(run)).ok();
    if depth <= INLINE {
        return guarded();
    }
    thread::scope(|scope| {
        let started = thread::Builder::new()
            .name("cel".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, guarded);
        started.ok()?.join().ok().flatten()
    })
}
