//! JSON patch and JSON merge patch: the RFCs' own examples, and what kube-apiserver's library does with many others.

use crosscut_merge::{PatchError, json_patch, merge_patch};
use serde_json::{Value, json};

use crate::recording::same;

/// RFC 7386, appendix A.
const MERGE_EXAMPLES: &str = include_str!("../data/rfc7386.json");

/// RFC 6902, appendix A, but for A.13: a member that is there twice is lost when JSON is read.
const OPERATION_EXAMPLES: &str = include_str!("../data/rfc6902.json");

/// What kube-apiserver's library answers (tests/data/SOURCE.md).
const RECORDED: &str = include_str!("../data/patches.json");

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn merged(case: &Value, patch: &str) -> Value {
    let mut target = case["target"].clone();
    merge_patch(&mut target, &case[patch]);
    target
}

#[test]
fn merge_patches_do_what_the_rfc_says() {
    let cases = cases(MERGE_EXAMPLES);
    assert_eq!(cases.len(), 15);
    for case in cases {
        assert_eq!(merged(&case, "patch"), case["result"], "{case}");
    }
}

#[test]
fn json_patches_do_what_the_rfc_says() {
    let cases = cases(OPERATION_EXAMPLES);
    assert_eq!(cases.len(), 15);
    for case in cases {
        let result = json_patch(&case["target"], &case["operations"]).ok();
        assert_eq!(result.as_ref(), case.get("result"), "{case}");
    }
}

#[test]
fn patches_are_answered_as_recorded() {
    let cases = cases(RECORDED);
    assert!(cases.len() > 120, "the recording is read");
    let mut failures = Vec::new();
    for case in &cases {
        let given = outcome(case);
        if !same(&case["outcome"], &given) {
            failures.push(format!("{case}\ngiven {given}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn outcome(case: &Value) -> Value {
    if case.get("merge").is_some() {
        return json!({ "result": merged(case, "merge") });
    }
    match json_patch(&case["target"], &case["operations"]) {
        Ok(result) => json!({ "result": result }),
        Err(PatchError::Malformed(why)) => json!({ "malformed": why }),
        Err(other) => json!({ "refused": other.to_string() }),
    }
}
