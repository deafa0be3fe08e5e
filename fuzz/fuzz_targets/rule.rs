//! CEL rules of definitions, and queries: compiling and evaluating.
#![no_main]

#[path = "../../harness/schema/tests/it/fuzzed.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
