//! What Crossplane asks of any object, beside what everybody does.

use serde_json::Value;

pub(crate) use crosscut_objects::object::*;

/// Crossplane's pause annotation.
pub(crate) fn is_paused(object: &Value) -> bool {
    annotation(object, "crossplane.io/paused") == "true"
}
