//! ObjectMeta as plain JSON: readers, and the writers of the fields that the server sets.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::value;

/// Returns a string of the metadata, empty if there is none.
pub(crate) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}

pub(crate) fn name(object: &Value) -> &str {
    text(object, "name")
}

pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "namespace")
}

pub(crate) fn uid(object: &Value) -> &str {
    text(object, "uid")
}

/// Returns the revision that last changed the object.
pub(crate) fn revision(object: &Value) -> u64 {
    text(object, "resourceVersion").parse().unwrap_or_default()
}

pub(crate) fn generation(object: &Value) -> i64 {
    object["metadata"]["generation"]
        .as_i64()
        .unwrap_or_default()
}

/// Returns true if the object is marked for deletion.
pub(crate) fn deleting(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

pub(crate) fn finalizers(object: &Value) -> Vec<&str> {
    let listed = object["metadata"]["finalizers"].as_array();
    listed
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Changes the metadata, and creates it if the object has none.
fn change(object: &mut Value, run: impl FnOnce(&mut Map<String, Value>)) {
    if let Some(metadata) = value::entry(object, "metadata").and_then(value::map) {
        run(metadata);
    }
}

pub(crate) fn set(object: &mut Value, field: &str, value: impl Into<Value>) {
    change(object, |metadata| {
        metadata.insert(field.to_owned(), value.into());
    });
}

pub(crate) fn remove(object: &mut Value, field: &str) -> Option<Value> {
    object.get_mut("metadata")?.as_object_mut()?.remove(field)
}

pub(crate) fn set_resource_version(object: &mut Value, revision: u64) {
    set(object, "resourceVersion", revision.to_string());
}

/// Sets a field of the metadata to that of the old object, or removes it if the old object has none.
pub(crate) fn keep(object: &mut Value, old: &Value, field: &str) {
    match old["metadata"].get(field) {
        Some(value) => set(object, field, value.clone()),
        None => {
            remove(object, field);
        }
    }
}

/// Formats a time as Kubernetes does: in UTC, to the second.
pub(crate) fn time(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Drops the empty fields of the metadata that Go's omitempty does not write.
pub(crate) fn tidy(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    metadata.retain(|_, value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    });
}
