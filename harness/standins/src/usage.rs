//! The ProviderConfigUsage that says which ProviderConfig a managed resource uses.

use std::sync::Arc;

use crosscut_controller::ReconcileError;
use crosscut_objects::{ObjectRef, object};
use serde_json::{Value, json};

use crate::lifecycle::{Managed, failed};

/// Makes the usage, and keeps it to what the resource refers to. Where the kind is not served there is none: a suite's
/// CRDs need not be a provider's whole package.
pub(crate) async fn track(managed: &Managed) -> Result<(), ReconcileError> {
    let wanted = usage(&managed.object);
    let found = match managed.api.read(ObjectRef::of(&wanted)).await {
        Ok(found) => found,
        Err(error) if error.is_no_match() => return Ok(()),
        Err(error) if error.is_not_found() => {
            let made = managed.api.create(&wanted).await;
            return match made {
                Err(error) if !error.is_no_match() && !error.is_missing_route() => {
                    Err(failed(&error))
                }
                _ => Ok(()),
            };
        }
        Err(error) => return Err(failed(&error)),
    };
    if found["providerConfigRef"] == wanted["providerConfigRef"] {
        return Ok(());
    }
    let mut changed = Arc::unwrap_or_clone(found);
    changed["metadata"]["labels"] = wanted["metadata"]["labels"].clone();
    changed["providerConfigRef"] = wanted["providerConfigRef"].clone();
    let updated = managed.api.update(&changed).await;
    updated.map(drop).map_err(|error| failed(&error))
}

fn usage(managed: &Value) -> Value {
    let reference = |field: &str| object::text(managed, &["spec", "providerConfigRef", field]);
    let api_version = object::api_version(managed);
    json!({
        "apiVersion": api_version,
        "kind": "ProviderConfigUsage",
        "metadata": {
            "name": object::uid(managed),
            "namespace": object::namespace(managed),
            "labels": {
                "crossplane.io/provider-config": reference("name"),
                "crossplane.io/provider-config-kind": reference("kind"),
            },
            "ownerReferences": [object::controller_reference(managed)],
        },
        "providerConfigRef": { "kind": reference("kind"), "name": reference("name") },
        "resourceRef": {
            "apiVersion": api_version,
            "kind": object::kind(managed),
            "name": object::name(managed),
        },
    })
}
