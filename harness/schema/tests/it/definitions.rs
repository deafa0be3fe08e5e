//! Definitions are rejected as by kube-apiserver 1.34.3 (tests/data/SOURCE.md).

use std::collections::BTreeSet;

use crosscut_schema::crd;
use serde_json::Value;

const CREATES: &str = include_str!("../data/crds.json");
const UPDATES: &str = include_str!("../data/crd_updates.json");

/// The known differences, with the reasons.
const KNOWN: [(&str, &str); 6] = [
    (
        "no group",
        "the name is checked with the metadata, outside of this crate",
    ),
    (
        "bad plural",
        "the name is checked with the metadata, outside of this crate",
    ),
    (
        "cel unknown field",
        "kube-cel has no type checker: the rule fails when it runs",
    ),
    (
        "cel type",
        "kube-cel has no type checker: the rule fails when it runs",
    ),
    (
        "cel not bool",
        "kube-cel has no type checker: the rule fails when it runs",
    ),
    (
        "bad pattern",
        "the reason within the message is the regex crate's",
    ),
];

#[test]
fn creates_are_answered_as_recorded() {
    let cases: Vec<Value> = serde_json::from_str(CREATES).unwrap();
    let mut failures = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        if KNOWN.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let mut definition = case["definition"].clone();
        crd::default(&mut definition);
        let given: BTreeSet<String> = crd::validate_create(&definition)
            .iter()
            .map(|error| known_part(&error.cause()))
            .collect();
        let expected: BTreeSet<String> = recorded(&case["answer"]["causes"]);
        if given != expected {
            failures.push(format!("{name}\nexpected {expected:#?}\ngiven {given:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn what_differs_is_still_refused_or_named() {
    let cases: Vec<Value> = serde_json::from_str(CREATES).unwrap();
    let refused = |name: &str| {
        let case = cases.iter().find(|case| case["name"] == name).unwrap();
        let mut definition = case["definition"].clone();
        crd::default(&mut definition);
        !crd::validate_create(&definition).is_empty()
    };
    assert!(refused("no group") && refused("bad plural") && refused("bad pattern"));
    // If the evaluator gets a type checker, this fails, and the known differences become fewer.
    for name in ["cel unknown field", "cel type", "cel not bool"] {
        assert!(!refused(name), "{name}");
    }
}

#[test]
fn defaults_are_those_recorded() {
    let cases: Vec<Value> = serde_json::from_str(CREATES).unwrap();
    for case in cases.iter().filter(|case| case["answer"]["code"] == 201) {
        let mut definition = case["definition"].clone();
        crd::default(&mut definition);
        assert_eq!(
            definition["spec"]["names"], case["answer"]["spec"]["names"],
            "{}",
            case["name"]
        );
        assert_eq!(
            definition["spec"]["conversion"], case["answer"]["spec"]["conversion"],
            "{}",
            case["name"]
        );
    }
}

#[test]
fn updates_are_answered_as_recorded() {
    let recording: Value = serde_json::from_str(UPDATES).unwrap();
    let live = &recording["live"];
    for case in recording["cases"].as_array().unwrap() {
        let mut new = live.clone();
        merge(&mut new, &case["patch"]);
        let given: BTreeSet<String> = crd::validate_update(&new, live)
            .iter()
            .map(|error| error.cause().to_string())
            .collect();
        assert_eq!(given, recorded(&case["causes"]), "{}", case["name"]);
    }
}

fn recorded(causes: &Value) -> BTreeSet<String> {
    causes
        .as_array()
        .into_iter()
        .flatten()
        .map(known_part)
        .collect()
}

/// Returns the comparable part of a cause. The text of the rule compiler differs.
fn known_part(cause: &Value) -> String {
    let message = cause["message"].as_str().unwrap();
    if message.contains("compilation failed") {
        return format!("{} {} compilation failed", cause["reason"], cause["field"]);
    }
    cause.to_string()
}

fn merge(target: &mut Value, patch: &Value) {
    let (Value::Object(target), Value::Object(patch)) = (target, patch) else {
        panic!("patches are objects");
    };
    for (name, value) in patch {
        match target.get_mut(name) {
            Some(old) if old.is_object() && value.is_object() => merge(old, value),
            _ => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}
