//! The rules of the built-in kinds beyond the general ones: defaults, fields that the server sets, and validation.
//!
//! Source: the responses of kube-apiserver 1.34, for the kinds in [`crate::builtin`] only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosscut_schema::FieldError;
use serde_json::{Map, Value, json};

use crate::served::Builtin;
use crate::{fields, meta, value};

/// The label that every namespace has.
const NAMESPACE_LABEL: &str = "kubernetes.io/metadata.name";

/// Brings an object that was just parsed into the form in which its kind is stored, defaults included.
pub(crate) fn decode(builtin: &Builtin, object: &mut Value) -> Result<(), String> {
    match builtin.kind {
        "Secret" => secret(object),
        "CustomResourceDefinition" => {
            crosscut_schema::crd::default(object);
            Ok(())
        }
        "Event" if builtin.group.is_empty() => {
            let empty = [
                ("source", json!({})),
                ("reportingComponent", json!("")),
                ("reportingInstance", json!("")),
            ];
            fill(object, empty);
            nulls(object, &["firstTimestamp", "lastTimestamp", "eventTime"]);
            Ok(())
        }
        "Event" => {
            fill(object, [("deprecatedSource", json!({}))]);
            let times = [
                "deprecatedFirstTimestamp",
                "deprecatedLastTimestamp",
                "eventTime",
            ];
            nulls(object, &times);
            Ok(())
        }
        "Service" => {
            service(object);
            Ok(())
        }
        "ClusterRole" | "Role" => {
            nulls(object, &["rules"]);
            Ok(())
        }
        "ClusterRoleBinding" | "RoleBinding" => {
            role_binding(object);
            Ok(())
        }
        "Lease" => {
            fill(object, [("spec", json!({}))]);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Sets the fields that the server sets in a new object.
pub(crate) fn prepare_create(builtin: &Builtin, object: &mut Value) {
    match builtin.kind {
        "Namespace" => {
            value::put(object, "status", json!({ "phase": "Active" }));
            namespace_finalizer(object);
            label_namespace(object);
        }
        "Service" => value::put(object, "status", json!({ "loadBalancer": {} })),
        "CustomResourceDefinition" => {
            let versions = object["spec"]["versions"].as_array().into_iter().flatten();
            let stored: Vec<&Value> = versions
                .filter(|version| version["storage"] == true)
                .map(|version| &version["name"])
                .collect();
            let status = json!({
                "conditions": null,
                "acceptedNames": { "plural": "", "kind": "" },
                "storedVersions": stored,
            });
            value::put(object, "status", status);
        }
        _ => {}
    }
}

/// Sets the label that every namespace has.
pub(crate) fn label(builtin: &Builtin, object: &mut Value) {
    if builtin.kind == "Namespace" {
        label_namespace(object);
    }
}

/// Sets or restores the fields that the server controls in a changed object. `subresource` is the one that is written.
pub(crate) fn prepare_update(
    builtin: &Builtin,
    object: &mut Value,
    old: &Value,
    subresource: Option<&str>,
) {
    if builtin.kind != "Namespace" {
        return;
    }
    // A namespace's finalizers are changed by /finalize alone.
    if subresource != Some("finalize") {
        value::put(object, "spec", old["spec"].clone());
    }
    label_namespace(object);
}

/// Returns the errors of an object outside its metadata.
pub(crate) fn validate(
    builtin: &Builtin,
    object: &Value,
    old: Option<&Value>,
    subresource: Option<&str>,
) -> Vec<FieldError> {
    match (builtin.kind, old) {
        // Controllers write the status of a definition; the server does not validate it.
        ("CustomResourceDefinition", _) if subresource.is_some() => Vec::new(),
        ("CustomResourceDefinition", None) => crosscut_schema::crd::validate_create(object),
        ("CustomResourceDefinition", Some(old)) => {
            crosscut_schema::crd::validate_update(object, old)
        }
        ("ConfigMap" | "Secret", _) => data(object, old),
        _ => Vec::new(),
    }
}

/// Moves `stringData` into `data`, whose values must be base64. Sets the type Opaque if there is none.
fn secret(object: &mut Value) -> Result<(), String> {
    let plain = object
        .as_object_mut()
        .and_then(|fields| fields.remove("stringData"));
    if let Some(Value::Object(data)) = object.get("data") {
        for value in data.values().filter_map(Value::as_str) {
            STANDARD
                .decode(value)
                .map_err(|error| base64_text(&error))?;
        }
    }
    for (key, value) in plain
        .as_ref()
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let text = STANDARD.encode(value.as_str().unwrap_or_default());
        if let Some(data) = value::entry(object, "data") {
            value::put(data, key, text);
        }
    }
    fill(object, [("type", json!("Opaque"))]);
    Ok(())
}

/// Returns the message of Go's decoder for invalid base64.
fn base64_text(error: &base64::DecodeError) -> String {
    let at = match error {
        base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _) => {
            *at
        }
        base64::DecodeError::InvalidLength(length) => *length,
        base64::DecodeError::InvalidPadding => 0,
    };
    format!("illegal base64 data at input byte {at}")
}

fn service(object: &mut Value) {
    let Some(spec) = value::entry(object, "spec") else {
        return;
    };
    fill(
        spec,
        [
            ("type", json!("ClusterIP")),
            ("sessionAffinity", json!("None")),
        ],
    );
    if spec["type"] != "ExternalName" {
        fill(spec, [("internalTrafficPolicy", json!("Cluster"))]);
    }
    for port in items(spec, "ports") {
        let number = port["port"].clone();
        fill(port, [("protocol", json!("TCP")), ("targetPort", number)]);
    }
}

fn role_binding(object: &mut Value) {
    let role_group = "rbac.authorization.k8s.io";
    if let Some(role) = object.get_mut("roleRef") {
        fill(role, [("apiGroup", json!(role_group))]);
    }
    for subject in items(object, "subjects") {
        if matches!(subject["kind"].as_str(), Some("User" | "Group")) {
            fill(subject, [("apiGroup", json!(role_group))]);
        }
    }
}

fn items<'a>(object: &'a mut Value, field: &str) -> impl Iterator<Item = &'a mut Value> {
    let list = object.get_mut(field).and_then(Value::as_array_mut);
    list.into_iter().flatten()
}

