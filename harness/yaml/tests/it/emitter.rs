//! The emitter: its format, and that each value reads back the same.

use crosscut_yaml::to_yaml;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof, proptest};
use proptest::{collection, prop_assert_eq};
use rstest::rstest;
use serde_json::{Map, Value, json};

use crate::value;

#[test]
fn looks_as_kubectl_prints() {
    let object = json!({
        "kind": "Widget",
        "metadata": {"labels": {}, "name": "w"},
        "spec": {"ports": [{"name": "http", "port": 80}, 7, [1, 2]], "text": "a\nb\n", "none": [], "on": "yes"},
    });
    let expected = "\
kind: Widget
metadata:
  labels: {}
  name: w
spec:
  none: []
  'on': 'yes'
  ports:
  - name: http
    port: 80
  - 7
  - - 1
    - 2
  text: |
    a
    b
";
    assert_eq!(to_yaml(&object), expected);
}

#[rstest]
#[case("yes")]
#[case("1_000")]
#[case("0x1F")]
#[case("~")]
#[case("")]
#[case(" x")]
#[case("x ")]
#[case("a: b")]
#[case("a #b")]
#[case("- a")]
#[case("'")]
#[case("\"")]
#[case("a\nb")]
#[case("a\n\n")]
#[case("\na")]
#[case("  a\nb")]
#[case("a\n  b\n")]
#[case("a \nb")]
#[case("\t")]
#[case("a\r\nb")]
#[case("\u{7}")]
#[case("2026-01-02")]
#[case("12:30:45")]
#[case("<<")]
#[case("*")]
#[case("---")]
#[case("%x")]
#[case("@x")]
#[case("é中")]
fn strings_read_back(#[case] text: &str) {
    for object in [
        json!(text),
        json!({"a": text}),
        json!([text]),
        json!({text: [{text: text}]}),
    ] {
        let yaml = to_yaml(&object);
        assert_eq!(value_or_null(&yaml), object, "{yaml}");
    }
}

fn value_or_null(yaml: &str) -> Value {
    if crate::documents(yaml).is_empty() {
        Value::Null
    } else {
        value(yaml)
    }
}

fn values() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~\n\t\u{e9}]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            collection::btree_map("[ -~]{0,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
    .boxed()
}

proptest! {
    #[test]
    fn every_value_reads_back(value in values()) {
        let yaml = to_yaml(&value);
        prop_assert_eq!(value_or_null(&yaml), value, "{}", yaml);
    }
}
