//! JSON patch (RFC 6902), as kube-apiserver's library does it.
//!
//! It is laxer than the RFC: `replace`, `copy` and a `test` against null take what is not there for null, a value
//! that is left out is null, negative indices count from the end, and what stands before the first slash of a path
//! means nothing. It is stricter in one thing: the whole can be replaced and tested, and nothing else.

use serde_json::{Map, Value};

use crate::error::PatchError;
use crate::go_text::quoted;

/// The number of bytes that a patch may copy (kube-apiserver's JSONPatchMaxCopyBytes).
const COPY_LIMIT: usize = 3 * 1024 * 1024;

/// The target after a list of operations; all of them or none.
///
/// # Errors
/// [`PatchError::Malformed`] for what is no list of operations, [`PatchError::DoesNotApply`] where one does not fit.
///
/// ```
/// use crosscut_merge::json_patch;
/// use serde_json::json;
///
/// let operations = json!([{"op": "add", "path": "/list/-", "value": "b"}]);
/// let patched = json_patch(&json!({"list": ["a"]}), &operations).unwrap();
/// assert_eq!(patched, json!({"list": ["a", "b"]}));
/// ```
pub fn json_patch(target: &Value, operations: &Value) -> Result<Value, PatchError> {
    let operations = operations_of(operations).map_err(PatchError::Malformed)?;
    let mut patch = Patch {
        target: target.clone(),
        copied: 0,
    };
    for operation in operations {
        patch.apply(&operation).map_err(PatchError::DoesNotApply)?;
    }
    Ok(patch.target)
}

fn operations_of(patch: &Value) -> Result<Vec<Map<String, Value>>, String> {
    let refusal = |found: &Value, wanted: &str| {
        let found = json_sort(found);
        format!("json: cannot unmarshal {found} into Go value of type jsonpatch.{wanted}")
    };
    let list = match patch {
        Value::Array(list) => list.as_slice(),
        Value::Null => &[],
        other => return Err(refusal(other, "Patch")),
    };
    let operations = list.iter().map(|item| match item {
        Value::Object(operation) => Ok(operation.clone()),
        Value::Null => Ok(Map::new()),
        other => Err(refusal(other, "Operation")),
    });
    operations.collect()
}

fn json_sort(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

struct Patch {
    target: Value,
    copied: usize,
}

impl Patch {
    fn apply(&mut self, operation: &Map<String, Value>) -> Result<(), String> {
        let kind = operation
            .get("op")
            .and_then(Value::as_str)
            .unwrap_or("unknown");
        match kind {
            "add" => self.add(operation),
            "remove" => self.remove(operation),
            "replace" => self.replace(operation),
            "move" => self.move_value(operation),
            "copy" => self.copy(operation),
            "test" => self.test(operation),
            other => Err(format!("Unexpected kind: {other}")),
        }
    }

    fn add(&mut self, operation: &Map<String, Value>) -> Result<(), String> {
        let path =
            path(operation).map_err(|_| "add operation failed to decode path: missing value")?;
        let (container, key) = container(&mut self.target, path).ok_or_else(|| {
            let path = quoted_path(path);
            format!("add operation does not apply: doc is missing path: {path}: missing value")
        })?;
        add(container, key, value(operation))
            .map_err(|why| format!("error in add for path: '{path}': {why}"))
    }

    fn remove(&mut self, operation: &Map<String, Value>) -> Result<(), String> {
        let path =
            path(operation).map_err(|_| "remove operation failed to decode path: missing value")?;
        let (container, key) = container(&mut self.target, path).ok_or_else(|| {
            let path = quoted_path(path);
            format!("remove operation does not apply: doc is missing path: {path}: missing value")
        })?;
        match remove(container, &key) {
            Ok(_) => Ok(()),
            Err(why) => Err(format!("error in remove for path: '{path}': {why}")),
        }
    }

    fn replace(&mut self, operation: &Map<String, Value>) -> Result<(), String> {
        let path = path(operation)
            .map_err(|why| format!("replace operation failed to decode path: {why}"))?;
        let value = value(operation);
        if path.is_empty() {
            if value.is_object() || value.is_array() {
                self.target = value;
            }
            return Ok(());
        }
        let (container, key) = container(&mut self.target, path).ok_or_else(|| {
            format!("replace operation does not apply: doc is missing path: {path}: missing value")
        })?;
        get(container, &key).map_err(|_| {
            format!("replace operation does not apply: doc is missing key: {path}: missing value")
        })?;
        set(container, key, value)
    }

    fn move_value(&mut self, operation: &Map<String, Value>) -> Result<(), String> {
        let from = from(operation)
            .map_err(|why| format!("move operation failed to decode from: {why}"))?;
        let (source, key) = container(&mut self.target, from).ok_or_else(|| {
            format!(
                "move operation does not apply: doc is missing from path: {from}: missing value"
            )
        })?;
        let value = remove(source, &key)
            .map_err(|why| format!("error in move for path: '{key}': {why}"))?;
        let path = path(operation)
            .map_err(|why| format!("move operation failed to decode path: {why}"))?;
        let (destination, key) = container(&mut self.target, path).ok_or_else(|| {
            format!("move operation does not apply: doc is missing destination path: {path}: missing value")
        })?;
        add(destination, key, value)
            .map_err(|why| format!("error in move for path: '{path}': {why}"))
    }

    fn copy(&mut self, operation: &Map<String, Value>) -> Result<(), String> {
        let from = from(operation)
            .map_err(|why| format!("copy operation failed to decode from: {why}"))?;
        let (source, key) = container(&mut self.target, from).ok_or_else(|| {
            format!(
                "copy operation does not apply: doc is missing from path: {from}: missing value"
            )
        })?;
        let value =
            get(source, &key).map_err(|why| format!("error in copy for from: '{from}': {why}"))?;
        let value = value.cloned().unwrap_or_default();
        let path =
            path(operation).map_err(|_| "copy operation failed to decode path: missing value")?;
        let (destination, key) = container(&mut self.target, path).ok_or_else(|| {
            format!("copy operation does not apply: doc is missing destination path: {path}: missing value")
        })?;
        self.copied += value.to_string().len();
        if self.copied > COPY_LIMIT {
            return Err(format!(
                "Unable to complete the copy, the accumulated size increase of copy is {}, exceeding the limit {COPY_LIMIT}",
                self.copied
            ));
        }
        add(destination, key, value)
            .map_err(|why| format!("error while adding value during copy: {why}"))
    }

    fn test(&mut self, operation: &Map<String, Value>) -> Result<(), String> {
        let path = path(operation)
            .map_err(|why| format!("test operation failed to decode path: {why}"))?;
        let expected = operation.get("value");
        let found = if path.is_empty() {
            Some(&self.target)
        } else {
            let (container, key) = container(&mut self.target, path).ok_or_else(|| {
                format!("test operation does not apply: is missing path: {path}: missing value")
            })?;
            get(container, &key)
                .map_err(|why| format!("error in test for path: '{path}': {why}"))?
        };
        if expected == Some(found.unwrap_or(&Value::Null)) {
            Ok(())
        } else {
            Err(format!("testing value {path} failed: test failed"))
        }
    }
}

fn path(operation: &Map<String, Value>) -> Result<&str, String> {
    text(operation, "path").map_err(|missing| {
        missing.unwrap_or("operation missing path field: missing value".to_owned())
    })
}

fn from(operation: &Map<String, Value>) -> Result<&str, String> {
    text(operation, "from").map_err(|missing| {
        missing.unwrap_or("operation, missing from field: missing value".to_owned())
    })
}

/// A text of an operation; what is wrong with it, or nothing if it is not there.
fn text<'a>(operation: &'a Map<String, Value>, field: &str) -> Result<&'a str, Option<String>> {
    match operation.get(field) {
        Some(Value::String(text)) => Ok(text),
        None | Some(Value::Null) => Err(None),
        Some(other) => Err(Some(format!(
            "json: cannot unmarshal {} into Go value of type string",
            json_sort(other)
        ))),
    }
}

