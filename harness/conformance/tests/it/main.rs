//! What the fixtures compose: held against recordings, and against each other.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says what it waits for"
)]

mod composing;
mod differences;
mod function_kcl;
mod kcl;
mod recorded;
