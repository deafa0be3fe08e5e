//! The crate against what a real API server answered.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod definitions;
mod properties;
mod recorded;
mod structural;
mod tables;
