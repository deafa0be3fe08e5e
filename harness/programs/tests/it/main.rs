//! The crate from outside: programs that start, misbehave and end, and what is left of them.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails there and then"
)]

mod leftovers;
mod programs;
mod readiness;
mod state;
mod stub;
