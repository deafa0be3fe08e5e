//! Finding the programs of a control plane and their versions.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on fails there and then"
)]

mod assets;
