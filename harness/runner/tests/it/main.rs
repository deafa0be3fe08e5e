//! The runner from outside, on control planes that break or move when they should not, and with traffic.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod broken;
mod judging;
mod late;
mod names;
mod programs;
mod traffic;
