//! The crate against the libraries that kube-apiserver is made of, the RFCs, and what holds for every object.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod fuzzed_managed;
mod fuzzed_patch;
mod generator;
mod patches;
mod properties;
mod recorded;
mod recording;
mod robust;
