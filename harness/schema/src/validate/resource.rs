//! The version and kind of embedded resources (apiextensions-apiserver's `objectmeta`). Their metadata is not
//! validated.

use serde_json::{Map, Value};

use super::{below, extend};
use crate::crd::names::label_mistakes;
use crate::field_error::FieldError;
use crate::node::Node;

/// Returns the errors of embedded resources whose version or kind is missing or invalid.
pub(super) fn embedded(root: &Node, value: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    walk(root, value, "", &mut errors);
    errors
}

fn walk(node: &Node, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if let (true, Value::Object(fields)) = (node.embedded, value) {
        errors.extend(text(fields, "apiVersion", path, version_mistake));
        errors.extend(text(fields, "kind", path, kind_mistake));
    }
    for (step, node, value) in below(node, value) {
        walk(node, value, &extend(path, &step), errors);
    }
}

fn text(
    fields: &Map<String, Value>,
    name: &str,
    path: &str,
    mistake: fn(&str) -> Option<String>,
) -> Option<FieldError> {
    let field = extend(path, &format!(".{name}"));
    let invalid = |given: &Value, detail: String| {
        Some(FieldError::invalid(field.clone(), given.clone(), detail))
    };
    match fields.get(name) {
        None => Some(FieldError::required(field, "")),
        Some(given @ Value::String(text)) if text.is_empty() => {
            invalid(given, "must not be empty".to_owned())
        }
        Some(given @ Value::String(text)) => invalid(given, mistake(text)?),
        Some(given) => invalid(given, "must be a string".to_owned()),
    }
}

fn version_mistake(version: &str) -> Option<String> {
    let slashes = version.matches('/').count();
    (slashes > 1).then(|| format!("unexpected GroupVersion string: {version}"))
}

fn kind_mistake(kind: &str) -> Option<String> {
    let mistakes = label_mistakes(&kind.to_lowercase());
    let why = mistakes.join(",");
    (!mistakes.is_empty())
        .then(|| format!("may have mixed case, but should otherwise match: {why}"))
}
