//! Assertion documents and templates: compiling, checking, showing differences.
#![no_main]

#[path = "../../harness/assertion/tests/it/fuzzed.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
