//! JSON merge patch and JSON patch.
#![no_main]

#[path = "../../harness/merge/tests/it/fuzzed_patch.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
