//! Writing into JSON that may have any shape: nothing here panics, and what is not a map is left as it is.

use serde_json::{Map, Value};

/// Sets a field; null becomes a map first.
pub(crate) fn put(value: &mut Value, field: &str, new: impl Into<Value>) {
    if let Some(map) = map(value) {
        map.insert(field.to_owned(), new.into());
    }
}

/// The value as a map; null becomes one.
pub(crate) fn map(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

/// The field of a map, which becomes null where it is absent.
pub(crate) fn entry<'a>(value: &'a mut Value, field: &str) -> Option<&'a mut Value> {
    Some(map(value)?.entry(field).or_insert(Value::Null))
}
