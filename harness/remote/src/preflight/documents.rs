//! The check of the suite's other documents: an existing object must have the document's content.

use crosscut_client::{Api, ApiError};

use crosscut_objects::{ObjectRef, object};
use crosscut_suite::model::Resource;
use serde_json::Value;

use super::Finding;

/// Returns the document if it must be installed. Adds a finding if the object exists with other content, because
/// crosscut must not change it.
///
/// # Errors
/// [`ApiError`] if the object cannot be read.
pub(super) async fn look(
    api: &Api,
    namespace: &str,
    document: &Resource,
    findings: &mut Vec<Finding>,
) -> Result<Option<Resource>, ApiError> {
    let is_missing = |error: &ApiError| error.is_no_match() || error.is_not_found();
    let wanted = match api.placed(&document.node.to_value(), namespace).await {
        Err(error) if is_missing(&error) => return Ok(Some(document.clone())),
        wanted => wanted?,
    };
    let there = match api.get(ObjectRef::of(&wanted)).await {
        Err(error) if is_missing(&error) => return Ok(Some(document.clone())),
        there => there?,
    };
    let what = match api.dry_update(&in_place_of(&wanted, &there)).await {
        Ok(would_be) if says_the_same(&wanted, &would_be, &there) => return Ok(None),
        Ok(_) => "is there and says something else".to_owned(),
        Err(error) => format!("is there and does not take what the suite says: {error}"),
    };
    let (kind, name) = (object::kind(&wanted), object::name(&wanted));
    let position = document.place.position();
    let file = &document.place.source.shown;
    findings.push(Finding::new(
        format!("{kind} {name} {what}"),
        format!(
            "it is not crosscut's to change: bring it to what {file}:{} says, or delete it",
            position.line
        ),
    ));
    Ok(None)
}

/// Returns the document with the metadata of the existing object, so that it can replace it.
fn in_place_of(wanted: &Value, there: &Value) -> Value {
    let mut replacement = wanted.clone();
    for field in ["resourceVersion", "uid", "finalizers", "ownerReferences"] {
        if let Some(value) = object::at(there, &["metadata", field]) {
            object::set(&mut replacement, &["metadata", field], value.clone());
        }
    }
    replacement
}

/// Returns true if the replacement would change only labels and annotations that the document does not name.
fn says_the_same(wanted: &Value, would_be: &Value, there: &Value) -> bool {
    let has = |field: &str| {
        let entries = object::at(wanted, &["metadata", field]).and_then(Value::as_object);
        let mut entries = entries.into_iter().flatten();
        entries.all(|(key, value)| object::at(there, &["metadata", field, key]) == Some(value))
    };
    content(would_be) == content(there) && has("labels") && has("annotations")
}

/// Returns the object without metadata and status.
fn content(object: &Value) -> Value {
    let mut content = object.clone();
    for field in ["metadata", "status"] {
        object::remove(&mut content, &[field]);
    }
    content
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::says_the_same;

    #[rstest]
    #[case::the_same(json!({"labels": {"a": "b"}}), json!({"x": 1}), true)]
    #[case::labels_of_others(json!({"labels": {"a": "b", "crosscut.dev/run": "killed"}}), json!({"x": 1}), true)]
    #[case::another_label(json!({"labels": {"a": "c"}}), json!({"x": 1}), false)]
    #[case::another_value(json!({"labels": {"a": "b"}}), json!({"x": 2}), false)]
    #[case::more(json!({"labels": {"a": "b"}}), json!({"x": 1, "y": 2}), false)]
    fn what_is_there_is_compared(#[case] metadata: Value, #[case] spec: Value, #[case] same: bool) {
        let wanted = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"x": 1}});
        let there = json!({"metadata": metadata, "spec": spec, "status": {"ready": true}});
        assert_eq!(says_the_same(&wanted, &wanted, &there), same);
    }
}
