//! Headers as JSON.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use crate::error::HeaderError;

/// Returns headers as an object, with names in lower case. A header that occurs several times is a list of texts. Bytes
/// that are not UTF-8 are replaced.
#[must_use]
pub fn values_of(headers: &HeaderMap) -> Value {
    let mut object = Map::new();
    for name in headers.keys() {
        let values: Vec<Value> = headers
            .get_all(name)
            .iter()
            .map(|value| json!(String::from_utf8_lossy(value.as_bytes())))
            .collect();
        let value = match <[Value; 1]>::try_from(values) {
            Ok([value]) => value,
            Err(values) => Value::Array(values),
        };
        object.insert(name.as_str().to_owned(), value);
    }
    Value::Object(object)
}

/// Adds a header with a value in the form of [`values_of`]: a text, or a list of texts.
///
/// # Errors
/// Returns a [`HeaderError`] if the name or the value is invalid.
pub fn add_header(headers: &mut HeaderMap, name: &str, value: &Value) -> Result<(), HeaderError> {
    let wrong = |reason: &str| HeaderError {
        name: name.to_owned(),
        reason: reason.to_owned(),
    };
    let known = HeaderName::from_bytes(name.as_bytes());
    let known = known.map_err(|_| wrong("a name has letters, digits and some signs, no spaces"))?;
    let values = match value {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    for value in values {
        let text = value
            .as_str()
            .ok_or_else(|| wrong("its value is no text"))?;
        let text = HeaderValue::from_str(text);
        let text = text.map_err(|_| wrong("its value has a sign that cannot be sent"))?;
        headers.append(known.clone(), text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{add_header, values_of};

    #[test]
    fn once_and_several_times() {
        let mut headers = HeaderMap::new();
        headers.append("X-One", "1".parse().unwrap());
        headers.append("x-two", "1".parse().unwrap());
        headers.append("X-Two", "2".parse().unwrap());
        let expected = json!({"x-one": "1", "x-two": ["1", "2"]});
        assert_eq!(values_of(&headers), expected);
    }

    #[rstest]
    #[case::text("X-A", json!("1"), Ok(json!({"x-a": "1"})))]
    #[case::several("x-a", json!(["1", "2"]), Ok(json!({"x-a": ["1", "2"]})))]
    #[case::none("x-a", json!([]), Ok(json!({})))]
    #[case::a_number("x-a", json!(1), Err("its value is no text"))]
    #[case::a_line_break("x-a", json!("1\r\nx-b: 2"), Err("its value has a sign that cannot be sent"))]
    #[case::a_space("x a", json!("1"), Err("a name has letters, digits and some signs, no spaces"))]
    #[case::of_http2(":path", json!("/"), Err("a name has letters, digits and some signs, no spaces"))]
    fn headers(#[case] name: &str, #[case] value: Value, #[case] expected: Result<Value, &str>) {
        let mut headers = HeaderMap::new();
        let added = add_header(&mut headers, name, &value);
        let found = added
            .map(|()| values_of(&headers))
            .map_err(|error| error.reason);
        assert_eq!(found, expected.map_err(str::to_owned));
    }
}
