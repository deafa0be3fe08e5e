//! Comparisons of the crate with the responses of a real API server.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod definitions;
mod fuzzed;
mod properties;
mod recorded;
mod rules;
mod structural;
mod tables;
