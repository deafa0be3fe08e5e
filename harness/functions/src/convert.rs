//! Conversion of JSON values to protobuf's Struct and back, as in Crossplane (Go's structpb).
//!
//! A Struct has only doubles, so every number becomes a double. Whole numbers return as integers, since Go's JSON
//! encoder writes them without a fraction. Values are moved, not copied, on the way back.

use pbjson_types::value::Kind;
use pbjson_types::{ListValue, Struct, Value as Proto};
use serde_json::{Map, Number, Value};

/// The bound below which Go writes whole doubles as plain digits; larger ones get an exponent.
const PLAIN_DIGITS: f64 = 1e21;

/// Returns an object as a Struct; any other value becomes an empty one.
pub fn to_struct(value: &Value) -> Struct {
    let fields = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), to_proto(value)));
    Struct {
        fields: fields.collect(),
    }
}

fn to_proto(value: &Value) -> Proto {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(*value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(ListValue {
            values: items.iter().map(to_proto).collect(),
        }),
        Value::Object(_) => Kind::StructValue(to_struct(value)),
    };
    Proto { kind: Some(kind) }
}

/// Returns a Struct as an object.
///
/// ```
/// use crosscut_functions::convert::{from_struct, to_struct};
/// use serde_json::json;
///
/// let object = json!({"spec": {"size": 3, "names": ["a"]}});
/// assert_eq!(from_struct(to_struct(&object)), object);
/// ```
pub fn from_struct(fields: Struct) -> Value {
    Value::Object(
        fields
            .fields
            .into_iter()
            .map(|(key, value)| (key, from_proto(value)))
            .collect::<Map<_, _>>(),
    )
}

fn from_proto(value: Proto) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => Value::Bool(value),
        Some(Kind::NumberValue(number)) => from_number(number),
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::ListValue(list)) => {
            Value::Array(list.values.into_iter().map(from_proto).collect())
        }
        Some(Kind::StructValue(fields)) => from_struct(fields),
    }
}

/// Returns a double as the number that Go's JSON encoder writes.
pub(crate) fn from_number(number: f64) -> Value {
    if number.is_finite() && number.fract() == 0.0 && number.abs() < PLAIN_DIGITS {
        // A number beyond 64 bits stays a double, as the API server reads it.
        return format!("{number:.0}")
            .parse::<i64>()
            .map_or_else(|_| double(number), Value::from);
    }
    double(number)
}

fn double(number: f64) -> Value {
    if number.is_nan() {
        return Value::String("NaN".to_owned());
    }
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number > 0.0 => Value::String("Infinity".to_owned()),
        None => Value::String("-Infinity".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::integers(json!({"a": 3, "b": -7, "c": 0}))]
    #[case::fractions(json!({"a": 0.5, "b": -1.25}))]
    #[case::nested(json!({"a": [{"b": [1, "x", null, true]}], "c": {}}))]
    #[case::the_largest_exact_integer(json!({"a": 9_007_199_254_740_992_i64}))]
    #[case::text_that_looks_like_a_number(json!({"a": "3", "b": "1e3"}))]
    fn values_survive(#[case] value: Value) {
        assert_eq!(from_struct(to_struct(&value)), value);
    }

    #[rstest]
    #[case::rounded_to_a_double(json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992_i64))]
    #[case::a_whole_double_becomes_an_integer(json!(3.0), json!(3))]
    #[case::large_but_whole(json!(1e18), json!(1_000_000_000_000_000_000_i64))]
    #[case::beyond_64_bits(json!(1e20), json!(1e20))]
    #[case::minus_zero(json!(-0.0), json!(0))]
    fn numbers_pass_through_doubles(#[case] sent: Value, #[case] received: Value) {
        assert_eq!(from_struct(to_struct(&json!({"n": sent})))["n"], received);
    }

    #[rstest]
    #[case(f64::NAN, "NaN")]
    #[case(f64::INFINITY, "Infinity")]
    #[case(f64::NEG_INFINITY, "-Infinity")]
    fn what_json_cannot_say_becomes_text(#[case] number: f64, #[case] text: &str) {
        assert_eq!(from_number(number), json!(text));
    }
}
