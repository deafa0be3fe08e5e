//! JSON merge patch (RFC 7386) and JSON patch (RFC 6902).

use serde_json::Value;

use crate::error::PatchError;

/// Merges a patch into a value: null removes, maps merge, everything else replaces.
pub fn merge_patch(target: &mut Value, patch: &Value) {
    json_patch::merge(target, patch);
}

/// The target after a list of operations; all of them or none.
///
/// # Errors
/// [`PatchError::Malformed`] for what is no list of operations, [`PatchError::DoesNotApply`] where one does not fit.
pub fn json_patch(target: &Value, operations: &Value) -> Result<Value, PatchError> {
    let patch: json_patch::Patch =
        serde_json::from_value(operations.clone()).map_err(PatchError::Malformed)?;
    let mut result = target.clone();
    json_patch::patch(&mut result, &patch).map_err(PatchError::DoesNotApply)?;
    Ok(result)
}
