//! The validation of an object's metadata, with the texts of kube-apiserver 1.34.

use crosscut_schema::{FieldError, FieldErrorKind};
use serde_json::Value;

use crate::served::NameRule;
use crate::served::Served;
use crate::{fields, meta, names};

/// The maximum size of all annotations of an object, in bytes.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// The finalizers that are valid without a domain.
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

fn rule(served: &Served) -> NameRule {
    served
        .built_in()
        .map_or(NameRule::Subdomain, |builtin| builtin.names)
}

/// Returns the errors of a new object's metadata.
pub(crate) fn validate(served: &Served, object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let generate = meta::text(object, "generateName");
    if !generate.is_empty() {
        // The generated suffix follows, so that the last character may be a dash.
        let masked = mask_trailing_dash(generate);
        let problems = names::object(rule(served), &masked);
        errors.extend(invalid("metadata.generateName", generate, problems));
    }
    let name = meta::name(object);
    if name.is_empty() {
        errors.push(fields::required(
            "metadata.name",
            "name or generateName is required",
        ));
    } else {
        let problems = names::object(rule(served), name);
        errors.extend(invalid("metadata.name", name, problems));
    }
    if served.resource.namespaced {
        let namespace = meta::namespace(object);
        let problems = names::label(namespace);
        errors.extend(invalid("metadata.namespace", namespace, problems));
    }
    errors.extend(contents(object));
    errors
}

/// Returns the errors of a changed object's metadata.
pub(crate) fn validate_update(object: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    errors.extend(new_finalizers(object, old));
    for field in ["name", "namespace", "uid", "creationTimestamp"] {
        let (new, was) = (&object["metadata"][field], &old["metadata"][field]);
        if new != was {
            let path = format!("metadata.{field}");
            errors.push(fields::invalid(&path, new.clone(), "field is immutable"));
        }
    }
    errors.extend(contents(object));
    errors
}

/// Replaces a dash at the end, which is valid only if a suffix follows.
fn mask_trailing_dash(name: &str) -> String {
    match name.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => format!("{rest}a"),
        _ => name.to_owned(),
    }
}

fn contents(object: &Value) -> Vec<FieldError> {
    let metadata = &object["metadata"];
    let mut errors = labels(&metadata["labels"]);
    errors.extend(annotations(&metadata["annotations"]));
    errors.extend(owners(&metadata["ownerReferences"]));
    for finalizer in meta::finalizers(object) {
        let problems = names::qualified(finalizer);
        errors.extend(invalid("metadata.finalizers", finalizer, problems));
    }
    errors
}

fn labels(labels: &Value) -> Vec<FieldError> {
    let path = "metadata.labels";
    let mut errors = Vec::new();
    for (key, value) in labels.as_object().into_iter().flatten() {
        errors.extend(invalid(path, key, names::qualified(key)));
        let value = value.as_str().unwrap_or_default();
        errors.extend(invalid(path, value, names::label_value(value)));
    }
    errors
}

fn annotations(annotations: &Value) -> Vec<FieldError> {
    let path = "metadata.annotations";
    let mut errors = Vec::new();
    let mut size = 0_usize;
    for (key, value) in annotations.as_object().into_iter().flatten() {
        errors.extend(invalid(path, key, names::qualified(&key.to_lowercase())));
        size = size.saturating_add(key.len() + value.as_str().map_or(0, str::len));
    }
    if size > ANNOTATIONS_LIMIT {
        errors.push(fields::error(
            path,
            FieldErrorKind::TooLong,
            None,
            format!("may not be more than {ANNOTATIONS_LIMIT} bytes"),
        ));
    }
    errors
}

fn owners(owners: &Value) -> Vec<FieldError> {
    let path = "metadata.ownerReferences";
    let mut errors = Vec::new();
    let mut controller: Option<&Value> = None;
    for owner in owners.as_array().into_iter().flatten() {
        errors.extend(owner_fields(owner));
        if owner["controller"] != true {
            continue;
        }
        let Some(first) = controller else {
            controller = Some(owner);
            continue;
        };
        let name = |owner: &Value| format!("{}/{}", text(owner, "kind"), text(owner, "name"));
        errors.push(fields::invalid(
            path,
            owners.clone(),
            format!(
                "Only one reference can have Controller set to true. Found \"true\" in references for {} and {}",
                name(first),
                name(owner)
            ),
        ));
    }
    errors
}

fn owner_fields(owner: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let api_version = text(owner, "apiVersion");
    if api_version.rsplit('/').next().is_none_or(str::is_empty) {
        let path = "metadata.ownerReferences.apiVersion";
        errors.push(fields::invalid(
            path,
            api_version,
            "version must not be empty",
        ));
    }
    for field in ["kind", "name", "uid"] {
        if text(owner, field).is_empty() {
            let path = format!("metadata.ownerReferences.{field}");
            errors.push(fields::invalid(&path, "", "must not be empty"));
        }
    }
    if (api_version, text(owner, "kind")) == ("v1", "Event") {
        let why = "/v1, Kind=Event is disallowed from being an owner";
        errors.push(fields::invalid(
            "metadata.ownerReferences",
            owner.clone(),
            why,
        ));
    }
    errors
}

/// Returns the error of finalizers that are added to an object that is being deleted.
fn new_finalizers(object: &Value, old: &Value) -> Option<FieldError> {
    if !meta::deleting(old) {
        return None;
    }
    let known = meta::finalizers(old);
    let mut new = meta::finalizers(object);
    new.retain(|finalizer| !known.contains(finalizer));
    new.sort_unstable();
    new.dedup();
    if new.is_empty() {
        return None;
    }
    let quoted: Vec<String> = new
        .iter()
        .map(|one| Value::from(*one).to_string())
        .collect();
    Some(fields::forbidden(
        "metadata.finalizers",
        format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            quoted.join(", ")
        ),
    ))
}

/// Returns kube-apiserver's warnings about the finalizers of a custom resource.
pub(crate) fn finalizer_warnings(object: &Value, old: Option<&Value>) -> Vec<String> {
    let known = old.map(meta::finalizers).unwrap_or_default();
    meta::finalizers(object)
        .into_iter()
        .filter(|one| !one.contains('/') && !STANDARD_FINALIZERS.contains(one) && !known.contains(one))
        .map(|one| format!("metadata.finalizers: \"{one}\": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"))
        .collect()
}

fn invalid(path: &str, value: &str, problems: Vec<String>) -> Vec<FieldError> {
    problems
        .into_iter()
        .map(|problem| fields::invalid(path, value, problem))
        .collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
