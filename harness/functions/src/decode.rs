//! Decoding of a protobuf Struct directly to a JSON object.
//!
//! The values equal those of [`convert`](super::convert). The generated types cannot be used: prost decodes at most 100
//! nested messages, and an object needs three for each of its levels. Go's protobuf, which the real Crossplane uses,
//! allows 10,000.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use serde_json::{Map, Value};

use super::convert::from_number;
use super::tags::{BOOLEAN, FIELDS, ITEMS, LIST, MAP_KEY, MAP_VALUE, NULL, NUMBER, STRUCT, TEXT};

/// The largest depth of nested objects and lists: twice the limit for an API server's JSON. A thread's stack has room
/// for several times as many.
const DEEPEST: usize = 256;

/// An error in decoding a message.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not a message.
    #[error(transparent)]
    Malformed(#[from] prost::DecodeError),
    /// A field is longer than the rest of its message.
    #[error("failed to decode Protobuf message: buffer underflow")]
    Short,
    /// A text is not UTF-8.
    #[error("failed to decode Protobuf message: invalid string value: data is not UTF-8 encoded")]
    Text,
    /// The nesting is too deep.
    #[error("objects are read to {DEEPEST} levels, and this one is nested deeper")]
    Deep,
}

/// Returns the object of an encoded Struct.
///
/// # Errors
/// [`DecodeError`] if the bytes are not a Struct, or if its nesting is too deep.
pub fn from_bytes(bytes: &[u8]) -> Result<Value, DecodeError> {
    fields(bytes, DEEPEST)
}

/// Returns the object of a Struct with at most `levels` more levels.
fn fields(bytes: &[u8], levels: usize) -> Result<Value, DecodeError> {
    let levels = levels.checked_sub(1).ok_or(DecodeError::Deep)?;
    let mut object = Map::new();
    each_field(bytes, |tag, field| {
        if let (FIELDS, Field::Bytes(bytes)) = (tag, field) {
            let (name, value) = entry(bytes, levels)?;
            object.insert(name, value);
        }
        Ok(())
    })?;
    Ok(Value::Object(object))
}

