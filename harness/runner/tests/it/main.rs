//! The runner from outside, on control planes that break, and with traffic.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod broken;
mod judging;
mod programs;
mod traffic;
