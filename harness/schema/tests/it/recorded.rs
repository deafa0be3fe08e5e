//! Every recorded object has the same result as on kube-apiserver 1.34.3 (tests/data/SOURCE.md).

use std::collections::BTreeSet;

use crosscut_schema::Structural;
use serde_json::{Value, json};

const RECORDED: &str = include_str!("../data/validation.json");

/// The known differences from the recorded results.
const KNOWN: [(&str, &str); 0] = [];

#[test]
fn objects_are_answered_as_recorded() {
    let suites: Vec<Value> = serde_json::from_str(RECORDED).unwrap();
    let mut failures = Vec::new();
    let mut judged = 0;
    for suite in &suites {
        let structural = Structural::compile(&suite["schema"]).unwrap();
        for case in suite["cases"].as_array().unwrap() {
            judged += 1;
            let text = case["spec"].to_string();
            if KNOWN.iter().any(|(known, _)| *known == text) {
                continue;
            }
            if let Some(failure) = judge(&structural, case) {
                failures.push(format!("{text}\n{failure}"));
            }
        }
    }
    assert!(judged > 60, "the recording is read");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn judge(structural: &Structural, case: &Value) -> Option<String> {
    let object = prepared(structural, &case["spec"]);
    let old = case.get("old").map(|spec| prepared(structural, spec));
    let validation = structural.validate(&object, old.as_ref());
    let answer = &case["answer"];
    let expected = causes(
        answer["causes"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default(),
    );
    let given: Vec<Value> = validation
        .errors
        .iter()
        .map(|error| error.cause())
        .collect();
    let given = causes(&given);
    if expected != given {
        return Some(format!("expected {expected:#?}\ngiven {given:#?}"));
    }
    let accepted = answer
        .get("spec")
        .filter(|spec| !same(spec, &object["spec"]));
    accepted.map(|spec| format!("expected {spec}\ngiven {}", object["spec"]))
}

/// Compares two values. Floats without a fraction are integers in Go's output.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

fn prepared(structural: &Structural, spec: &Value) -> Value {
    let mut object = json!({
        "apiVersion": "test.example.com/v1",
        "kind": "Widget",
        "metadata": { "name": "w" },
        "spec": spec,
    });
    structural.prune(&mut object);
    structural.default(&mut object);
    object
}

/// Returns the causes as a set, because the server iterates over Go maps in random order.
fn causes(list: &[Value]) -> BTreeSet<String> {
    list.iter().map(Value::to_string).collect()
}
