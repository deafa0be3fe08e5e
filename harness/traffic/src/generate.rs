//! Bodies of a given size, always with the same digest.
//!
//! The padding has counters, so that a body that is cut, doubled or reordered has another digest.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The field that pads a JSON object.
const PADDING: &str = "padding";

/// Returns a text of exactly `size` bytes: numbers of their own positions.
///
/// ```
/// assert_eq!(crosscut_traffic::text_of_size(1_000).len(), 1_000);
/// ```
#[must_use]
pub fn text_of_size(size: usize) -> String {
    let mut text = String::with_capacity(size + 8);
    while text.len() < size {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{:07} ", text.len());
    }
    text.truncate(size);
    text
}

/// Returns a JSON object as text of exactly `size` bytes, padded in an added field `padding`. `None` if the value
/// is not an object, already has that field, or is too long.
#[must_use]
pub fn json_of_size(object: &Value, size: usize) -> Option<String> {
    let mut object = object.as_object()?.clone();
    if object.contains_key(PADDING) {
        return None;
    }
    object.insert(PADDING.to_owned(), Value::String(String::new()));
    let least = Value::Object(object.clone()).to_string().len();
    let filling = text_of_size(size.checked_sub(least)?);
    object.insert(PADDING.to_owned(), Value::String(filling));
    Some(Value::Object(object).to_string())
}

/// Returns the SHA-256 digest in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{json_of_size, sha256, text_of_size};

    #[rstest]
    #[case::nothing(0, "")]
    #[case::cut(10, "0000000 00")]
    #[case::counts(20, "0000000 0000008 0000")]
    fn texts(#[case] size: usize, #[case] expected: &str) {
        assert_eq!(text_of_size(size), expected);
    }

    #[rstest]
    #[case::exact(json!({"model": "a"}), 40, Some(40))]
    #[case::just_fits(json!({}), 14, Some(14))]
    #[case::too_short(json!({}), 13, None)]
    #[case::large(json!({"model": "a"}), 5_000_000, Some(5_000_000))]
    #[case::no_object(json!([1]), 100, None)]
    #[case::has_the_field(json!({"padding": ""}), 100, None)]
    fn objects(#[case] object: Value, #[case] size: usize, #[case] expected: Option<usize>) {
        let text = json_of_size(&object, size);
        assert_eq!(text.as_ref().map(String::len), expected);
        if let Some(text) = text {
            let read: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(read.get("model"), object.get("model"));
        }
    }

    /// The digest of the empty text, from the example values of FIPS 180-4.
    #[test]
    fn a_digest() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), expected);
    }
}
