//! The `cargo test` target: every scenario on every provider is a trial of its own.
//!
//! Everything is in `tests/conformance.rs`; this library is empty. One trial alone:
//! `cargo test --test conformance -- enabled-without-envoy-gateway::azure`.
