//! Nothing that is read can make this crate panic: the fuzzer's seeds, and arbitrary text.

use proptest::prelude::*;

use crate::fuzzed;

#[test]
fn every_seed_of_the_fuzzer_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/expression");
    let mut count = 0;
    for seed in std::fs::read_dir(folder).unwrap() {
        fuzzed::run(&std::fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 2, "only {count} seeds");
}

proptest! {
    #[test]
    fn any_text_holds(text in "\\PC{0,200}") {
        fuzzed::run(text.as_bytes());
    }

    #[test]
    fn any_bytes_hold(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzzed::run(&bytes);
    }
}
