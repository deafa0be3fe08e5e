//! Every case of `tests/data/*.json`: an expression on a value gives a result or an error.

use crosscut_expr::{Expression, Scope, equal};
use serde_json::Value;

const FILES: [(&str, &str); 6] = [
    ("language", include_str!("../data/language.json")),
    ("functions", include_str!("../data/functions.json")),
    ("chainsaw", include_str!("../data/chainsaw.json")),
    ("amounts", include_str!("../data/amounts.json")),
    ("kyverno", include_str!("../data/kyverno.json")),
    ("errors", include_str!("../data/errors.json")),
];

#[test]
fn every_case_holds() {
    let mut failures = Vec::new();
    let mut count = 0;
    for (file, text) in FILES {
        let groups: Value = serde_json::from_str(text).unwrap();
        for group in groups.as_array().unwrap() {
            for case in group["cases"].as_array().unwrap() {
                count += 1;
                let given = case.get("given").unwrap_or(&group["given"]);
                failures.extend(
                    failure(case, given)
                        .map(|why| format!("{file}: {}: {why}", case["expression"])),
                );
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count > 150, "only {count} cases");
}

fn failure(case: &Value, given: &Value) -> Option<String> {
    let text = case["expression"].as_str().unwrap();
    let scope = Scope::new().bind("values", serde_json::json!({"region": "us-east-1"}));
    let outcome = Expression::parse(text)
        .map_err(|error| format!("{}: {error}", error.offset))
        .and_then(|expression| {
            expression
                .evaluate(given, &scope)
                .map_err(|error| error.to_string())
        });
    match (case.get("result"), case.get("error"), outcome) {
        (Some(expected), _, Ok(actual)) if equal(expected, &actual) => None,
        (None, Some(expected), Err(error)) if error.contains(expected.as_str().unwrap()) => None,
        (_, _, outcome) => Some(format!("got {outcome:?}")),
    }
}
