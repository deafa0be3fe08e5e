//! Nothing that is read can make this crate panic: the fuzzer's seeds, and arbitrary values.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{fuzzed_managed, fuzzed_patch};

#[rstest]
#[case::patch("patch", fuzzed_patch::run)]
#[case::managed("managed", fuzzed_managed::run)]
fn every_seed_of_the_fuzzer_holds(#[case] target: &str, #[case] run: fn(&[u8])) {
    let folder = format!("{}/../../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for seed in std::fs::read_dir(folder).unwrap() {
        run(&std::fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 2, "only {count} seeds");
}

fn value() -> impl Strategy<Value = Value> {
    let words = [
        "a",
        "/a",
        "f:a",
        "k:{\"name\":\"a\"}",
        "v:1",
        "i:0",
        ".",
        "name",
        "add",
        "op",
        "path",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(words.to_vec()), inner, 0..4)
                .prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn any_patches_hold(target in value(), merge in value(), operations in value()) {
        fuzzed_patch::run(json!([target, merge, operations]).to_string().as_bytes());
    }

    #[test]
    fn any_managed_fields_hold(spec in value(), fields in value(), configuration in value()) {
        let entry = json!({"manager": "m", "operation": "Apply", "apiVersion": "example.org/v1", "fieldsType": "FieldsV1", "fieldsV1": fields});
        let live = json!({"metadata": {"name": "a", "managedFields": [entry]}, "spec": spec});
        let configuration = json!({"metadata": {"name": "a"}, "spec": configuration});
        fuzzed_managed::run(json!([live, configuration, {"type": "object"}]).to_string().as_bytes());
    }
}
