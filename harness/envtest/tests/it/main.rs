//! Tests of the crate's public API: real control planes from the test bed's programs, if these are installed.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on fails there and then, and says how long things took"
)]

mod checkpoint;
mod crossplane;
mod envtest;
mod etcd;
mod leases;
mod objects;
mod observing;
mod remembered;
mod run;
