//! The crate never panics: the fuzzer's seeds, and arbitrary text.

use proptest::prelude::*;

use crate::fuzzed;

#[test]
fn every_seed_of_the_fuzzer_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/assertion");
    let mut count = 0;
    for seed in std::fs::read_dir(folder).unwrap() {
        fuzzed::run(&std::fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 2, "only {count} seeds");
}

/// Generates keys and values of assertion trees.
fn token() -> impl Strategy<Value = String> {
    let tokens = [
        "\na: ",
        "\n  b: ",
        "\n  - ",
        "\n---\n",
        "(a)",
        "(length(@))",
        "(@ == `1`)",
        "(",
        ")",
        "~.",
        "~i.",
        "->x",
        "$x",
        "$values",
        "\\",
        "(jp; a)",
        "(cel; a)",
        "[]",
        "{}",
        "null",
        "1",
        "'b'",
        "(join('-', a))",
        "(a[?b == 'c'])",
        "ü",
    ];
    prop::sample::select(tokens.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn any_tokens_hold(tokens in prop::collection::vec(token(), 0..30)) {
        fuzzed::run(tokens.concat().as_bytes());
    }

    #[test]
    fn any_text_holds(text in "\\PC{0,200}") {
        fuzzed::run(text.as_bytes());
    }
}
