//! Assertion documents, tested with a data-driven suite and with properties.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod budget;
mod fuzzed;
mod properties;
mod robust;
mod suite;
