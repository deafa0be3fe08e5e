//! Encoding of a JSON object directly as a protobuf Struct.
//!
//! The values equal those of [`convert`](super::convert): every number becomes a double.

use bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint};
use serde_json::{Map, Value};

use super::tags::{BOOLEAN, FIELDS, ITEMS, LIST, MAP_KEY, MAP_VALUE, NULL, NUMBER, STRUCT, TEXT};

/// Returns an object as an encoded Struct; any other value becomes an empty one.
///
/// ```
/// use crosscut_functions::{from_bytes, to_bytes};
/// use serde_json::json;
///
/// let object = json!({"metadata": {"name": "colours"}});
/// assert_eq!(from_bytes(&to_bytes(&object)).unwrap(), object);
/// ```
pub fn to_bytes(value: &Value) -> Bytes {
    let mut out = Vec::new();
    if let Some(fields) = value.as_object() {
        put_fields(&mut out, fields);
    }
    out.into()
}

fn put_fields(out: &mut Vec<u8>, fields: &Map<String, Value>) {
    for (name, value) in fields {
        nested(out, FIELDS, |out| {
            put_text(out, MAP_KEY, name);
            nested(out, MAP_VALUE, |out| put_value(out, value));
        });
    }
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => {
            encode_key(NULL, WireType::Varint, out);
            out.push(0);
        }
        Value::Bool(value) => {
            encode_key(BOOLEAN, WireType::Varint, out);
            out.push(u8::from(*value));
        }
        Value::Number(number) => {
            encode_key(NUMBER, WireType::SixtyFourBit, out);
            let double = number.as_f64().unwrap_or(f64::NAN);
            out.extend_from_slice(&double.to_le_bytes());
        }
        Value::String(text) => put_text(out, TEXT, text),
        Value::Object(fields) => nested(out, STRUCT, |out| put_fields(out, fields)),
        Value::Array(items) => nested(out, LIST, |out| {
            for item in items {
                nested(out, ITEMS, |out| put_value(out, item));
            }
        }),
    }
}

fn put_text(out: &mut Vec<u8>, tag: u32, text: &str) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Writes a field and then its length. Most fields are shorter than 128 bytes, so that their length takes one
/// byte.
fn nested(out: &mut Vec<u8>, tag: u32, write: impl FnOnce(&mut Vec<u8>)) {
    encode_key(tag, WireType::LengthDelimited, out);
    let place = out.len();
    out.push(0);
    write(out);
    let length = out.len() - place - 1;
    if let (Ok(short @ 0..128), Some(byte)) = (u8::try_from(length), out.get_mut(place)) {
        *byte = short;
        return;
    }
    let mut written = Vec::with_capacity(5);
    encode_varint(length as u64, &mut written);
    out.splice(place..=place, written);
}

#[cfg(test)]
mod tests {
    use pbjson_types::Struct;
    use prost::Message as _;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::convert;

    #[rstest]
    #[case::nothing(json!({}))]
    #[case::no_object(json!([1]))]
    #[case::every_kind(json!({"a": null, "b": true, "c": false, "d": 0, "e": -1.5, "f": "", "g": "x", "h": {}, "i": []}))]
    #[case::nested(json!({"a": [{"b": [[1, "x"], null, {"c": {"d": {}}}]}], "": {"": ""}}))]
    #[case::long(json!({"text": "long ".repeat(10_000), "list": vec![json!({"a": "é"}); 300]}))]
    fn the_bytes_are_those_of_the_struct(#[case] value: Value) {
        let read = Struct::decode(to_bytes(&value)).unwrap();
        assert_eq!(read, convert::to_struct(&value));
    }
}
