//! A property of every CEL rule, which the fuzzer tests with the same function.

use crosscut_schema::{Structural, query};
use serde_json::{Value, json};

/// Evaluates a rule and a query on an object, which must end within the evaluator's bounds and without a panic. The
/// first line is the rule, its message and the query; the rest is the JSON of the object.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (rule, rest) = text.split_once('\n').unwrap_or((text, ""));
    let object: Value = serde_json::from_str(rest)
        .unwrap_or_else(|_| json!({"word": "aba", "size": 3, "words": ["a", "b", ""]}));
    let schema = json!({"type": "object", "properties": {"spec": {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
        "x-kubernetes-validations": [{"rule": rule, "messageExpression": rule}],
    }}});
    let object = json!({ "spec": object });
    let old = json!({"spec": {"word": "", "words": []}});
    if let Ok(compiled) = Structural::compile(&schema) {
        let _ = compiled.validate(&object, Some(&old));
        let _ = compiled.validate(&object, None);
    }
    let _ = query(rule, &object);
}