fn value(operation: &Map<String, Value>) -> Value {
    operation.get("value").cloned().unwrap_or_default()
}

fn quoted_path(path: &str) -> String {
    format!("\"{path}\"")
}

/// The map or list that the last step of a path is in, and that step.
fn container<'a>(target: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (_, steps) = path.split_once('/')?;
    let mut steps: Vec<String> = steps.split('/').map(unescaped).collect();
    let last = steps.pop()?;
    let mut found = target;
    for step in steps {
        found = match found {
            Value::Object(fields) => fields.get_mut(&step)?,
            Value::Array(items) => {
                let index = index(&step, items.len()).ok()?;
                items.get_mut(index)?
            }
            _ => return None,
        };
    }
    (found.is_object() || found.is_array()).then_some((found, last))
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

fn get<'a>(container: &'a Value, key: &str) -> Result<Option<&'a Value>, String> {
    match container {
        Value::Array(items) => Ok(items.get(index(key, items.len())?)),
        other => Ok(other.get(key)),
    }
}

fn set(container: &mut Value, key: String, value: Value) -> Result<(), String> {
    match container {
        Value::Array(items) => {
            let index = index(&key, items.len())?;
            if let Some(item) = items.get_mut(index) {
                *item = value;
            }
        }
        other => other[key] = value,
    }
    Ok(())
}

fn add(container: &mut Value, key: String, value: Value) -> Result<(), String> {
    match container {
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => {
            let place = number(&key)
                .map_err(|why| format!("value was not a proper array index: '{key}': {why}"))?;
            items.insert(within(place, items.len() + 1)?, value);
        }
        other => other[key] = value,
    }
    Ok(())
}

fn remove(container: &mut Value, key: &str) -> Result<Value, String> {
    match container {
        Value::Array(items) => {
            let index = index(key, items.len())?;
            Ok(items.remove(index))
        }
        other => other
            .as_object_mut()
            .and_then(|fields| fields.remove(key))
            .ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value")),
    }
}

fn index(key: &str, length: usize) -> Result<usize, String> {
    within(number(key)?, length)
}

fn number(key: &str) -> Result<i64, String> {
    key.parse()
        .map_err(|_| format!("strconv.Atoi: parsing {}: invalid syntax", quoted(key)))
}

/// A place in a list; negative ones count from its end.
fn within(place: i64, length: usize) -> Result<usize, String> {
    let out = || format!("Unable to access invalid index: {place}: invalid index referenced");
    let length = i64::try_from(length).map_err(|_| out())?;
    let from_start = if place < 0 { place + length } else { place };
    let found = usize::try_from(from_start).map_err(|_| out())?;
    if from_start < length {
        Ok(found)
    } else {
        Err(out())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn copies_have_a_limit_all_together() {
        let half = "x".repeat(COPY_LIMIT / 2);
        let copy = |to: &str| json!({ "op": "copy", "from": "/a", "path": to });
        let target = json!({ "a": half });
        assert!(json_patch(&target, &json!([copy("/b")])).is_ok());
        let refused = json_patch(&target, &json!([copy("/b"), copy("/c")])).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "Unable to complete the copy, the accumulated size increase of copy is 3145732, exceeding the limit 3145728"
        );
    }
}
