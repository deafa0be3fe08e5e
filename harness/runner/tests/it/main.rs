//! Tests of the runner from outside, with control planes that break or change unexpectedly, and with
//! traffic.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod absence;
mod broken;
mod judging;
mod late;
mod names;
mod nothing_but_errors;
mod programs;
mod traffic;
