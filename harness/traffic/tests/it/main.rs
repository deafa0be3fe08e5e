//! Traffic against real servers on loopback.
#![expect(clippy::unwrap_used, reason = "tests")]

mod grpc;
mod http;
