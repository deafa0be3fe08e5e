//! Writers for JSON of any shape. They never panic, and leave values that are no maps unchanged.

use serde_json::{Map, Value};

/// Sets a field; null becomes a map first.
pub(crate) fn put(value: &mut Value, field: &str, new: impl Into<Value>) {
    if let Some(map) = map(value) {
        map.insert(field.to_owned(), new.into());
    }
}

/// Returns the value as a map; null becomes an empty map.
pub(crate) fn map(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

/// Returns the field of a map, and sets it to null first if it is absent.
pub(crate) fn entry<'a>(value: &'a mut Value, field: &str) -> Option<&'a mut Value> {
    Some(map(value)?.entry(field).or_insert(Value::Null))
}
