//! The differences between two objects, field by field.

use std::collections::BTreeSet;
use std::fmt;

use crosscut_events::secret::{MASK, is_secret, is_secret_field, masked};
use serde::Serialize;
use serde_json::Value;

/// One difference between two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The trial, as `scenario::provider`.
    pub trial: String,
    /// The side, `control` or `target`. Empty if the verdicts differ.
    pub side: String,
    /// The object, as `Kind.group namespace/name`.
    pub object: String,
    /// The path in the object, such as `spec.names.plural`. Empty for the whole object.
    pub path: String,
    /// The values of the two runs.
    #[serde(flatten)]
    pub values: Values,
}

/// The values of one field in two runs. `None` if the field is missing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Values {
    /// The value in the first run.
    pub left: Option<Value>,
    /// The value in the second run.
    pub right: Option<Value>,
    /// True if the values are from a Secret.
    #[serde(skip)]
    pub secret: bool,
}

impl Values {
    /// Masks secret values.
    pub fn mask(&mut self) {
        for value in [&mut self.left, &mut self.right].into_iter().flatten() {
            *value = match self.secret {
                true => Value::String(MASK.to_owned()),
                false => masked(value),
            };
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = [self.side.as_str(), &self.object, &self.path];
        let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
        write!(
            formatter,
            "{} {}: {} / {}",
            self.trial,
            place.join(" "),
            shown(self.values.left.as_ref()),
            shown(self.values.right.as_ref())
        )
    }
}

/// The maximum length of a displayed value, in characters.
const SHOWN: usize = 160;

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Returns every difference between `left` and `right`, with its path.
pub(crate) fn differences(left: &Value, right: &Value) -> Vec<(String, Values)> {
    let mut found = Vec::new();
    walk("", Some(left), Some(right), false, &mut found);
    found
}

fn walk(
    path: &str,
    left: Option<&Value>,
    right: Option<&Value>,
    secret: bool,
    found: &mut Vec<(String, Values)>,
) {
    match (left, right) {
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            let is_secret = is_secret(one) || is_secret(other);
            for key in keys {
                let secret = secret || (is_secret && is_secret_field(key));
                walk(
                    &field(path, key),
                    one.get(key),
                    other.get(key),
                    secret,
                    found,
                );
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            for index in 0..one.len().max(other.len()) {
                let path = format!("{path}[{index}]");
                walk(&path, one.get(index), other.get(index), secret, found);
            }
        }
        (left, right) if left == right => {}
        (left, right) => found.push((
            path.to_owned(),
            Values {
                left: left.cloned(),
                right: right.cloned(),
                secret,
            },
        )),
    }
}

fn field(path: &str, key: &str) -> String {
    let plain = key
        .chars()
        .all(|character| character.is_ascii_alphanumeric() || character == '_');
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{key:?}]"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_secrets_are_masked() {
        let secret =
            |value: &str| json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": value}});
        let object = |value: &str| json!({"kind": "Object", "n": value, "manifest": secret(value)});
        let mut found = differences(&object("x"), &object("y"));
        found.extend(differences(&json!([]), &json!([secret("z")])));
        for (_, values) in &mut found {
            values.mask();
        }
        let shown: Vec<(&str, &Option<Value>)> = found
            .iter()
            .map(|(path, values)| (path.as_str(), &values.right))
            .collect();
        let expected = [
            ("manifest.data.a", &Some(json!(MASK))),
            ("n", &Some(json!("y"))),
            ("[0]", &Some(secret(MASK))),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn each_place_is_named_once() {
        let left = json!({"a": 1, "b": [1, 2], "c": {"x.y": true}, "same": 1});
        let right = json!({"a": 2, "b": [1], "c": {}, "same": 1});
        let paths: Vec<String> = differences(&left, &right)
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        assert_eq!(paths, ["a", "b[1]", "c[\"x.y\"]"]);
    }
}
