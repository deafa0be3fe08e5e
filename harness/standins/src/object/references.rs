//! `spec.references`: what an Object depends on, and what it takes from other objects of the control plane.

use crosscut_client::{Api, ApiError};

use crosscut_controller::ReconcileError;
use crosscut_objects::{ObjectRef, object};
use serde_json::{Value, json};

use crate::lifecycle::{Managed, failed};
use crate::path::{self, PathError};

/// A reference that cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    /// An object that cannot be read.
    #[error("cannot get referenced resource: {0}")]
    Get(#[source] ApiError),
    /// A path that leads to no field of the referenced object.
    #[error("{path}: no such field")]
    NoField { path: String },
    /// A path that cannot be read, or does not fit the manifest.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// Patches the manifest with the fields that the references lead to.
///
/// # Errors
/// Fails at the first reference that cannot be resolved.
pub(super) async fn resolve(
    api: &Api,
    managed: &Value,
    manifest: &mut Value,
) -> Result<(), ResolveError> {
    for reference in list(managed) {
        let source = source(reference);
        let found = api.read(address(source)).await;
        let found = found.map_err(ResolveError::Get)?;
        let Some(from) = reference["patchesFrom"].as_object() else {
            continue;
        };
        let from_path = from
            .get("fieldPath")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let to_path = reference["toFieldPath"].as_str().unwrap_or(from_path);
        let value = path::get(&found, from_path)?.ok_or_else(|| ResolveError::NoField {
            path: from_path.to_owned(),
        })?;
        path::set(manifest, to_path, value.clone())?;
    }
    Ok(())
}

/// Keeps what is referred to from being deleted.
pub(super) async fn hold(managed: &Managed) -> Result<(), ReconcileError> {
    each(managed, true).await
}

/// Lets go of it.
pub(super) async fn release(managed: &Managed) -> Result<(), ReconcileError> {
    each(managed, false).await
}

async fn each(managed: &Managed, hold: bool) -> Result<(), ReconcileError> {
    let finalizer = format!(
        "kubernetes.crossplane.io/referred-by-object-{}",
        object::uid(&managed.object)
    );
    for reference in list(&managed.object) {
        let mut found = match managed.api.get(address(source(reference))).await {
            Ok(found) => found,
            Err(error) if error.is_not_found() || error.is_no_match() => continue,
            Err(error) => return Err(failed(&error)),
        };
        if object::has_finalizer(&found, &finalizer) == hold
            || (hold && object::is_being_deleted(&found))
        {
            continue;
        }
        if hold {
            object::add_finalizer(&mut found, &finalizer);
        } else {
            object::remove_finalizer(&mut found, &finalizer);
        }
        let patch = json!({ "metadata": { "finalizers": found["metadata"]["finalizers"] } });
        let patched = managed.api.merge_patch(ObjectRef::of(&found), &patch).await;
        patched.map_err(|error| failed(&error))?;
    }
    Ok(())
}

fn list(managed: &Value) -> &[Value] {
    managed["spec"]["references"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn source(reference: &Value) -> &Value {
    match &reference["patchesFrom"] {
        Value::Null => &reference["dependsOn"],
        from => from,
    }
}

fn address(source: &Value) -> ObjectRef<'_> {
    let text = |field: &str| object::text(source, &[field]);
    let or = |given, default| if str::is_empty(given) { default } else { given };
    ObjectRef {
        api_version: or(text("apiVersion"), "kubernetes.m.crossplane.io/v1alpha1"),
        kind: or(text("kind"), "Object"),
        namespace: text("namespace"),
        name: text("name"),
    }
}
