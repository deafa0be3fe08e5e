//! What holds for every patch; the fuzzer runs the same function.

use crosscut_merge::{json_patch, merge_patch};
use serde_json::Value;

/// The JSON `[target, merge patch, JSON patch]`. A merge patch that is applied again changes nothing more; a JSON patch
/// ends, and leaves its target alone.
pub(crate) fn run(data: &[u8]) {
    let Ok([target, merge, operations]) = serde_json::from_slice::<[Value; 3]>(data) else {
        return;
    };
    let mut once = target.clone();
    merge_patch(&mut once, &merge);
    let mut twice = once.clone();
    merge_patch(&mut twice, &merge);
    assert_eq!(once, twice);
    let _ = json_patch(&target, &operations);
}
