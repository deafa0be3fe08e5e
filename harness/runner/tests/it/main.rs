//! The runner from outside, on control planes that break or move when they should not, and with traffic.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod absence;
mod broken;
mod judging;
mod late;
mod names;
mod nothing_but_errors;
mod programs;
mod traffic;
