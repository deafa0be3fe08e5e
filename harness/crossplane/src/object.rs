//! Functions on objects that only Crossplane needs.

use serde_json::Value;

pub(crate) use crosscut_objects::object::*;

/// Returns true if Crossplane's annotation pauses the object, so that neither Crossplane nor a provider reconciles
/// it.
#[must_use]
pub fn is_paused(object: &Value) -> bool {
    annotation(object, "crossplane.io/paused") == "true"
}
