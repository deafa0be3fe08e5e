//! Tests of the crate from outside: its CRDs, and its controllers on an embedded control plane.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails there and then"
)]

mod composite;
mod crds;
mod lacking;
mod plane;
mod toy;
