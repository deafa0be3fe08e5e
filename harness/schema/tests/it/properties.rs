//! The properties of every object.

use crosscut_schema::Structural;
use proptest::prelude::*;
use serde_json::{Value, json};

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-d]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn structural() -> Structural {
    let item = json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "string" }, "b": { "type": "integer", "default": 3 } } });
    let schema = json!({ "type": "object", "properties": { "spec": { "type": "object", "properties": {
        "a": { "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"], "items": item },
        "b": { "type": "object", "additionalProperties": { "type": "string", "maxLength": 2 } },
        "c": { "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": { "d": { "type": "boolean", "default": true } } },
        "d": { "type": "string", "nullable": true, "enum": ["a", "b"] },
    } } } });
    Structural::compile(&schema).unwrap()
}

proptest! {
    #[test]
    fn pruning_and_defaulting_twice_changes_nothing(spec in any_value()) {
        let structural = structural();
        let mut once = json!({ "spec": spec });
        structural.prune(&mut once);
        structural.default(&mut once);
        let mut twice = once.clone();
        prop_assert!(structural.prune(&mut twice).is_empty());
        structural.default(&mut twice);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn what_has_not_changed_is_not_held_against_it(spec in any_value()) {
        let object = json!({ "spec": spec });
        prop_assert!(structural().validate(&object, Some(&object)).errors.is_empty());
    }

    #[test]
    fn no_schema_makes_the_compiler_panic(schema in any_value()) {
        let _ = Structural::compile(&json!({ "type": "object", "properties": { "spec": schema } }));
    }
}
