//! The crate against what a real API server answered.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod definitions;
mod fuzzed;
mod properties;
mod recorded;
mod rules;
mod structural;
mod tables;
