//! A property of every assertion document, which the fuzzer tests with the same function.

use crosscut_assertion::{Assertion, template, template_variables};
use crosscut_expr::Scope;
use crosscut_yaml::{Limits, parse};
use serde_json::{Value, json};

/// The limits for documents of the fuzzer.
const LIMITS: Limits = Limits {
    bytes: 1 << 14,
    depth: 30,
    nodes: 2_000,
    documents: 8,
};

/// Checks that nothing panics and that every problem has a place in the text. The first document is an assertion and a
/// template, the second is the actual value.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(documents) = parse(text, &LIMITS) else {
        return;
    };
    let Some(document) = documents.first() else {
        return;
    };
    let actual = documents.get(1).map_or(Value::Null, |node| node.to_value());
    let scope = Scope::new().bind("values", json!({"name": "x"}));
    let (names, problems) = template_variables(document);
    assert!(
        names
            .iter()
            .all(|(_, span)| text.get(span.start..span.end).is_some())
    );
    assert!(
        problems
            .iter()
            .all(|problem| text.get(problem.span.start..problem.span.end).is_some())
    );
    let _ = template(document, &scope);
    match Assertion::parse(document) {
        Ok(assertion) => {
            let _ = (assertion.subject(&scope), assertion.free_variables());
            let found = assertion.check(&actual, &scope);
            assert!(
                found
                    .iter()
                    .all(|one| text.get(one.span.start..one.span.end).is_some())
            );
            let _ = assertion.diff(&actual, &scope);
        }
        Err(problems) => assert!(!problems.is_empty()),
    }
}