fn namespace_finalizer(object: &mut Value) {
    let Some(finalizers) =
        value::entry(object, "spec").and_then(|spec| value::entry(spec, "finalizers"))
    else {
        return;
    };
    match finalizers.as_array_mut() {
        Some(given) if given.iter().any(|one| one == "kubernetes") => {}
        Some(given) => given.push(json!("kubernetes")),
        None => *finalizers = json!(["kubernetes"]),
    }
}

fn label_namespace(object: &mut Value) {
    let name = meta::name(object).to_owned();
    if name.is_empty() {
        return;
    }
    let mut labels = object["metadata"]["labels"]
        .as_object()
        .cloned()
        .unwrap_or_else(Map::new);
    labels.insert(NAMESPACE_LABEL.to_owned(), name.into());
    meta::set(object, "labels", labels);
}

/// Returns the errors of a ConfigMap's or a Secret's data. Keys must be file names; immutable data must not change.
fn data(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in ["data", "binaryData"] {
        let keys = object[field].as_object().into_iter().flatten();
        for (key, _) in keys {
            if let Some(why) = config_key(key) {
                errors.push(fields::invalid(
                    &format!("{field}[{key}]"),
                    key.as_str(),
                    why,
                ));
            }
        }
    }
    let Some(old) = old else { return errors };
    if object["type"] != old["type"] {
        let given = object["type"].clone();
        errors.push(fields::invalid("type", given, "field is immutable"));
    }
    if old["immutable"] == true {
        let frozen = "field is immutable when `immutable` is set";
        for field in ["immutable", "data", "binaryData"] {
            if object[field] != old[field] {
                errors.push(fields::forbidden(field, frozen));
            }
        }
    }
    errors
}

fn config_key(key: &str) -> Option<&'static str> {
    let good = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if key == "." || key == ".." {
        return Some("must not be '.' or '..'");
    }
    if key.is_empty() || !key.chars().all(good) {
        return Some(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        );
    }
    None
}

/// Sets each field that is absent or null.
fn fill<const N: usize>(object: &mut Value, defaults: [(&str, Value); N]) {
    for (field, value) in defaults {
        if object[field].is_null() {
            value::put(object, field, value);
        }
    }
}

/// Sets absent fields to null, as Go writes them.
fn nulls(object: &mut Value, names: &[&str]) {
    for name in names {
        value::entry(object, name);
    }
}
