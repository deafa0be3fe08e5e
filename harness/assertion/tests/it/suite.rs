//! Every case of `tests/data/trees.yaml`: a document, a value, and the mismatches as `path: message`.

use crosscut_assertion::Assertion;
use crosscut_expr::Scope;
use crosscut_yaml::{Limits, Node, parse};
use serde_json::{Value, json};

fn documents(text: &str) -> Vec<Node> {
    parse(text, &Limits::default()).unwrap()
}

#[test]
fn every_case_holds() {
    let mut failures = Vec::new();
    let cases = documents(include_str!("../data/trees.yaml"));
    assert!(cases.len() > 40, "only {} cases", cases.len());
    for case in &cases {
        let name = case.get("name").and_then(Node::as_str).unwrap();
        let expected: Vec<String> = case
            .get("mismatches")
            .and_then(Node::items)
            .unwrap_or_default()
            .iter()
            .map(|item| item.as_str().unwrap().to_owned())
            .collect();
        let actual = outcome(case);
        if actual != expected {
            failures.push(format!("{name}: expected {expected:#?}, got {actual:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn outcome(case: &Node) -> Vec<String> {
    let given = case.get("given").map_or(Value::Null, Node::to_value);
    let scope = Scope::new().bind("values", json!({"name": "x", "map": {"a": 1}}));
    match Assertion::parse(case.get("assert").unwrap()) {
        Ok(assertion) => assertion
            .check(&given, &scope)
            .into_iter()
            .map(|mismatch| format!("{}: {}", mismatch.path, mismatch.message))
            .collect(),
        Err(problems) => problems
            .into_iter()
            .map(|problem| format!("{}: {}", problem.code, problem.message))
            .collect(),
    }
}

#[test]
fn a_mismatch_points_into_the_document() {
    let text = "spec:\n  size: 3\n  colour: red\n";
    let document = documents(text).remove(0);
    let assertion = Assertion::parse(&document).unwrap();
    let found = assertion.check(
        &json!({"spec": {"size": 3, "colour": "blue"}}),
        &Scope::new(),
    );
    assert_eq!(&text[found[0].span.start..found[0].span.end], "red");
    assert_eq!(
        (&found[0].expected, &found[0].actual),
        (&json!("red"), &Some(json!("blue")))
    );
}

#[test]
fn a_diff_shows_only_what_the_document_speaks_of() {
    let document = documents("spec: {size: 3, (length(list)): 2}\nkind: A\n").remove(0);
    let assertion = Assertion::parse(&document).unwrap();
    let actual =
        json!({"kind": "A", "spec": {"size": 4, "list": [1], "other": true}, "status": {}});
    let diff = assertion.diff(&actual, &Scope::new());
    assert_eq!(
        diff,
        " kind: A\n spec:\n-  (length(list)): 2\n-  size: 3\n+  (length(list)): 1\n+  size: 4\n"
    );
}

#[test]
fn a_subject_is_what_identifies_objects() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: ($values.name)\n  labels:\n    a: b\n    (starts_with(c, 'd')): true\n";
    let assertion = Assertion::parse(&documents(text)[0]).unwrap();
    let scope = Scope::new().bind("values", json!({"name": "x"}));
    let subject = assertion.subject(&scope).unwrap();
    assert_eq!(subject.name.as_deref(), Some("x"));
    assert_eq!(
        subject.labels.into_iter().collect::<Vec<_>>(),
        [("a".to_owned(), "b".to_owned())]
    );
    assert!(assertion.subject(&Scope::new()).is_err());
}

#[test]
fn bound_names_are_not_free() {
    let text = "(a)->x:\n  b: ($x)\n  ~i.c: ($i)\nd: ($x)\ne: ($y)\n";
    let assertion = Assertion::parse(&documents(text)[0]).unwrap();
    let names: Vec<String> = assertion
        .free_variables()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["y"]);
}
