//! Items of sets and keyed lists must differ (apiextensions-apiserver's `listtype`).

use serde_json::{Map, Value};

use super::{below, extend};
use crate::field_error::{FieldError, FieldErrorKind};
use crate::node::{ListKind, Node};

/// An error for each item that is there already.
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
    let identity = |item: &Value| match list {
        ListKind::Atomic => None,
        ListKind::Set => Some(item.clone()),
        ListKind::Map(keys) => {
            let pairs = keys
                .iter()
                .filter_map(|key| Some((key.clone(), item.get(key)?.clone())));
            Some(Value::Object(pairs.collect::<Map<_, _>>()))
        }
    };
    let mut seen = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(identity) = identity(item) else {
            return;
        };
        if seen.contains(&identity) {
            let field = format!("{path}[{index}]");
            errors.push(FieldError::new(
                FieldErrorKind::Duplicate,
                field,
                identity,
                "",
            ));
        } else {
            seen.push(identity);
        }
    }
}
