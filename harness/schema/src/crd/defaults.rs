//! The defaults of a definition.

use serde_json::{Value, json};

/// Sets the defaults of the singular name, the list kind, the conversion and the status.
pub fn default(definition: &mut Value) {
    let Some(spec) = definition.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    if !spec.get("conversion").is_some_and(Value::is_object) {
        spec.insert("conversion".to_owned(), json!({ "strategy": "None" }));
    }
    // kube-apiserver omits the field if it is false.
    if spec.get("preserveUnknownFields") == Some(&Value::Bool(false)) {
        spec.remove("preserveUnknownFields");
    }
    let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) else {
        return;
    };
    let kind = names
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if kind.is_empty() {
        return;
    }
    for (field, value) in [
        ("singular", kind.to_lowercase()),
        ("listKind", format!("{kind}List")),
    ] {
        if names
            .get(field)
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
        {
            names.insert(field.to_owned(), Value::String(value));
        }
    }
}
