//! Nothing that is read can make this crate panic: the fuzzer's seeds, and arbitrary text.

use proptest::prelude::*;

use crate::fuzzed;

#[test]
fn every_seed_of_the_fuzzer_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/documents");
    let mut count = 0;
    for seed in std::fs::read_dir(folder).unwrap() {
        fuzzed::run(&std::fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 2, "only {count} seeds");
}

/// A seed with one part of it replaced by another part of it: nearly right documents.
fn mixed() -> impl Strategy<Value = String> {
    let seeds: Vec<String> = std::fs::read_dir(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fuzz/seeds/documents"
    ))
    .unwrap()
    .map(|seed| std::fs::read_to_string(seed.unwrap().path()).unwrap())
    .collect();
    let places = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
    );
    (prop::sample::select(seeds), places, 0..40_usize).prop_map(
        |(seed, (to, from, end), length)| {
            let letters: Vec<char> = seed.chars().collect();
            let (to, from) = (to.index(letters.len()), from.index(letters.len()));
            let end = (to + end.index(20)).min(letters.len());
            let part = &letters[from..(from + length).min(letters.len())];
            [&letters[..to], part, &letters[end..]]
                .concat()
                .into_iter()
                .collect()
        },
    )
}

proptest! {
    #[test]
    fn nearly_right_documents_hold(text in mixed()) {
        fuzzed::run(text.as_bytes());
    }

    #[test]
    fn any_text_holds(text in "\\PC{0,200}") {
        fuzzed::run(text.as_bytes());
    }
}
