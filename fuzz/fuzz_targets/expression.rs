//! Expressions: parsing and evaluating.
#![no_main]

#[path = "../../harness/expr/tests/it/fuzzed.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
