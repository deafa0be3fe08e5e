//! Connection Secrets: published where `spec.writeConnectionSecretToRef` asks for one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosscut_controller::ReconcileError;
use crosscut_objects::{ObjectRef, object};
use serde_json::{Map, Value, json};

use crate::lifecycle::{Managed, failed};
use crate::settings::{ConnectionDetails, ManagedRule};

/// Publishes what the rule says, unless it is there as it should be.
pub(super) async fn publish(
    managed: &Managed,
    rule: Option<&ManagedRule>,
) -> Result<(), ReconcileError> {
    let reference = |field: &str| {
        object::text(
            &managed.object,
            &["spec", "writeConnectionSecretToRef", field],
        )
    };
    let details = rule.and_then(|rule| rule.connection.as_ref());
    let (Some(details), false) = (details, reference("name").is_empty()) else {
        return Ok(());
    };
    let secret = secret(&managed.object, reference("name"), details);
    let written = match managed.api.read(ObjectRef::of(&secret)).await {
        Ok(found) if found["data"] == secret["data"] => return Ok(()),
        Ok(_) => {
            let patch = json!({ "data": secret["data"] });
            managed
                .api
                .merge_patch(ObjectRef::of(&secret), &patch)
                .await
        }
        Err(error) if error.is_not_found() => managed.api.create(&secret).await,
        Err(error) => Err(error),
    };
    written.map(drop).map_err(|error| failed(&error))
}

/// The Secret as it should be, controlled by the resource that it leads to.
fn secret(managed: &Value, name: &str, details: &ConnectionDetails) -> Value {
    let namespace = match object::namespace(managed) {
        "" => object::text(
            managed,
            &["spec", "writeConnectionSecretToRef", "namespace"],
        ),
        namespace => namespace,
    };
    let data: Map<String, Value> = details
        .iter()
        .map(|(key, text)| (key.clone(), json!(STANDARD.encode(text))))
        .collect();
    let mut secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "connection.crossplane.io/v1alpha1",
        "metadata": { "name": name, "namespace": namespace },
        "data": data,
    });
    object::add_owner(&mut secret, object::controller_reference(managed));
    secret
}
