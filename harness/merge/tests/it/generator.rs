//! Schemas, objects that have them, and writes of such objects.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Names of fields, keys and values; few, so that writes meet.
const NAMES: [&str; 3] = ["a", "b", "c"];

/// Who writes.
const MANAGERS: [&str; 3] = ["x", "y", "z"];

/// One write of an object.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) manager: &'static str,
    /// By server-side apply, forced or not; else by an update.
    pub(crate) apply: Option<bool>,
    pub(crate) body: Value,
}

/// A schema, and writes of objects that have it.
pub(crate) fn writes() -> impl Strategy<Value = (Value, Vec<Write>)> {
    object_schema(2).prop_flat_map(|spec| {
        let one = (
            prop::sample::select(&MANAGERS[..]),
            prop::option::of(any::<bool>()),
            body(&spec),
        );
        let one = one.prop_map(|(manager, apply, body)| Write {
            manager,
            apply,
            body,
        });
        let schema = json!({ "type": "object", "properties": { "spec": spec } });
        (Just(schema), prop::collection::vec(one, 1..6))
    })
}

/// An object whose spec has a schema and holds neither null nor anything empty.
fn body(spec: &Value) -> impl Strategy<Value = Value> + use<> {
    value(spec).prop_map(|mut spec| {
        drop_empty(&mut spec);
        let object = json!({
            "apiVersion": "test.example.com/v1",
            "kind": "Widget",
            "metadata": { "name": "w" },
        });
        if empty(&spec) {
            object
        } else {
            with(object, "spec", spec)
        }
    })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

/// Takes away, from the inside out, fields that are null or hold nothing.
pub(crate) fn drop_empty(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(drop_empty);
            fields.retain(|_, value| !empty(value));
        }
        Value::Array(items) => items.iter_mut().for_each(drop_empty),
        _ => {}
    }
}

fn empty(value: &Value) -> bool {
    matches!(value, Value::Null) || *value == json!({}) || *value == json!([])
}

fn object_schema(depth: u32) -> BoxedStrategy<Value> {
    let fields = NAMES.map(|name| {
        prop::option::weighted(0.7, schema(depth)).prop_map(move |schema| (name, schema))
    });
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.15));
    (fields, flags)
        .prop_map(|(fields, (atomic, open))| {
            let properties = fields
                .into_iter()
                .filter_map(|(name, schema)| Some((name.to_owned(), schema?)));
            let mut schema =
                json!({ "type": "object", "properties": properties.collect::<Map<_, _>>() });
            if atomic {
                schema["x-kubernetes-map-type"] = "atomic".into();
            }
            if open {
                schema["x-kubernetes-preserve-unknown-fields"] = true.into();
            }
            schema
        })
        .boxed()
}

fn schema(depth: u32) -> BoxedStrategy<Value> {
    if depth == 0 {
        return scalar_schema().boxed();
    }
    let anything = Just(json!({ "x-kubernetes-preserve-unknown-fields": true }));
    let map =
        schema(depth - 1).prop_map(|of| json!({ "type": "object", "additionalProperties": of }));
    let list = schema(depth - 1).prop_map(|of| json!({ "type": "array", "items": of }));
    let set = Just(
        json!({ "type": "array", "x-kubernetes-list-type": "set", "items": { "type": "string" } }),
    );
    prop_oneof![
        3 => scalar_schema(),
        2 => object_schema(depth - 1),
        1 => anything,
        1 => map,
        1 => list,
        1 => set,
        2 => keyed_schema(depth),
    ]
    .boxed()
}

fn scalar_schema() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({ "type": "string" }),
        json!({ "type": "integer" }),
        json!({ "x-kubernetes-int-or-string": true }),
    ])
}

fn keyed_schema(depth: u32) -> impl Strategy<Value = Value> {
    object_schema(depth - 1).prop_map(|item| {
        let mut item = with(item, "x-kubernetes-map-type", "granular".into());
        item["properties"]["k"] = json!({ "type": "string" });
        json!({
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": item,
        })
    })
}

fn value(schema: &Value) -> BoxedStrategy<Value> {
    let name = || prop::sample::select(&NAMES[..]).prop_map(Value::from);
    match schema["type"].as_str() {
        Some("object") => object(schema),
        Some("array") => list(schema),
        Some("string") => name().boxed(),
        Some("integer") => (0..3).prop_map(Value::from).boxed(),
        _ if schema["x-kubernetes-int-or-string"] == true => {
            prop_oneof![name(), (0..3).prop_map(Value::from)].boxed()
        }
        _ => anything().boxed(),
    }
}

fn object(schema: &Value) -> BoxedStrategy<Value> {
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
    let properties = schema["properties"].as_object();
    let additional = schema.get("additionalProperties");
    let field = |name: &'static str| {
        let declared = properties
            .and_then(|fields| fields.get(name))
            .or(additional);
        let field = match declared {
            Some(schema) => value(schema),
            None if open => anything().boxed(),
            None => Just(Value::Null).boxed(),
        };
        prop::option::of(field)
            .prop_map(move |field| (name.to_owned(), field))
            .boxed()
    };
    let fields: Vec<_> = NAMES.into_iter().map(field).collect();
    fields
        .prop_map(|fields| {
            let fields = fields
                .into_iter()
                .filter_map(|(name, field)| Some((name, field?)));
            Value::Object(fields.filter(|(_, field)| !field.is_null()).collect())
        })
        .boxed()
}

/// Items of keyed lists and sets have each key once.
fn list(schema: &Value) -> BoxedStrategy<Value> {
    let item = value(&schema["items"]);
    match schema["x-kubernetes-list-type"].as_str() {
        Some("map") => prop::collection::btree_map(prop::sample::select(&NAMES[..]), item, 0..3)
            .prop_map(|items| {
                items
                    .into_iter()
                    .map(|(key, item)| with(item, "k", key.into()))
                    .collect()
            })
            .boxed(),
        Some("set") => prop::sample::subsequence(&NAMES[..], 0..=3)
            .prop_shuffle()
            .prop_map(Value::from)
            .boxed(),
        _ => prop::collection::vec(item, 0..3)
            .prop_map(Value::from)
            .boxed(),
    }
}

/// Any value of JSON but null.
pub(crate) fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (0..3).prop_map(Value::from),
        prop::sample::select(&NAMES[..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        let map = prop::collection::btree_map("[abc]", inner.clone(), 0..3);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            map.prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
