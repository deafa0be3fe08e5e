//! Tests of the function runtimes with real programs, real gRPC and real certificates.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails there and then"
)]

mod command;
mod requests;
mod serve;
mod stub;
