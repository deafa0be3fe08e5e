//! JSON values as structured-merge-diff orders them; equal is what neither comes first.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// A value that is part of a path.
#[derive(Clone, Debug)]
pub(crate) struct Literal(pub(crate) Value);

impl PartialEq for Literal {
    fn eq(&self, other: &Literal) -> bool {
        equal(&self.0, &other.0)
    }
}

impl Eq for Literal {}

impl PartialOrd for Literal {
    fn partial_cmp(&self, other: &Literal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Literal {
    fn cmp(&self, other: &Literal) -> Ordering {
        compare(&self.0, &other.0)
    }
}

/// Returns true if two values are the same; whole floats are integers, also deep inside.
pub(crate) fn equal(one: &Value, other: &Value) -> bool {
    compare(one, other) == Ordering::Equal
}

fn compare(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_i64(), other.as_i64()) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => one
                .as_f64()
                .partial_cmp(&other.as_f64())
                .unwrap_or(Ordering::Equal),
        },
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Array(one), Value::Array(other)) => compare_lists(one, other),
        (Value::Object(one), Value::Object(other)) => compare_maps(one, other),
        _ => sort(one).cmp(&sort(other)),
    }
}

fn compare_lists(one: &[Value], other: &[Value]) -> Ordering {
    let items = one
        .iter()
        .zip(other)
        .map(|(one, other)| compare(one, other));
    first_difference(items).then(one.len().cmp(&other.len()))
}

fn compare_maps(one: &Map<String, Value>, other: &Map<String, Value>) -> Ordering {
    let entries = one
        .iter()
        .zip(other)
        .map(|((name, value), (other_name, other_value))| {
            name.cmp(other_name)
                .then_with(|| compare(value, other_value))
        });
    first_difference(entries).then(one.len().cmp(&other.len()))
}

fn first_difference(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Numbers come before texts, and so on.
fn sort(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::whole_floats_are_integers(json!(1), json!(1.0), Ordering::Equal)]
    #[case::numbers_by_size(json!(9), json!(10), Ordering::Less)]
    #[case::floats_among_integers(json!(2), json!(1.5), Ordering::Greater)]
    #[case::numbers_before_texts(json!(9), json!("1"), Ordering::Less)]
    #[case::texts_before_booleans(json!("z"), json!(false), Ordering::Less)]
    #[case::booleans_before_lists(json!(true), json!([]), Ordering::Less)]
    #[case::lists_before_maps(json!([1]), json!({}), Ordering::Less)]
    #[case::maps_before_null(json!({ "a": 1 }), json!(null), Ordering::Less)]
    #[case::shorter_lists_first(json!([1]), json!([1, 2]), Ordering::Less)]
    #[case::lists_by_their_first_difference(json!([2]), json!([1, 2]), Ordering::Greater)]
    #[case::maps_by_name(json!({ "a": 2 }), json!({ "b": 1 }), Ordering::Less)]
    #[case::maps_by_value(json!({ "a": [1.0] }), json!({ "a": [1] }), Ordering::Equal)]
    fn values_have_an_order(#[case] one: Value, #[case] other: Value, #[case] order: Ordering) {
        assert_eq!(compare(&one, &other), order);
        assert_eq!(compare(&other, &one), order.reverse());
    }
}
