//! What holds for every expression; the fuzzer runs the same function.

use crosscut_expr::{Expression, Scope};
use serde_json::{Value, json};

/// The first line is an expression, the rest is the JSON that it is evaluated on. Both end without a panic, and
/// evaluating again gives the same.
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
            let value = expression.evaluate(&current, &scope);
            assert_eq!(value, expression.evaluate(&current, &scope));
        }
        Err(error) => assert!(line.get(error.offset..).is_some(), "{error:?}"),
    }
}
