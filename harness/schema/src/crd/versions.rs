//! The versions of a definition and their schemas.

use serde_json::{Value, json};

use super::names::{is_label, label_text};
use crate::field_error::FieldError;
use crate::structure::{SHARED_SCHEMA, check as check_schema};

const STORAGE: &str = "must have exactly one version marked as storage version";

pub(super) fn check(definition: &Value) -> Vec<FieldError> {
    let versions = list(definition);
    let mut errors = Vec::new();
    for (index, version) in versions.iter().enumerate() {
        let name = version["name"].as_str().unwrap_or_default();
        if !is_label(name) {
            errors.push(FieldError::invalid(
                format!("spec.versions[{index}].name"),
                name,
                label_text(),
            ));
            if index == 0 {
                errors.push(FieldError::invalid("spec.version", name, label_text()));
            }
        }
    }
    errors.extend(unique(versions));
    errors.extend(storage(versions));
    errors.extend(schemas(versions));
    errors
}

fn list(definition: &Value) -> &[Value] {
    definition["spec"]["versions"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn unique(versions: &[Value]) -> Option<FieldError> {
    let repeated = versions.iter().enumerate().any(|(index, version)| {
        versions[..index]
            .iter()
            .any(|other| other["name"] == version["name"])
    });
    repeated.then(|| about(versions, "must contain unique version names"))
}

fn storage(versions: &[Value]) -> Vec<FieldError> {
    let stored: Vec<&Value> = versions
        .iter()
        .filter(|version| version["storage"] == true)
        .collect();
    let field = "status.storedVersions";
    match stored[..] {
        [_] => Vec::new(),
        [] => vec![
            about(versions, STORAGE),
            FieldError::invalid(field, Value::Null, "must have at least one stored version"),
        ],
        [first, .., last] => {
            let name = last["name"].as_str().unwrap_or_default();
            vec![
                about(versions, STORAGE),
                FieldError::invalid(
                    field,
                    json!([first["name"]]),
                    format!("must have the storage version {name}"),
                ),
            ]
        }
    }
}

/// Returns an error that shows the versions as kube-apiserver prints its internal form of them, in this order.
fn about(versions: &[Value], detail: &str) -> FieldError {
    let one = |version: &Value| {
        let flag = |name: &str| version[name] == true;
        format!(
            "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\"Schema\":null,\"Subresources\":{},\"AdditionalPrinterColumns\":{},\"SelectableFields\":{}}}",
            version["name"],
            flag("served"),
            flag("storage"),
            flag("deprecated"),
            version["deprecationWarning"],
            version["subresources"],
            version["additionalPrinterColumns"],
            version["selectableFields"],
        )
    };
    let shown: Vec<String> = versions.iter().map(one).collect();
    FieldError {
        value: None,
        ..FieldError::invalid(
            "spec.versions",
            Value::Null,
            format!("[{}]: {detail}", shown.join(",")),
        )
    }
}

/// Checks the schemas. A schema that all versions share is checked once.
fn schemas(versions: &[Value]) -> Vec<FieldError> {
    let schema = |version: &Value| version["schema"]["openAPIV3Schema"].clone();
    let shared = versions
        .first()
        .map(schema)
        .filter(|first| versions.iter().all(|version| schema(version) == *first));
    match shared {
        Some(shared) if shared.is_object() => check_schema(&shared, SHARED_SCHEMA),
        _ => versions
            .iter()
            .enumerate()
            .flat_map(|(index, version)| {
                let path = format!("spec.versions[{index}].schema.openAPIV3Schema");
                match schema(version) {
                    schema @ Value::Object(_) => check_schema(&schema, &path),
                    _ => vec![FieldError::required(path, "")],
                }
            })
            .collect(),
    }
}

/// Returns an error for each stored version that is missing in the definition.
pub(super) fn stored(definition: &Value) -> Vec<FieldError> {
    let stored = definition["status"]["storedVersions"]
        .as_array()
        .into_iter()
        .flatten();
    let mut errors = Vec::new();
    for (index, name) in stored.filter_map(Value::as_str).enumerate() {
        if !list(definition)
            .iter()
            .any(|version| version["name"] == name)
        {
            errors.push(FieldError::invalid(
                format!("status.storedVersions[{index}]"),
                name,
                format!("missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"),
            ));
        }
    }
    errors
}
