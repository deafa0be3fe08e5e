//! JSON merge patch (RFC 7386), as kube-apiserver's library does it.

use serde_json::{Map, Value};

/// Merges a patch into a value: null removes, maps merge, everything else replaces.
///
/// As on kube-apiserver, and unlike in the RFC, maps that come new within a list lose their null fields too,
/// but for those of a list that takes the place of a map.
///
/// ```
/// use crosscut_merge::merge_patch;
/// use serde_json::json;
///
/// let mut object = json!({"spec": {"size": 3, "colour": "blue"}});
/// merge_patch(&mut object, &json!({"spec": {"size": 4, "colour": null}}));
/// assert_eq!(object, json!({"spec": {"size": 4}}));
/// ```
pub fn merge_patch(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => merge_fields(target, patch),
        (target, patch) => *target = without_nulls(patch),
    }
}

fn merge_fields(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch.iter() {
        match (target.get_mut(name), value) {
            (_, Value::Null) => {
                target.remove(name);
            }
            (Some(Value::Object(fields)), Value::Object(value)) => merge_fields(fields, value),
            (Some(whole @ Value::Object(_)), value) => *whole = value.clone(),
            (_, value) => {
                target.insert(name.clone(), without_nulls(value));
            }
        }
    }
}

/// A value without fields that are null; null items of lists stay.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            fields
                .map(|(name, value)| (name.clone(), without_nulls(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
