//! YAML: parsing, emitting, parsing again.
#![no_main]

#[path = "../../harness/yaml/tests/it/fuzzed.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
