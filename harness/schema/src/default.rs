//! Defaults: drops nulls and sets default values (apiextensions-apiserver's `defaulting`).

use serde_json::{Map, Value};

use crate::node::Node;

/// Sets the defaults of a value. For a `resource`, the version, kind and metadata are skipped.
pub(crate) fn default(node: &Node, value: &mut Value, resource: bool) {
    match value {
        Value::Object(map) => fields(node, map, resource || node.embedded),
        Value::Array(list) => {
            if let Some(below) = &node.items {
                items(below, list);
            }
        }
        _ => {}
    }
}

fn fields(node: &Node, map: &mut Map<String, Value>, resource: bool) {
    let implicit = |name: &str| resource && matches!(name, "apiVersion" | "kind" | "metadata");
    map.retain(|name, value| {
        let stray = value.is_null()
            && node
                .field(name)
                .is_some_and(|below| !below.nullable && below.default.is_none());
        implicit(name) || !stray
    });
    for (name, below) in node.properties.iter().filter(|(name, _)| !implicit(name)) {
        if let Some(default) = &below.default {
            fill(below, map, name, default);
        }
    }
    for (name, value) in map.iter_mut().filter(|(name, _)| !implicit(name)) {
        if let Some(below) = node.field(name) {
            if let (true, false, Some(default)) = (value.is_null(), below.nullable, &below.default)
            {
                *value = default.clone();
            }
            self::default(below, value, false);
        }
    }
}

fn fill(node: &Node, map: &mut Map<String, Value>, name: &str, default: &Value) {
    let absent = match map.get(name) {
        None => true,
        Some(value) => value.is_null() && !node.nullable,
    };
    if absent {
        map.insert(name.to_owned(), default.clone());
    }
}

fn items(node: &Node, list: &mut [Value]) {
    for item in list {
        if let (true, false, Some(default)) = (item.is_null(), node.nullable, &node.default) {
            *item = default.clone();
        }
        default(node, item, false);
    }
}
