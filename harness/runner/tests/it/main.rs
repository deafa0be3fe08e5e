//! The runner from outside, on control planes that break.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod broken;
mod programs;
