//! Tests of the built-in controllers and the scheduler on an embedded API server.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cluster;
mod collection;
mod definitions;
mod namespaces;
mod scheduler;
