//! Functions on objects, and on values of any type.

use serde_json::{Map, Value, json};

use super::arguments::Call;
use super::{Function, MANY, Outcome, function};
use crate::budget::size;
use crate::value::type_name;

pub(super) const FUNCTIONS: &[Function] = &[
    function("as_string", 1, 1, as_string),
    function("items", 1, 3, items),
    function("json_parse", 1, 1, parse_json),
    function("keys", 1, 1, keys),
    function("lookup", 2, 2, lookup),
    function("merge", 1, MANY, merge),
    function("parse_json", 1, 1, parse_json),
    function("parse_yaml", 1, 1, parse_yaml),
    function("to_boolean", 1, 1, to_boolean),
    function("to_string", 1, 1, to_string),
    function("type", 1, 1, type_of),
    function("values", 1, 1, values),
];

/// Bounds on YAML in a text.
const YAML: crosscut_yaml::Limits = crosscut_yaml::Limits {
    bytes: 4 << 20,
    depth: 100,
    nodes: 100_000,
    documents: 100,
};

/// A string as it is, anything else as null.
fn as_string(call: &Call<'_>) -> Outcome {
    Ok(call.value(0)?.as_str().map(Value::from).unwrap_or_default())
}

/// Pairs, or with two names objects of a key and a value.
fn items(call: &Call<'_>) -> Outcome {
    let pair = |key: Value, value: &Value| -> Outcome {
        match (call.optional_string(1)?, call.optional_string(2)?) {
            (Some(key_name), Some(value_name)) => Ok(json!({key_name: key, value_name: value})),
            _ => Ok(json!([key, value])),
        }
    };
    match call.value(0)? {
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| pair(json!(key), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| pair(json!(index), value))
            .collect(),
        other => Err(call.wrong(0, "an object or an array", type_name(other))),
    }
}

fn keys(call: &Call<'_>) -> Outcome {
    Ok(call.object(0)?.keys().cloned().map(Value::String).collect())
}

fn values(call: &Call<'_>) -> Outcome {
    Ok(call.object(0)?.values().cloned().collect())
}

fn lookup(call: &Call<'_>) -> Outcome {
    let found = match call.value(0)? {
        Value::Object(entries) => entries.get(call.string(1)?),
        Value::Array(items) => usize::try_from(call.integer(1)?)
            .ok()
            .and_then(|index| items.get(index)),
        other => return Err(call.wrong(0, "an object or an array", type_name(other))),
    };
    Ok(found.cloned().unwrap_or_default())
}

fn merge(call: &Call<'_>) -> Outcome {
    let mut merged = Map::new();
    for index in 0..call.count() {
        for (key, value) in call.object(index)? {
            merged.insert(key.clone(), call.copy(value)?);
        }
    }
    Ok(Value::Object(merged))
}

fn parse_json(call: &Call<'_>) -> Outcome {
    serde_json::from_str(call.string(0)?).map_err(|error| call.invalid(error.to_string()))
}

/// The first document of a text, read as Kubernetes' tools read YAML.
fn parse_yaml(call: &Call<'_>) -> Outcome {
    let text = call.string(0)?;
    let documents = crosscut_yaml::parse(text, &YAML).map_err(|errors| {
        let first = errors.into_iter().next();
        call.invalid(first.map_or_else(String::new, |error| error.to_string()))
    })?;
    Ok(documents
        .first()
        .map(crosscut_yaml::Node::to_value)
        .unwrap_or_default())
}

fn to_boolean(call: &Call<'_>) -> Outcome {
    match call.string(0)?.to_lowercase().as_str() {
        "true" => Ok(json!(true)),
        "false" => Ok(json!(false)),
        other => Err(call.invalid(format!("\"{other}\" is neither true nor false"))),
    }
}

fn to_string(call: &Call<'_>) -> Outcome {
    Ok(match call.value(0)? {
        Value::String(text) => json!(text),
        other => {
            call.budget().read(size(other))?;
            json!(other.to_string())
        }
    })
}

fn type_of(call: &Call<'_>) -> Outcome {
    Ok(json!(match call.value(0)? {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }))
}
