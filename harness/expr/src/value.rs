//! What values are in JMESPath: types, truth, order, and numbers that are equal across integer and float.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// The type's name as messages say it.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// False are null, false, and empty strings, arrays and objects.
pub(crate) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

/// Returns true if two values are equal; integers equal floats of the same value, at any depth.
///
/// ```
/// use crosscut_expr::equal;
/// use serde_json::json;
///
/// assert!(equal(&json!({"size": 1}), &json!({"size": 1.0})));
/// assert!(!equal(&json!(1), &json!("1")));
/// ```
#[must_use]
pub fn equal(left: &Value, right: &Value) -> bool {
    equal_counted(left, right, &mut 0)
}

/// As [`equal`]; adds the bytes that were compared to `bytes`.
pub(crate) fn equal_counted(left: &Value, right: &Value, bytes: &mut usize) -> bool {
    *bytes += size_of::<Value>();
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            compare_numbers(left, right) == Some(Ordering::Equal)
        }
        (Value::String(left), Value::String(right)) => {
            *bytes += left.len().min(right.len());
            left == right
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| equal_counted(left, right, bytes))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| {
                    *bytes += key.len();
                    right
                        .get(key)
                        .is_some_and(|right| equal_counted(left, right, bytes))
                })
        }
        _ => left == right,
    }
}

pub(crate) fn compare_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn whole(number: &Number) -> Option<i128> {
    number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from))
}

/// A number; integral where it is exactly so, since JSON and Kubernetes tell integers from floats.
pub(crate) fn number(value: f64) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "integral and within the exact range of f64, checked above"
        )]
        let whole = value as i64;
        return Some(Value::from(whole));
    }
    Number::from_f64(value).map(Value::Number)
}
