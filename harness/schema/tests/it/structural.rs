//! Every recorded object is pruned, defaulted and validated by list types and embedded resources as in
//! apiextensions-apiserver (tests/data/SOURCE.md).

use std::collections::BTreeSet;

use crosscut_schema::Structural;
use serde_json::{Value, json};

/// The recordings that were written by hand.
const BY_HAND: &str = include_str!("../data/structural.json");

/// The recordings that were generated from a seed.
const RANDOM: &str = include_str!("../data/structural_random.json");

/// The known differences, with the reasons. A case that no longer differs must be removed.
const KNOWN: [(&str, &str); 0] = [];

#[test]
fn objects_become_what_is_recorded() {
    let recordings =
        [BY_HAND, RANDOM].map(|text| serde_json::from_str::<Vec<Value>>(text).unwrap());
    let cases = recordings.concat();
    assert!(cases.len() > 500, "the recordings are read");
    let mut failures = Vec::new();
    let mut agree: Vec<&str> = KNOWN.iter().map(|(name, _)| *name).collect();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let given = outcome(case);
        if given == expected(&case["outcome"]) {
            continue;
        }
        agree.retain(|known| *known != name);
        if !KNOWN.iter().any(|(known, _)| *known == name) {
            failures.push(format!("{case}\ngiven {given}"));
        }
    }
    let total = failures.len();
    assert_eq!(total, 0, "{total} differ\n{}", failures.join("\n\n"));
    assert!(
        agree.is_empty(),
        "these agree now, take them out of KNOWN: {agree:?}"
    );
}

fn outcome(case: &Value) -> Value {
    let structural = Structural::compile(&case["schema"]).unwrap();
    let mut object = case["object"].clone();
    let unknown = structural.prune(&mut object);
    let pruned = object.clone();
    structural.default(&mut object);
    let causes = structural.validate(&object, None).errors;
    let causes: BTreeSet<String> = causes
        .iter()
        .map(|error| error.cause())
        .filter(judged)
        .map(|cause| cause.to_string())
        .collect();
    json!({ "unknown": unknown, "pruned": pruned, "defaulted": object, "errors": causes })
}

fn expected(outcome: &Value) -> Value {
    let errors: BTreeSet<String> = outcome["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect();
    let mut outcome = outcome.clone();
    outcome["errors"] = json!(errors);
    outcome
}

/// Returns true if a cause is of list types or embedded resources; the recordings have only those.
fn judged(cause: &Value) -> bool {
    let of_list_types = "must be an object for an array of list-type map";
    let of_resources = [
        "must be a string",
        "must not be empty",
        "unexpected GroupVersion string",
        "may have mixed case",
    ];
    let message = cause["message"].as_str().unwrap();
    let field = cause["field"].as_str().unwrap();
    let missing =
        message == "Required value" && (field.ends_with(".apiVersion") || field.ends_with(".kind"));
    cause["reason"] == "FieldValueDuplicate"
        || missing
        || message.ends_with(of_list_types)
        || of_resources.iter().any(|text| message.contains(text))
}
