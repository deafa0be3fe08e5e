//! The validation of a definition's group, scope and names.

use serde_json::Value;

use crate::field_error::FieldError;

const LABEL: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

pub(super) fn check(definition: &Value) -> Vec<FieldError> {
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut errors = Vec::new();
    let name = text(&definition["metadata"]["name"]);
    let group = text(&spec["group"]);
    let expected = format!("{}.{group}", text(&spec["names"]["plural"]));
    if name != expected {
        errors.push(FieldError::invalid(
            "metadata.name",
            name,
            "must be spec.names.plural+\".\"+spec.group",
        ));
    }
    errors.extend(check_group(&group));
    errors.extend(check_scope(&text(&spec["scope"])));
    if spec["preserveUnknownFields"] == Value::Bool(true) {
        errors.push(FieldError::invalid(
            "spec.preserveUnknownFields",
            true,
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
        ));
    }
    for field in ["plural", "singular", "kind", "listKind"] {
        errors.extend(check_name(field, &text(&spec["names"][field])));
    }
    errors
}

fn check_group(group: &str) -> Option<FieldError> {
    if group.is_empty() {
        return Some(FieldError::required("spec.group", ""));
    }
    if !group.split('.').all(is_part) {
        return Some(FieldError::invalid("spec.group", group, SUBDOMAIN));
    }
    let lonely = !group.contains('.');
    lonely.then(|| {
        FieldError::invalid(
            "spec.group",
            group,
            "should be a domain with at least one dot",
        )
    })
}

fn check_scope(scope: &str) -> Option<FieldError> {
    match scope {
        "Cluster" | "Namespaced" => None,
        "" => Some(FieldError::required("spec.scope", "")),
        other => {
            let supported = ["Cluster", "Namespaced"].map(str::to_owned);
            Some(FieldError::not_supported("spec.scope", other, &supported))
        }
    }
}

fn check_name(field: &str, name: &str) -> Option<FieldError> {
    let path = format!("spec.names.{field}");
    if name.is_empty() {
        return Some(FieldError::required(path, ""));
    }
    // Kinds are labels, but may have capital letters.
    let lower = if field.to_lowercase().ends_with("kind") {
        name.to_lowercase()
    } else {
        name.to_owned()
    };
    (!is_label(&lower)).then(|| FieldError::invalid(path, name, LABEL))
}

/// The maximum length of a label.
const LABEL_LENGTH: usize = 63;

/// Returns true if the text is a DNS-1035 label.
pub(super) fn is_label(text: &str) -> bool {
    label_mistakes(text).is_empty()
}

/// Returns the reasons why a text is no DNS-1035 label.
pub(crate) fn label_mistakes(text: &str) -> Vec<&'static str> {
    let long = text.len() > LABEL_LENGTH;
    let odd = !is_part(text) || !text.starts_with(|letter: char| letter.is_ascii_lowercase());
    let mistakes = [(long, "must be no more than 63 characters"), (odd, LABEL)];
    mistakes
        .into_iter()
        .filter_map(|(wrong, text)| wrong.then_some(text))
        .collect()
}

pub(super) fn label_text() -> &'static str {
    LABEL
}

fn is_part(text: &str) -> bool {
    let edge = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    text.starts_with(edge)
        && text.ends_with(edge)
        && text.chars().all(|letter| edge(letter) || letter == '-')
}

/// Returns an error for each changed immutable field. Scope and kind become immutable when the definition is
/// established.
pub(super) fn unchanged(new: &Value, old: &Value) -> Vec<FieldError> {
    let conditions = old["status"]["conditions"].as_array().into_iter().flatten();
    let established = conditions
        .into_iter()
        .any(|condition| condition["type"] == "Established" && condition["status"] == "True");
    let fields: &[&str] = if established {
        &["/group", "/scope", "/names/kind", "/names/plural"]
    } else {
        &["/group", "/names/plural"]
    };
    let (new, old) = (&new["spec"], &old["spec"]);
    let changed = fields
        .iter()
        .filter(|field| new.pointer(field) != old.pointer(field));
    changed
        .map(|field| {
            let value = new.pointer(field).cloned().unwrap_or(Value::Null);
            FieldError::invalid(
                format!("spec{}", field.replace('/', ".")),
                value,
                "field is immutable",
            )
        })
        .collect()
}
