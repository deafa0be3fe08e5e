//! Server-side apply, and decoding managed fields.
#![no_main]

#[path = "../../harness/merge/tests/it/fuzzed_managed.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
