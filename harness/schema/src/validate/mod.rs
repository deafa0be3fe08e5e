//! The validation of a value against a schema, with the texts of kube-openapi's validators.
//!
//! Values that have not changed since `old` are not validated again (ratcheting, kube-apiserver 1.33 and later).

mod bounds;
mod lists;
mod logic;
mod resource;
mod rules;

use serde_json::{Map, Value};

use crate::field_error::{FieldError, FieldErrorKind, NO_FIELD};
use crate::node::{Additional, ListKind, Node, Sort};
use crate::structural::Validation;

/// Returns all errors of an object, and the rules that were not evaluated.
pub(crate) fn validate(root: &Node, object: &Value, old: Option<&Value>) -> Validation {
    let mut errors = of_schema(root, object, old, "");
    let duplicates = lists::duplicates(root, object);
    let had_duplicates = old.is_some_and(|old| !lists::duplicates(root, old).is_empty());
    if !had_duplicates {
        errors.extend(duplicates);
    }
    errors.extend(resource::embedded(root, object));
    let mut found = Validation {
        errors,
        ..Validation::default()
    };
    if !root.has_rules {
        return found;
    }
    if found.errors.iter().any(hides_rules) {
        found.errors.push(FieldError::invalid(
            NO_FIELD,
            Value::Null,
            "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
        ));
    } else {
        rules::check(root, object, old, "", &mut found);
    }
    found
}

/// Returns true if rules are not evaluated because of an error: the value has a wrong type, is too large or incomplete.
fn hides_rules(error: &FieldError) -> bool {
    matches!(
        error.kind,
        FieldErrorKind::Required
            | FieldErrorKind::NotSupported
            | FieldErrorKind::TypeInvalid
            | FieldErrorKind::TooLong
            | FieldErrorKind::TooMany
    )
}

/// Returns the errors from the schema itself, without list types and rules.
pub(crate) fn of_schema(
    node: &Node,
    value: &Value,
    old: Option<&Value>,
    path: &str,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    walk(node, value, old, path, &mut errors);
    errors
}

fn walk(node: &Node, value: &Value, old: Option<&Value>, path: &str, errors: &mut Vec<FieldError>) {
    let unchanged = old == Some(value);
    if unchanged || (value.is_null() && node.nullable) {
        return;
    }
    errors.extend(wrong_type(node, value, path));
    bounds::check(node, value, path, errors);
    logic::check(&node.logic, value, path, errors);
    match value {
        Value::Object(map) => {
            required(node, map, path, errors);
            for (name, value) in map {
                if let Some(below) = node.field(name) {
                    let old = old.and_then(|old| old.get(name));
                    walk(below, value, old, &join(path, name), errors);
                }
            }
        }
        Value::Array(items) => {
            let Some(below) = &node.items else { return };
            for (index, item) in items.iter().enumerate() {
                let old = old.and_then(|old| counterpart(node, item, old));
                walk(below, item, old, &format!("{path}[{index}]"), errors);
            }
        }
        _ => {}
    }
}

fn required(node: &Node, map: &Map<String, Value>, path: &str, errors: &mut Vec<FieldError>) {
    let missing = node
        .bounds
        .required
        .iter()
        .filter(|name| !map.contains_key(*name));
    errors.extend(missing.map(|name| FieldError::required(join(path, name), "")));
}

fn wrong_type(node: &Node, value: &Value, path: &str) -> Option<FieldError> {
    let expected = if node.int_or_string {
        let fits = value.is_string() || fits(Sort::Integer, value);
        (!fits).then_some("integer,string")
    } else {
        let sort = node.sort.filter(|sort| !fits(*sort, value));
        sort.map(Sort::name)
    }?;
    let given = sort_of(value);
    let detail = format!("{path} in body must be of type {expected}: \"{given}\"");
    Some(FieldError::new(
        FieldErrorKind::TypeInvalid,
        path,
        given,
        detail,
    ))
}

fn fits(sort: Sort, value: &Value) -> bool {
    match sort {
        Sort::Object => value.is_object(),
        Sort::Array => value.is_array(),
        Sort::String => value.is_string(),
        Sort::Boolean => value.is_boolean(),
        Sort::Number => value.is_number(),
        Sort::Integer => match value.as_number() {
            Some(number) if number.is_f64() => {
                number.as_f64().is_some_and(|float| float.fract() == 0.0)
            }
            Some(_) => true,
            None => false,
        },
    }
}

/// Returns the OpenAPI type of a value.
pub(crate) fn sort_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Returns the same item in the old list. Only keyed lists identify items.
fn counterpart<'a>(node: &Node, item: &Value, old: &'a Value) -> Option<&'a Value> {
    let ListKind::Map(keys) = &node.list else {
        return None;
    };
    let same = |other: &&Value| keys.iter().all(|key| other.get(key) == item.get(key));
    old.as_array()?.iter().find(same)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Returns the nodes below a value's node with their values and steps, for the walks of rules and lists.
pub(super) fn below<'a>(node: &'a Node, value: &'a Value) -> Vec<(String, &'a Node, &'a Value)> {
    match value {
        Value::Object(map) => map
            .iter()
            .filter_map(|(name, value)| {
                let below = node.field(name)?;
                Some((step(node, name), below, value))
            })
            .collect(),
        Value::Array(items) => match &node.items {
            Some(below) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (format!("[{index}]"), &**below, item))
                .collect(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Returns the step to a field: declared fields have a dot, keys of maps have brackets.
fn step(node: &Node, name: &str) -> String {
    let of_map =
        !node.properties.contains_key(name) && matches!(node.additional, Additional::Schema(_));
    if of_map {
        format!("[{name}]")
    } else {
        format!(".{name}")
    }
}

/// Appends a step to a path. The first step has no dot.
pub(super) fn extend(path: &str, step: &str) -> String {
    if path.is_empty() {
        step.strip_prefix('.').unwrap_or(step).to_owned()
    } else {
        format!("{path}{step}")
    }
}
