//! The crate from outside: the real Crossplane on real API servers, where the test bed's programs are.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on fails there and then, and says how long things took"
)]

mod bed;
mod crossplane;
mod objects;
mod run;
