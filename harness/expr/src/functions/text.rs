//! Encodings, labels and paths.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::arguments::Call;
use super::{Function, Outcome, function};
use crate::value::equal_counted;

pub(super) const FUNCTIONS: &[Function] = &[
    function("base64_decode", 1, 1, base64_decode),
    function("base64_encode", 1, 1, |call| {
        Ok(json!(STANDARD.encode(call.string(0)?)))
    }),
    function("label_match", 2, 2, label_match),
    function("path_canonicalize", 1, 1, path_canonicalize),
];

fn base64_decode(call: &Call<'_>) -> Outcome {
    let bytes = STANDARD
        .decode(call.string(0)?)
        .map_err(|error| call.invalid(error.to_string()))?;
    String::from_utf8(bytes)
        .map(Value::String)
        .map_err(|_| call.invalid("the bytes are no text"))
}

/// Returns true if every label of the first is in the second with the same value.
fn label_match(call: &Call<'_>) -> Outcome {
    let (wanted, labels) = (call.object(0)?, call.object(1)?);
    let mut bytes = 0;
    let matches = wanted.iter().all(|(key, value)| {
        let label = labels.get(key);
        label.is_some_and(|label| equal_counted(label, value, &mut bytes))
    });
    call.budget().read(bytes)?;
    Ok(json!(matches))
}

/// Go's `filepath.Join` of one path: without `.`, `..` and doubled slashes.
fn path_canonicalize(call: &Call<'_>) -> Outcome {
    let path = call.string(0)?;
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    Ok(json!(match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) =>
            if path.is_empty() {
                String::new()
            } else {
                ".".to_owned()
            },
        (false, false) => joined,
    }))
}
