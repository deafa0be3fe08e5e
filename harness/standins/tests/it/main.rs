//! The stand-ins from outside: on an embedded control plane, with a second one as their target.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails there and then"
)]

mod managed;
mod object;
mod plane;
mod release;
