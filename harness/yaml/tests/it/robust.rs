//! The crate never panics: the fuzzer's seeds, and arbitrary text.

use proptest::prelude::*;

use crate::fuzzed;

#[test]
fn every_seed_of_the_fuzzer_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/yaml");
    let mut count = 0;
    for seed in std::fs::read_dir(folder).unwrap() {
        fuzzed::run(&std::fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 2, "only {count} seeds");
}

/// Generates tokens of YAML, so that some texts are valid.
fn token() -> impl Strategy<Value = String> {
    let tokens = [
        "\n",
        "\n  ",
        "\n    ",
        " ",
        "- ",
        "? ",
        ": ",
        "a: ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "&a ",
        "*a",
        "!!str ",
        "!!int ",
        "'",
        "\"",
        "\\",
        "|\n",
        ">-\n",
        "#",
        "---\n",
        "...\n",
        "<<: ",
        "0x1f",
        "1e3",
        ".inf",
        "yes",
        "~",
        "\t",
        "ü",
        "\u{feff}",
        "\r\n",
        "%YAML 1.1\n",
        "@",
        "`",
        "-1",
        "2026-01-02",
    ];
    prop_oneof![
        prop::sample::select(tokens.to_vec()).prop_map(str::to_owned),
        "[a-z]{1,3}"
    ]
}

proptest! {
    #[test]
    fn any_tokens_hold(tokens in prop::collection::vec(token(), 0..40)) {
        fuzzed::run(tokens.concat().as_bytes());
    }

    #[test]
    fn any_text_holds(text in "\\PC{0,200}") {
        fuzzed::run(text.as_bytes());
    }

    #[test]
    fn any_bytes_hold(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzzed::run(&bytes);
    }
}
