//! Types from the OpenAPI schemas of custom resources, as kube-apiserver makes them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object_meta::root;
use crate::types::{Fields, Items, Other, Relation, Scalar, Shape, Type};

impl Type {
    /// The type of a custom resource from the `openAPIV3Schema` of its version; the metadata is Kubernetes' own.
    ///
    /// ```
    /// use crosscut_merge::Type;
    /// use serde_json::json;
    ///
    /// // Elements of the list are known by their names when two writers share it.
    /// let ports = json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]});
    /// let _ports = Type::from_openapi(&ports);
    /// ```
    pub fn from_openapi(schema: &Value) -> Type {
        root(fields(schema, true, preserves(schema)))
    }
}

/// A part of a schema; `open` where it, or one around it, preserves unknown fields.
fn part(schema: &Value, open: bool) -> Type {
    let open = open || preserves(schema);
    if flag(schema, "x-kubernetes-embedded-resource") {
        return root(fields(schema, true, open));
    }
    match schema["type"].as_str() {
        Some("object") => Type::new(Shape::Map(fields(schema, false, open))),
        Some("array") => Type::new(Shape::List(items(schema, open))),
        Some("string") => Type::new(Shape::Scalar(text(schema))),
        Some("integer" | "number") => Type::new(Shape::Scalar(Scalar::Number)),
        Some("boolean") => Type::new(Shape::Scalar(Scalar::Boolean)),
        // A list type needs the type `array`: kube-apiserver refuses other definitions.
        _ => {
            let items = Items {
                relation: Relation::Atomic,
                ..items(schema, open)
            };
            Type::new(Shape::Any(fields(schema, false, open), items))
        }
    }
}

/// A text with any format but `byte` may be any scalar.
fn text(schema: &Value) -> Scalar {
    match schema["format"].as_str() {
        None | Some("" | "byte") => Scalar::String,
        Some(_) => Scalar::Any,
    }
}

/// An object; `rooted` ones have version, kind and metadata, so that they declare something in any case.
fn fields(schema: &Value, rooted: bool, open: bool) -> Fields {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let declared: BTreeMap<String, Type> = properties
        .map(|(name, property)| (name.clone(), part(property, open)))
        .collect();
    let other = match schema.get("additionalProperties") {
        Some(Value::Bool(true)) => Other::Deduced,
        Some(additional @ Value::Object(_)) => Other::Of(part(additional, open)),
        Some(Value::Bool(false)) => Other::Forbidden,
        _ if open || (declared.is_empty() && !rooted) => Other::Deduced,
        _ => Other::Forbidden,
    };
    Fields {
        declared,
        other,
        atomic: schema["x-kubernetes-map-type"] == "atomic",
    }
}

fn items(schema: &Value, open: bool) -> Items {
    let relation = match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => Relation::Set,
        Some("map") => Relation::Map(keys(schema)),
        _ => Relation::Atomic,
    };
    let of = schema.get("items").map(|item| part(item, open));
    Items { of, relation }
}

fn keys(schema: &Value) -> Vec<(String, Option<Value>)> {
    let names = schema["x-kubernetes-list-map-keys"]
        .as_array()
        .into_iter()
        .flatten();
    let default = |name: &str| schema["items"]["properties"][name].get("default").cloned();
    names
        .filter_map(Value::as_str)
        .map(|name| (name.to_owned(), default(name)))
        .collect()
}

fn preserves(schema: &Value) -> bool {
    flag(schema, "x-kubernetes-preserve-unknown-fields")
}

fn flag(schema: &Value, name: &str) -> bool {
    schema[name] == true
}
