//! Secrets inside other values, and the fields that must be masked.

use serde_json::{Map, Value};

/// The text that replaces a secret value.
pub const MASK: &str = "(masked)";

/// The annotation in which kubectl keeps a copy of the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The fields of a Secret with its values.
const FIELDS: [&str; 2] = ["data", "stringData"];

/// Returns true if a map is a Secret of Kubernetes, whatever value contains the map.
#[must_use]
pub fn is_secret(map: &Map<String, Value>) -> bool {
    let has = |key: &str, value: &str| map.get(key).and_then(Value::as_str) == Some(value);
    has("kind", "Secret") && has("apiVersion", "v1")
}

/// Returns true if a field of a Secret contains its values.
#[must_use]
pub fn is_secret_field(name: &str) -> bool {
    FIELDS.contains(&name)
}

/// Returns the value with all values of Secrets masked, at any depth: an Object's manifest may be a Secret, too.
/// Keys are kept.
#[must_use]
pub fn masked(value: &Value) -> Value {
    let mut masked = value.clone();
    mask(&mut masked);
    masked
}

fn mask(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(map) => {
            if is_secret(map) {
                mask_secret(map);
            }
            map.values_mut().for_each(mask);
        }
        _ => {}
    }
}

fn mask_secret(map: &mut Map<String, Value>) {
    for field in FIELDS {
        if let Some(values) = map.get_mut(field) {
            mask_all(values);
        }
    }
    let annotations = map
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("annotations"));
    if let Some(copy) = annotations.and_then(|annotations| annotations.get_mut(LAST_APPLIED)) {
        mask_all(copy);
    }
}

/// Masks every value below this one.
fn mask_all(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(mask_all),
        Value::Array(items) => items.iter_mut().for_each(mask_all),
        Value::Null => {}
        other => *other = Value::String(MASK.to_owned()),
    }
}

/// Calls `found` with every leaf of the `data` and `stringData` of each Secret inside `value`.
pub fn for_each_secret<'a>(value: &'a Value, found: &mut impl FnMut(&'a Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| for_each_secret(item, found)),
        Value::Object(map) => {
            if is_secret(map) {
                let fields = FIELDS.iter().filter_map(|field| map.get(*field));
                fields.for_each(|field| for_each_leaf(field, found));
            }
            map.values().for_each(|item| for_each_secret(item, found));
        }
        _ => {}
    }
}

fn for_each_leaf<'a>(value: &'a Value, found: &mut impl FnMut(&'a Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| for_each_leaf(item, found)),
        Value::Object(map) => map.values().for_each(|item| for_each_leaf(item, found)),
        leaf => found(leaf),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_values_of_secrets_are_masked_at_any_depth() {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "s", "annotations": {LAST_APPLIED: "{\"data\":{\"a\":\"aHVudGVyMg==\"}}"}},
            "data": {"a": "aHVudGVyMg=="}, "stringData": {"b": "hunter2"}, "type": "Opaque",
        });
        let object = json!({"kind": "Object", "spec": {"manifests": [secret]}});
        assert_eq!(
            masked(&object),
            json!({"kind": "Object", "spec": {"manifests": [{
                "apiVersion": "v1", "kind": "Secret",
                "metadata": {"name": "s", "annotations": {LAST_APPLIED: MASK}},
                "data": {"a": MASK}, "stringData": {"b": MASK}, "type": "Opaque",
            }]}})
        );
        let mut values = Vec::new();
        for_each_secret(&object, &mut |value| values.push(value.clone()));
        assert_eq!(values, [json!("aHVudGVyMg=="), json!("hunter2")]);
    }

    #[test]
    fn other_kinds_stay_as_they_are() {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}});
        assert_eq!(masked(&object), object);
        let object = json!({"apiVersion": "example.org/v1", "kind": "Secret", "data": {"a": "b"}});
        assert_eq!(masked(&object), object);
    }
}
