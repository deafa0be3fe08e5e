//! Projects: suites, providers and scenarios from text to plan or to diagnostics.
#![no_main]

#[path = "../../harness/suite/tests/it/fuzzed.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
