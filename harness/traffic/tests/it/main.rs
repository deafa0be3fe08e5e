//! Tests of traffic with real servers on loopback.
#![expect(clippy::unwrap_used, reason = "tests")]

mod grpc;
mod http;
