//! What holds for every expression; the fuzzer runs the same function.

use crosscut_expr::{Budget, Expression, Scope};
use serde_json::{Value, json};

/// Bounds that a fuzzer can reach.
const STEPS: u64 = 50_000;
const BYTES: usize = 1 << 20;

/// The first line is an expression, the rest is the JSON that it is evaluated on. Both end without a panic, evaluating
/// within a budget, and evaluating again gives the same.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let current: Value = serde_json::from_str(rest)
        .unwrap_or_else(|_| json!({"a": [1, "b", null], "b": {"c": 2.5}}));
    match Expression::parse(line) {
        Ok(expression) => {
            let _ = expression.free_variables();
            let scope = Scope::new().bind("x", json!([3, {"y": "z"}]));
            let evaluate = || {
                let budget = Budget::with_limits(STEPS, BYTES, &scope);
                let value = expression.evaluate_within(&budget, &current, &scope);
                assert!(budget.steps_taken() <= STEPS);
                let value = value.map(|value| value.into_owned());
                assert!(value.as_ref().map_or(0, size) <= BYTES + size(&current) + line.len());
                value
            };
            assert_eq!(evaluate(), evaluate());
        }
        Err(error) => assert!(line.get(error.offset..).is_some(), "{error:?}"),
    }
}

/// The bytes of a value's text.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| key.len() + size(value))
            .sum(),
    }
}
