//! The uniqueness of items in sets and keyed lists (apiextensions-apiserver's `listtype`).

use serde_json::{Map, Value};

use super::{below, extend};
use crate::field_error::{FieldError, FieldErrorKind};
use crate::node::{ListKind, Node};

/// Returns one error for each repeated value, and one for the first item of a keyed list that is no object.
pub(super) fn duplicates(root: &Node, value: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    walk(root, value, "", &mut errors);
    errors
}

fn walk(node: &Node, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if let Value::Array(items) = value {
        repeated(&node.list, items, path, errors);
    }
    for (step, node, value) in below(node, value) {
        walk(node, value, &extend(path, &step), errors);
    }
}

fn repeated(list: &ListKind, items: &[Value], path: &str, errors: &mut Vec<FieldError>) {
    let mut found: Vec<(Value, usize)> = Vec::new();
    if let Some(stray) = stray(list, items) {
        let field = format!("{path}[{stray}]");
        let detail = "must be an object for an array of list-type map";
        errors.push(FieldError::invalid(field, items[stray].clone(), detail));
        return;
    }
    for (index, item) in items.iter().enumerate() {
        let Some(identity) = identity(list, item) else {
            return;
        };
        match found.iter_mut().find(|(known, _)| *known == identity) {
            None => found.push((identity, 1)),
            Some((_, times)) => {
                *times += 1;
                if *times == 2 {
                    let field = format!("{path}[{index}]");
                    errors.push(FieldError::new(
                        FieldErrorKind::Duplicate,
                        field,
                        identity,
                        "",
                    ));
                }
            }
        }
    }
}

/// Returns the index of the first item of a keyed list that is neither null nor an object.
fn stray(list: &ListKind, items: &[Value]) -> Option<usize> {
    let keyed = matches!(list, ListKind::Map(_));
    let stray = |item: &Value| keyed && !item.is_null() && !item.is_object();
    items.iter().position(stray)
}

/// Returns the identity of an item in its list, or `None` for lists that may repeat items.
fn identity(list: &ListKind, item: &Value) -> Option<Value> {
    match list {
        ListKind::Atomic => None,
        ListKind::Set => Some(item.clone()),
        ListKind::Map(keys) => {
            let pairs = keys
                .iter()
                .filter_map(|key| Some((key.clone(), item.get(key)?.clone())));
            Some(Value::Object(pairs.collect::<Map<_, _>>()))
        }
    }
}
