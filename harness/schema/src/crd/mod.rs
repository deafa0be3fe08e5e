//! The rules of CustomResourceDefinitions themselves (apiextensions.k8s.io/v1, kube-apiserver 1.34).

mod defaults;
pub(crate) mod names;
mod versions;

use serde_json::Value;

use crate::cel::{self, Unevaluated};
use crate::field_error::FieldError;

pub use defaults::default;

/// Returns the errors of a new definition.
///
/// ```
/// use crosscut_schema::crd::validate_create;
/// use serde_json::json;
///
/// let errors = validate_create(&json!({"metadata": {"name": "widgets.example.org"}, "spec": {}}));
/// assert!(errors.iter().any(|error| error.to_string().starts_with("spec.group: Required value")));
/// ```
pub fn validate_create(definition: &Value) -> Vec<FieldError> {
    let mut errors = names::check(definition);
    errors.extend(versions::check(definition));
    errors.extend(approval(definition));
    errors
}

/// Returns the errors of a changed definition. Its status is not validated, except that the stored versions must exist.
pub fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = names::unchanged(new, old);
    // The errors of immutable names already report what is wrong with the names.
    if errors.is_empty() {
        errors.extend(names::check(new));
    }
    errors.extend(versions::check(new));
    errors.extend(versions::stored(new));
    if approval(old).is_none() {
        errors.extend(approval(new));
    }
    errors
}

/// Returns each CEL rule of a definition's versions that cannot be evaluated once.
#[must_use]
pub fn unevaluated(definition: &Value) -> Vec<Unevaluated> {
    let mut found = Vec::new();
    let versions = definition["spec"]["versions"].as_array();
    for version in versions.into_iter().flatten() {
        cel::unevaluated(&version["schema"]["openAPIV3Schema"], &mut found);
    }
    found
}

const APPROVED: &str = "api-approved.kubernetes.io";
const POLICY: &str = "see https://github.com/kubernetes/enhancements/pull/1111";

/// Returns an error if the group belongs to the Kubernetes community and the definition has no approval.
fn approval(definition: &Value) -> Option<FieldError> {
    let group = definition["spec"]["group"].as_str().unwrap_or_default();
    let protected = ["k8s.io", "kubernetes.io"].iter().any(|domain| {
        group == *domain
            || group
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.'))
    });
    if !protected {
        return None;
    }
    let field = format!("metadata.annotations[{APPROVED}]");
    let given = definition["metadata"]["annotations"][APPROVED]
        .as_str()
        .unwrap_or_default();
    if given.is_empty() {
        let detail =
            format!("protected groups must have approval annotation \"{APPROVED}\", {POLICY}");
        return Some(FieldError::required(field, detail));
    }
    let url = given.split_once("://").is_some_and(|(scheme, rest)| {
        !scheme.is_empty() && rest.split('/').next().is_some_and(|host| !host.is_empty())
    });
    if url || given.starts_with("unapproved") {
        return None;
    }
    let detail = format!(
        "protected groups must have approval annotation \"{APPROVED}\" with either a URL or a reason starting with \"unapproved\", {POLICY}"
    );
    Some(FieldError::invalid(field, given, detail))
}