/// Returns an entry of the map of fields; missing parts are empty, as in any message.
fn entry(bytes: &[u8], levels: usize) -> Result<(String, Value), DecodeError> {
    let (mut name, mut read) = (String::new(), Value::Null);
    each_field(bytes, |tag, field| {
        match (tag, field) {
            (MAP_KEY, Field::Bytes(bytes)) => name = text(bytes)?,
            (MAP_VALUE, Field::Bytes(bytes)) => merge(&mut read, bytes, levels)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((name, read))
}

/// Merges a Value into an earlier one: as in any message, repeated objects and lists are joined.
fn merge(read: &mut Value, bytes: &[u8], levels: usize) -> Result<(), DecodeError> {
    each_field(bytes, |tag, field| {
        match (tag, field) {
            (NULL, Field::Varint(_)) => *read = Value::Null,
            (NUMBER, Field::Double(number)) => *read = from_number(number),
            (TEXT, Field::Bytes(bytes)) => *read = Value::String(text(bytes)?),
            (BOOLEAN, Field::Varint(number)) => *read = Value::Bool(number != 0),
            (STRUCT, Field::Bytes(bytes)) => join(read, fields(bytes, levels)?),
            (LIST, Field::Bytes(bytes)) => join(read, items(bytes, levels)?),
            _ => {}
        }
        Ok(())
    })
}

fn join(read: &mut Value, more: Value) {
    match (read, more) {
        (Value::Object(fields), Value::Object(more)) => fields.extend(more),
        (Value::Array(items), Value::Array(more)) => items.extend(more),
        (read, more) => *read = more,
    }
}

fn items(bytes: &[u8], levels: usize) -> Result<Value, DecodeError> {
    let levels = levels.checked_sub(1).ok_or(DecodeError::Deep)?;
    let mut items = Vec::new();
    each_field(bytes, |tag, field| {
        if let (ITEMS, Field::Bytes(bytes)) = (tag, field) {
            let mut item = Value::Null;
            merge(&mut item, bytes, levels)?;
            items.push(item);
        }
        Ok(())
    })?;
    Ok(Value::Array(items))
}

/// A field's content by its wire type.
enum Field<'a> {
    Varint(u64),
    Double(f64),
    Bytes(&'a [u8]),
    /// A wire type that no field of a Struct has.
    Other,
}

/// Calls `take` with every field of a message.
fn each_field<'a>(
    mut bytes: &'a [u8],
    mut take: impl FnMut(u32, Field<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    while !bytes.is_empty() {
        let (tag, wire_type) = decode_key(&mut bytes)?;
        let field = match wire_type {
            WireType::Varint => Field::Varint(decode_varint(&mut bytes)?),
            WireType::SixtyFourBit => {
                let (number, rest) = bytes.split_first_chunk().ok_or(DecodeError::Short)?;
                bytes = rest;
                Field::Double(f64::from_le_bytes(*number))
            }
            WireType::LengthDelimited => {
                let length = usize::try_from(decode_varint(&mut bytes)?);
                let split = length
                    .ok()
                    .and_then(|length| bytes.split_at_checked(length));
                let (content, rest) = split.ok_or(DecodeError::Short)?;
                bytes = rest;
                Field::Bytes(content)
            }
            _ => {
                skip_field(wire_type, tag, &mut bytes, DecodeContext::default())?;
                Field::Other
            }
        };
        take(tag, field)?;
    }
    Ok(())
}

fn text(bytes: &[u8]) -> Result<String, DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::Text)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use pbjson_types::Struct;
    use proptest::prelude::*;
    use prost::Message as _;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::{convert, to_bytes};

    /// Returns an object whose innermost level has a text.
    fn nested(levels: usize, wrap: fn(Value) -> Value) -> Value {
        (1..levels).fold(json!({"end": "here"}), |inner, _| wrap(inner))
    }

    #[rstest]
    #[case::nothing(json!({}))]
    #[case::every_kind(json!({"a": null, "b": true, "c": false, "d": 0, "e": -1.5, "f": "", "g": "x", "h": {}, "i": []}))]
    #[case::nested(json!({"a": [{"b": [[1, "x"], null, {"c": {"d": {}}}]}], "": {"": ""}}))]
    #[case::a_third_of_what_prost_reads(nested(33, |inner| json!({"a": inner})))]
    #[case::the_deepest(nested(DEEPEST, |inner| json!({"a": inner})))]
    #[case::the_deepest_with_lists(json!({"a": nested(DEEPEST - 1, |inner| json!([inner]))}))]
    fn an_object_comes_back(#[case] value: Value) {
        assert_eq!(from_bytes(&to_bytes(&value)).unwrap(), value);
    }

    #[rstest]
    #[case::objects(nested(DEEPEST + 1, |inner| json!({"a": inner})))]
    #[case::lists(json!({"a": nested(DEEPEST, |inner| json!([inner]))}))]
    fn what_is_deeper_is_refused(#[case] value: Value) {
        let error = from_bytes(&to_bytes(&value)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "objects are read to 256 levels, and this one is nested deeper"
        );
    }

    #[rstest]
    #[case::cut_off(&[0x0a, 5, 0x0a])]
    #[case::a_length_beyond_all(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])]
    #[case::not_utf_8(&[0x0a, 3, 0x0a, 1, 0xff])]
    #[case::a_group_without_end(&[0x0b, 0x0b])]
    #[case::no_field_zero(&[0x00])]
    fn what_is_no_message_is_an_error(#[case] bytes: &[u8]) {
        assert!(from_bytes(bytes).is_err());
        assert!(Struct::decode(bytes).is_err());
    }

    proptest! {
        /// Both decoders agree on any bytes that prost can decode; no bytes make this one panic.
        #[test]
        fn both_readers_agree(bytes in proptest::collection::vec(prop_oneof![
            Just(0x0a), Just(0x12), Just(1), Just(2), Just(3), Just(4), Just(0x1a), Just(0x2a), Just(0x20), any::<u8>(),
        ], 0..24)) {
            let ours = from_bytes(&bytes).ok();
            if let (Some(ours), Ok(theirs)) = (ours, Struct::decode(bytes.as_slice())) {
                prop_assert_eq!(ours, convert::from_struct(theirs));
            }
        }
    }
}
