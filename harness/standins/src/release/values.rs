//! The values of a Release: `valuesFrom`, then `values`, then `set` (provider-helm 1.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosscut_client::{Api, ApiError};

use crosscut_objects::{ObjectRef, object};
use crosscut_yaml::{Limits, Node, SyntaxError, parse};
use serde_json::{Map, Value};

use crate::path::{self, PathError};

/// A part of the values that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ValuesError {
    /// A source that refers to no object.
    #[error("a source of values needs configMapKeyRef or secretKeyRef")]
    NoReference,
    /// An object that cannot be read.
    #[error("cannot get values: {0}")]
    Get(#[source] ApiError),
    /// An object without the key.
    #[error("missing key {key} in {kind} {name}")]
    MissingKey {
        key: String,
        kind: &'static str,
        name: String,
    },
    /// An entry of `set` without a value.
    #[error("missing value for --set: {name}")]
    MissingValue { name: String },
    /// An entry of `set` whose name is no path in the values.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Data of a Secret that are not base64.
    #[error(transparent)]
    Base64(#[from] base64::DecodeError),
    /// Data of a Secret that are not text.
    #[error(transparent)]
    Utf8(#[from] std::string::FromUtf8Error),
    /// Text that is not YAML; the message is that of the first mistake.
    #[error("{}", .0.first().map_or("", |error| error.message.as_str()))]
    Yaml(Vec<SyntaxError>),
}

/// Returns the values as Helm would get them.
///
/// # Errors
/// Fails if a source of values cannot be read.
pub(super) async fn compose(
    api: &Api,
    own: &str,
    parameters: &Value,
) -> Result<Value, ValuesError> {
    let mut values = Value::Object(Map::new());
    for source in list(&parameters["valuesFrom"]) {
        if let Some(text) = referenced(api, own, source, "values.yaml").await? {
            merge(&mut values, yaml(&text)?);
        }
    }
    match &parameters["values"] {
        Value::String(text) => merge(&mut values, yaml(text)?),
        Value::Null => {}
        given => merge(&mut values, given.clone()),
    }
    for set in list(&parameters["set"]) {
        let name = set["name"].as_str().unwrap_or_default();
        let value = match &set["valueFrom"] {
            Value::Null => set["value"].as_str().map(str::to_owned),
            source => referenced(api, own, source, "").await?,
        };
        let value =
            value
                .filter(|value| !value.is_empty())
                .ok_or_else(|| ValuesError::MissingValue {
                    name: name.to_owned(),
                })?;
        path::set(&mut values, name, typed(&value))?;
    }
    Ok(values)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Returns the text that a `configMapKeyRef` or `secretKeyRef` leads to, or `None` if the text is optional and missing.
async fn referenced(
    api: &Api,
    own: &str,
    source: &Value,
    default_key: &str,
) -> Result<Option<String>, ValuesError> {
    let (kind, reference) = match (&source["configMapKeyRef"], &source["secretKeyRef"]) {
        (Value::Null, Value::Null) => {
            return Err(ValuesError::NoReference);
        }
        (Value::Null, secret) => ("Secret", secret),
        (map, _) => ("ConfigMap", map),
    };
    let optional = reference["optional"] == true;
    let namespace = Some(object::text(reference, &["namespace"])).filter(|text| !text.is_empty());
    let address = ObjectRef {
        api_version: "v1",
        kind,
        namespace: namespace.unwrap_or(own),
        name: object::text(reference, &["name"]),
    };
    let found = match api.get(address).await {
        Err(error) if error.is_not_found() && optional => return Ok(None),
        found => found.map_err(ValuesError::Get)?,
    };
    let key = Some(object::text(reference, &["key"]))
        .filter(|key| !key.is_empty())
        .unwrap_or(default_key);
    let Some(text) = found["data"][key].as_str() else {
        if optional {
            return Ok(None);
        }
        return Err(ValuesError::MissingKey {
            key: key.to_owned(),
            kind,
            name: address.name.to_owned(),
        });
    };
    if kind == "ConfigMap" {
        return Ok(Some(text.to_owned()));
    }
    decoded(text).map(Some)
}

fn decoded(text: &str) -> Result<String, ValuesError> {
    Ok(String::from_utf8(STANDARD.decode(text)?)?)
}

fn yaml(text: &str) -> Result<Value, ValuesError> {
    let documents = parse(text, &Limits::default()).map_err(ValuesError::Yaml)?;
    Ok(documents
        .first()
        .map_or(Value::Object(Map::new()), Node::to_value))
}

/// Later values win, maps merge.
fn merge(values: &mut Value, more: Value) {
    match (values, more) {
        (Value::Object(values), Value::Object(more)) => {
            for (name, value) in more {
                merge(values.entry(name).or_insert(Value::Null), value);
            }
        }
        (values, more) => *values = more,
    }
}

/// As Helm's strvals reads a `--set` value.
fn typed(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ if text == "0" || !text.starts_with('0') => text
            .parse::<i64>()
            .map_or_else(|_| Value::String(text.to_owned()), Value::from),
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{merge, typed};

    #[rstest]
    #[case("true", json!(true))]
    #[case("0", json!(0))]
    #[case("007", json!("007"))]
    #[case("12", json!(12))]
    #[case("1.5", json!("1.5"))]
    #[case("/home/kubernetes/bin", json!("/home/kubernetes/bin"))]
    fn set_values_are_typed_as_helm_does(#[case] text: &str, #[case] expected: Value) {
        assert_eq!(typed(text), expected);
    }

    #[test]
    fn later_values_win() {
        let mut values = json!({ "a": { "b": 1, "c": [1] } });
        merge(&mut values, json!({ "a": { "c": [2], "d": null } }));
        assert_eq!(values, json!({ "a": { "b": 1, "c": [2], "d": null } }));
    }
}
