//! Field paths as Crossplane writes them: `spec.containers[0].name`, `metadata.annotations[example.org/a]`.

use serde_json::{Map, Value};

/// An error in a path, or between a path and the value that it is applied to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    /// A field of a value that is not an object.
    #[error("{path}: not an object")]
    NotAnObject { path: String },
    /// An index of a value that is not an array.
    #[error("{path}: not an array")]
    NotAnArray { path: String },
    /// An index beyond [`MOST_ITEMS`].
    #[error("{path}: index {index} is too large")]
    IndexTooLarge { path: String, index: usize },
    /// A bracket without its end.
    #[error("{path}: unterminated '['")]
    Unterminated { path: String },
    /// A dot without a name before it.
    #[error("{path}: unexpected '.'")]
    UnexpectedDot { path: String },
    /// A path without steps.
    #[error("the path is empty")]
    Empty,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
}

/// The longest list that a path may make.
const MOST_ITEMS: usize = 1024;

/// Returns the value at a path, or `None` if the value has no such field or item.
pub(crate) fn get<'a>(value: &'a Value, path: &str) -> Result<Option<&'a Value>, PathError> {
    let steps = parse(path)?;
    Ok(steps.iter().try_fold(value, |value, step| match step {
        Step::Field(name) => value.get(name),
        Step::Index(index) => value.get(index),
    }))
}

/// Sets the value at a path, and adds the objects and arrays that are missing on the way.
pub(crate) fn set(target: &mut Value, path: &str, value: Value) -> Result<(), PathError> {
    let owned = || path.to_owned();
    let mut place = target;
    for step in parse(path)? {
        place = match step {
            Step::Field(name) => {
                if place.is_null() {
                    *place = Value::Object(Map::new());
                }
                let map = place
                    .as_object_mut()
                    .ok_or_else(|| PathError::NotAnObject { path: owned() })?;
                map.entry(name).or_insert(Value::Null)
            }
            Step::Index(index) => {
                if place.is_null() {
                    *place = Value::Array(Vec::new());
                }
                let list = place
                    .as_array_mut()
                    .ok_or_else(|| PathError::NotAnArray { path: owned() })?;
                if index >= MOST_ITEMS {
                    return Err(PathError::IndexTooLarge {
                        path: owned(),
                        index,
                    });
                }
                while list.len() <= index {
                    list.push(Value::Null);
                }
                &mut list[index]
            }
        };
    }
    *place = value;
    Ok(())
}

fn parse(path: &str) -> Result<Vec<Step>, PathError> {
    let owned = || path.to_owned();
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (name, after) = inner
                .split_once(']')
                .ok_or_else(|| PathError::Unterminated { path: owned() })?;
            let name = name.trim_matches(['\'', '"']);
            steps.push(
                name.parse()
                    .map_or_else(|_| Step::Field(name.to_owned()), Step::Index),
            );
            rest = after.strip_prefix('.').unwrap_or(after);
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() {
                return Err(PathError::UnexpectedDot { path: owned() });
            }
            steps.push(Step::Field(name.to_owned()));
            rest = after.strip_prefix('.').unwrap_or(after);
        }
    }
    if steps.is_empty() {
        return Err(PathError::Empty);
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::{get, set};

    #[rstest]
    #[case("a.b", Some(json!([1, {"c": 2}])))]
    #[case("a.b[1].c", Some(json!(2)))]
    #[case("a['x.y/z']", Some(json!(3)))]
    #[case("a[x.y/z]", Some(json!(3)))]
    #[case("a.nothing", None)]
    fn paths_lead_to_values(#[case] path: &str, #[case] expected: Option<serde_json::Value>) {
        let value = json!({ "a": { "b": [1, { "c": 2 }], "x.y/z": 3 } });
        assert_eq!(get(&value, path), Ok(expected.as_ref()));
    }

    #[test]
    fn setting_makes_the_way() {
        let mut value = json!({});
        assert_eq!(set(&mut value, "a.b[1].c", json!(1)), Ok(()));
        assert_eq!(value, json!({ "a": { "b": [null, { "c": 1 }] } }));
        assert!(set(&mut value, "a.b.c", json!(1)).is_err());
        assert!(set(&mut value, "a[999999999]", json!(1)).is_err());
        assert!(set(&mut value, "", json!(1)).is_err());
        assert!(get(&value, "a[").is_err());
    }
}
