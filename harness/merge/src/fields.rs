//! The fields that a configuration names, and whether its type declares them.

use serde_json::{Map, Value};

use crate::element::Element;
use crate::field_set::FieldSet;
use crate::types::{Relation, Scalar, Shape, Type};

/// The fields that a value names.
pub(crate) fn fields_of(value: &Value, kind: &Type) -> FieldSet {
    let mut set = FieldSet::default();
    walk(value, kind, &mut Vec::new(), &mut set);
    set
}

fn walk(value: &Value, kind: &Type, path: &mut Vec<Element>, set: &mut FieldSet) {
    match (value, &*kind.0) {
        (Value::Object(map), Shape::Map { atomic: false, .. } | Shape::Deduced) => {
            walk_map(map, kind, path, set);
        }
        (Value::Array(items), Shape::List { relation, .. })
            if !matches!(relation, Relation::Atomic) =>
        {
            walk_list(items, kind, relation, path, set);
        }
        _ => set.insert(path),
    }
}

fn walk_map(map: &Map<String, Value>, kind: &Type, path: &mut Vec<Element>, set: &mut FieldSet) {
    for (name, value) in map {
        path.push(Element::field(name));
        walk(
            value,
            &kind.field(name).unwrap_or_else(Type::deduced),
            path,
            set,
        );
        let empty = value.as_object().is_some_and(Map::is_empty);
        if empty || value.is_null() || !kind.declares(name) {
            set.insert(path);
        }
        path.pop();
    }
}

fn walk_list(
    items: &[Value],
    kind: &Type,
    relation: &Relation,
    path: &mut Vec<Element>,
    set: &mut FieldSet,
) {
    for (index, item) in items.iter().enumerate() {
        let element = item_element(relation, index, item);
        let below = kind.below(&element);
        path.push(element);
        if item.is_object() {
            walk(item, &below, path, set);
        }
        set.insert(path);
        path.pop();
    }
}

/// The step that leads to a list item.
pub(crate) fn item_element(relation: &Relation, index: usize, item: &Value) -> Element {
    match relation {
        Relation::Atomic => Element::Index(u64::try_from(index).unwrap_or(u64::MAX)),
        Relation::Set => Element::value(item),
        Relation::Map { keys } => {
            let pairs = keys.iter().filter_map(|(name, default)| {
                let value = item.get(name).or(default.as_ref())?;
                Some((name.clone(), value.clone()))
            });
            Element::key(pairs.collect())
        }
    }
}

/// What keeps a configuration from having its type, in structured-merge-diff's words.
pub(crate) fn mistakes(value: &Value, kind: &Type) -> Vec<String> {
    let mut found = Vec::new();
    check(value, kind, &mut String::new(), &mut found);
    found
}

fn check(value: &Value, kind: &Type, path: &mut String, found: &mut Vec<String>) {
    match (value, &*kind.0) {
        (Value::Null, _) | (_, Shape::Deduced) => {}
        (Value::Object(map), Shape::Map { .. }) => check_map(map, kind, path, found),
        (_, Shape::Map { .. }) => found.push(format!("{path}: expected map, got {}", shown(value))),
        (Value::Array(items), Shape::List { relation, .. }) => {
            check_list(items, kind, relation, path, found);
        }
        (_, Shape::List { .. }) => {
            found.push(format!("{path}: expected list, got {}", shown(value)));
        }
        (value, Shape::Scalar(scalar)) => {
            if let Some(expected) = wrong_scalar(*scalar, value) {
                found.push(format!("{path}: expected {expected}, got {}", shown(value)));
            }
        }
    }
}

fn check_map(map: &Map<String, Value>, kind: &Type, path: &mut String, found: &mut Vec<String>) {
    for (name, value) in map {
        let length = path.len();
        path.push_str(&Element::field(name).to_string());
        match kind.field(name) {
            Some(below) => check(value, &below, path, found),
            None => found.push(format!("{path}: field not declared in schema")),
        }
        path.truncate(length);
    }
}

fn check_list(
    items: &[Value],
    kind: &Type,
    relation: &Relation,
    path: &mut String,
    found: &mut Vec<String>,
) {
    let mut seen = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let length = path.len();
        let element = item_element(relation, index, item);
        if let Relation::Map { keys } = relation
            && let Some((key, _)) = keys
                .iter()
                .find(|(key, default)| item.get(key).or(default.as_ref()).is_none())
        {
            found.push(format!(
                "{path}: element {index}: associative list with keys has an element that omits key field \"{key}\" (and doesn't have default value)"
            ));
        } else if seen.contains(&element) {
            found.push(format!("{path}: duplicate entries for key {element}"));
        }
        path.push_str(&element.to_string());
        check(item, &kind.below(&element), path, found);
        path.truncate(length);
        seen.push(element);
    }
}

fn wrong_scalar(scalar: Scalar, value: &Value) -> Option<&'static str> {
    let (fits, name) = match scalar {
        Scalar::Any => (!value.is_object() && !value.is_array(), "scalar"),
        Scalar::String => (value.is_string(), "string"),
        Scalar::Number => (value.is_number(), "numeric (int or float)"),
        Scalar::Boolean => (value.is_boolean(), "boolean"),
    };
    (!fits).then_some(name)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "map".to_owned(),
        Value::Array(_) => "list".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(number) if number.is_f64() => "float".to_owned(),
        Value::Number(_) => "int".to_owned(),
        Value::Null => "null".to_owned(),
    }
}
