//! Short descriptions of changes of objects.

use std::collections::BTreeSet;

use crosscut_events::secret::{MASK, is_secret, is_secret_field};
use crosscut_objects::{Change, Event};
use serde_json::Value;

use crosscut_objects::Key;

/// The largest number of fields in a description.
const FIELDS: usize = 4;
/// The largest number of characters of a value in a description.
const LONGEST: usize = 60;
/// The fields of metadata that every change affects.
const FOLLOWS: [&str; 3] = [
    "metadata.resourceVersion",
    "metadata.generation",
    "metadata.managedFields",
];

/// Returns the object of an event with its changed fields: `Kind namespace/name: path: before -> after`.
pub(super) fn changed(event: &Event) -> String {
    let key = Key::of(event);
    let previous = match (event.change, &event.previous) {
        (Change::Added, _) => return format!("{key}: created"),
        (Change::Deleted, _) => return format!("{key}: deleted"),
        (Change::Modified, None) => return format!("{key}: changed"),
        (Change::Modified, Some(previous)) => previous,
    };
    let mut found = Vec::new();
    compare(&mut found, "", Some(previous), Some(&event.object), false);
    let more = found.len().saturating_sub(FIELDS);
    found.truncate(FIELDS);
    if more > 0 {
        found.push(format!("and {more} more fields"));
    }
    format!("{key}: {}", found.join(", "))
}

fn compare(
    found: &mut Vec<String>,
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    masked: bool,
) {
    if before == after || FOLLOWS.contains(&path) {
        return;
    }
    match (before, after) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let is_secret = is_secret(left) || is_secret(right);
            let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for key in keys {
                let masked = masked || (is_secret && is_secret_field(key));
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                compare(found, &path, left.get(key), right.get(key), masked);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for index in 0..left.len().max(right.len()) {
                let path = format!("{path}[{index}]");
                compare(found, &path, left.get(index), right.get(index), masked);
            }
        }
        _ => found.push(format!(
            "{path}: {} -> {}",
            shown(before, masked),
            shown(after, masked)
        )),
    }
}

fn shown(value: Option<&Value>, masked: bool) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(_) if masked => MASK.to_owned(),
        Some(value) => {
            let text = value.to_string();
            match text.char_indices().nth(LONGEST) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crosscut_objects::Resource;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::a_value(json!({"data": {"n": "1"}}), json!({"data": {"n": "2"}}), "data.n: \"1\" -> \"2\"")]
    #[case::what_comes(json!({}), json!({"spec": {"size": 3}}), "spec: nothing -> {\"size\":3}")]
    #[case::an_element(json!({"a": [1]}), json!({"a": [1, 2]}), "a[1]: nothing -> 2")]
    #[case::what_follows(
        json!({"metadata": {"generation": 1, "resourceVersion": "1"}, "a": 1}),
        json!({"metadata": {"generation": 2, "resourceVersion": "2"}, "a": 2}),
        "a: 1 -> 2"
    )]
    #[case::many(
        json!({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1}),
        json!({"a": 2, "b": 2, "c": 2, "d": 2, "e": 2, "f": 2}),
        "a: 1 -> 2, b: 1 -> 2, c: 1 -> 2, d: 1 -> 2, and 2 more fields"
    )]
    #[case::a_secret(
        json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "eA=="}}),
        json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "eQ=="}}),
        "data.a: (masked) -> (masked)"
    )]
    fn what_has_changed_is_named(
        #[case] before: Value,
        #[case] after: Value,
        #[case] expected: &str,
    ) {
        let resource = Resource {
            group: String::new(),
            version: "v1".to_owned(),
            plural: "things".to_owned(),
            kind: "Thing".to_owned(),
            namespaced: true,
        };
        let named = |mut object: Value| {
            object["metadata"]["name"] = json!("t");
            object["metadata"]["namespace"] = json!("default");
            Arc::new(object)
        };
        let event = Event {
            revision: 2,
            change: Change::Modified,
            resource: Arc::new(resource),
            object: named(after),
            previous: Some(named(before)),
        };
        assert_eq!(changed(&event), format!("Thing default/t: {expected}"));
    }
}
