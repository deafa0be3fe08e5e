//! Running what recurses: on this thread's stack if that is sure to do, else on one of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

/// The stack for what is nested deep, in bytes; only what is used of it is taken.
const STACK: usize = 256 * 1024 * 1024;
/// How deep what runs on the caller's stack may be nested.
const INLINE: usize = 24;

/// Said of a rule whose evaluation did not come to an end in good order.
pub(super) const BROKE: &str = "the evaluator broke down over it";

/// Runs something that recurses so deep; `None` if it panics, or no thread can be had for it.
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
