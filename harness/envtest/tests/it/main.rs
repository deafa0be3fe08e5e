//! The crate from outside: real control planes from the test bed's programs, where those are there.

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
