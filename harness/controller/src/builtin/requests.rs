//! Shared functions of the built-in controllers.

use std::sync::Arc;

use crosscut_client::{Api, ApiError};
use serde_json::{Value, json};

use crate::context::Context;
use crate::controller::ReconcileError;
use crosscut_objects::Key;

/// Converts an error of the API to one of a reconcile.
pub(super) fn failed(error: ApiError) -> ReconcileError {
    ReconcileError::new(error.to_string())
}

pub(super) fn api(context: &Context, manager: &str) -> Api {
    Api::new(context.connection(), manager)
}

/// Returns the object of a key; `None` if the object or its kind is missing.
pub(super) async fn find(api: &Api, key: &Key) -> Result<Option<Arc<Value>>, ReconcileError> {
    let api_version = key.api_version();
    let address = crosscut_objects::ObjectRef {
        api_version: &api_version,
        kind: &key.kind,
        namespace: key.namespace.as_deref().unwrap_or_default(),
        name: &key.name,
    };
    match api.read(address).await {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.is_not_found() || error.is_no_match() => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Sets a condition; returns true if that changed the condition. Only a new status changes
/// `lastTransitionTime`.
pub(super) fn set_condition(
    object: &mut Value,
    condition: [&str; 4],
    now: jiff::Timestamp,
) -> bool {
    let [kind, status, reason, message] = condition;
    if object["status"].is_null() {
        object["status"] = json!({});
    }
    if !object["status"]["conditions"].is_array() {
        object["status"]["conditions"] = json!([]);
    }
    let Some(conditions) = object["status"]["conditions"].as_array_mut() else {
        return false;
    };
    let wanted = json!({ "type": kind, "status": status, "reason": reason, "message": message });
    let time = crate::builtin::requests::seconds(now);
    let Some(known) = conditions.iter_mut().find(|one| one["type"] == kind) else {
        let mut added = wanted;
        added["lastTransitionTime"] = json!(time);
        conditions.push(added);
        return true;
    };
    let time = if known["status"] == wanted["status"] {
        known["lastTransitionTime"].clone()
    } else {
        json!(time)
    };
    let mut next = wanted;
    next["lastTransitionTime"] = time;
    let changed = *known != next;
    *known = next;
    changed
}

/// Returns a time in Kubernetes' format.
pub(super) fn seconds(time: jiff::Timestamp) -> String {
    let whole = jiff::Timestamp::from_second(time.as_second()).unwrap_or(time);
    whole.to_string()
}
