//! The fields of ObjectMeta and their types, to check a request's metadata.

use serde_json::{Map, Value};

/// The type of a field of ObjectMeta or of an item in its lists.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Integer,
    Boolean,
    Texts,
    TextMap,
    Owners,
    Managers,
    /// A map with any content.
    Free,
}

const FIELDS: &[(&str, Kind)] = &[
    ("annotations", Kind::TextMap),
    ("creationTimestamp", Kind::Text),
    ("deletionGracePeriodSeconds", Kind::Integer),
    ("deletionTimestamp", Kind::Text),
    ("finalizers", Kind::Texts),
    ("generateName", Kind::Text),
    ("generation", Kind::Integer),
    ("labels", Kind::TextMap),
    ("managedFields", Kind::Managers),
    ("name", Kind::Text),
    ("namespace", Kind::Text),
    ("ownerReferences", Kind::Owners),
    ("resourceVersion", Kind::Text),
    ("selfLink", Kind::Text),
    ("uid", Kind::Text),
];

const OWNER: &[(&str, Kind)] = &[
    ("apiVersion", Kind::Text),
    ("blockOwnerDeletion", Kind::Boolean),
    ("controller", Kind::Boolean),
    ("kind", Kind::Text),
    ("name", Kind::Text),
    ("uid", Kind::Text),
];

const MANAGER: &[(&str, Kind)] = &[
    ("apiVersion", Kind::Text),
    ("fieldsType", Kind::Text),
    ("fieldsV1", Kind::Free),
    ("manager", Kind::Text),
    ("operation", Kind::Text),
    ("subresource", Kind::Text),
    ("time", Kind::Text),
];

/// A value of the wrong type, with the message of Go's decoder.
#[derive(Debug, PartialEq)]
pub(crate) struct WrongType {
    /// The Go type and field, such as `ObjectMeta.name`.
    place: String,
    found: &'static str,
    expected: &'static str,
}

impl std::fmt::Display for WrongType {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (found, place, expected) = (self.found, &self.place, self.expected);
        write!(
            to,
            "json: cannot unmarshal {found} into Go struct field {place} of type {expected}"
        )
    }
}

/// Drops nulls and the fields that ObjectMeta does not have. Returns the dropped fields, as `metadata.x`.
pub(crate) fn coerce(object: &mut Value) -> Result<Vec<String>, WrongType> {
    let mut unknown = Vec::new();
    match object.get_mut("metadata") {
        Some(Value::Object(metadata)) => {
            fields("ObjectMeta", metadata, FIELDS, "metadata", &mut unknown)?;
        }
        Some(Value::Null) | None => object["metadata"] = Value::Object(Map::new()),
        Some(other) => return Err(wrong("ObjectMeta", "metadata", other, "v1.ObjectMeta")),
    }
    Ok(unknown)
}

fn fields(
    owner: &str,
    map: &mut Map<String, Value>,
    known: &[(&str, Kind)],
    path: &str,
    unknown: &mut Vec<String>,
) -> Result<(), WrongType> {
    let mut failure = Ok(());
    map.retain(|name, value| {
        let Some((_, kind)) = known.iter().find(|(known, _)| known == name) else {
            unknown.push(format!("{path}.{name}"));
            return false;
        };
        if value.is_null() {
            return false;
        }
        if let Err(wrong) = check(owner, name, value, *kind, path, unknown) {
            failure = Err(wrong);
        }
        true
    });
    failure
}

fn check(
    owner: &str,
    name: &str,
    value: &mut Value,
    kind: Kind,
    path: &str,
    unknown: &mut Vec<String>,
) -> Result<(), WrongType> {
    match (kind, &mut *value) {
        (Kind::Text, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Free, Value::Object(_)) => Ok(()),
        (Kind::Integer, Value::Number(number)) if number.is_i64() => Ok(()),
        (Kind::Texts, Value::Array(items)) => texts(owner, name, items.iter()),
        (Kind::TextMap, Value::Object(map)) => texts(owner, name, map.values()),
        (Kind::Owners, Value::Array(items)) => {
            list("OwnerReference", items, OWNER, (path, name), unknown)
        }
        (Kind::Managers, Value::Array(items)) => {
            list("ManagedFieldsEntry", items, MANAGER, (path, name), unknown)
        }
        _ => Err(wrong(owner, name, value, expected(kind))),
    }
}

fn texts<'a>(
    owner: &str,
    name: &str,
    mut items: impl Iterator<Item = &'a Value>,
) -> Result<(), WrongType> {
    match items.find(|item| !item.is_string()) {
        Some(item) => Err(wrong(owner, name, item, "string")),
        None => Ok(()),
    }
}

fn list(
    owner: &str,
    items: &mut [Value],
    known: &[(&str, Kind)],
    (path, name): (&str, &str),
    unknown: &mut Vec<String>,
) -> Result<(), WrongType> {
    for (index, item) in items.iter_mut().enumerate() {
        let Value::Object(map) = item else {
            return Err(wrong("ObjectMeta", name, item, "v1.OwnerReference"));
        };
        let path = format!("{path}.{name}[{index}]");
        fields(owner, map, known, &path, unknown)?;
    }
    Ok(())
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "string",
        Kind::Integer => "int64",
        Kind::Boolean => "bool",
        Kind::Texts => "[]string",
        Kind::TextMap => "map[string]string",
        Kind::Owners => "[]v1.OwnerReference",
        Kind::Managers => "[]v1.ManagedFieldsEntry",
        Kind::Free => "v1.FieldsV1",
    }
}

fn wrong(owner: &str, name: &str, value: &Value, expected: &'static str) -> WrongType {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    WrongType {
        place: format!("{owner}.{name}"),
        found,
        expected,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::coerce;

    #[test]
    fn unknown_fields_and_nulls_are_dropped() {
        let mut object = json!({"metadata": {
            "name": "x", "foo": 1, "labels": null, "ownerReferences": [{"name": "y", "bar": 2}],
        }});
        let unknown = coerce(&mut object).unwrap();
        assert_eq!(unknown, ["metadata.foo", "metadata.ownerReferences[0].bar"]);
        assert_eq!(
            object,
            json!({"metadata": {"name": "x", "ownerReferences": [{"name": "y"}]}})
        );
    }

    // Source: a response of kube-apiserver 1.34.
    #[test]
    fn wrong_types_are_told_as_go_does() {
        let wrong = coerce(&mut json!({"metadata": {"name": 1}})).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "json: cannot unmarshal number into Go struct field ObjectMeta.name of type string"
        );
    }
}
