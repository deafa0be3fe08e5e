//! What every embedded resource must have.

use serde_json::Value;

use super::{below, extend};
use crate::field_error::FieldError;
use crate::node::Node;

/// Errors for embedded resources without version or kind.
pub(super) fn embedded(root: &Node, value: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    walk(root, value, "", &mut errors);
    errors
}

fn walk(node: &Node, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if node.embedded && value.is_object() {
        for field in ["apiVersion", "kind"] {
            if value[field].as_str().unwrap_or_default().is_empty() {
                errors.push(FieldError::required(
                    format!("{path}.{field}"),
                    "must not be empty",
                ));
            }
        }
    }
    for (step, node, value) in below(node, value) {
        walk(node, value, &extend(path, &step), errors);
    }
}
