//! The label with which crosscut marks its objects on shared clusters, and the effects of this label.
//!
//! Control planes that are made for one run do not need the label, so it is not a difference.

use crosscut_events::RUN_LABEL;
use serde_json::{Map, Value, json};

/// The prefix of a field's name in managed fields.
const OWNED: &str = "f:";
/// The key in managed fields for the map itself.
const ITSELF: &str = ".";

/// Returns true if the label is in any of the objects: as a label, in a copy of another object or in managed fields.
pub(crate) fn are_among<'a>(objects: impl IntoIterator<Item = &'a Value>) -> bool {
    let mut left: Vec<&Value> = objects.into_iter().collect();
    while let Some(value) = left.pop() {
        match value {
            Value::Object(fields) if fields.keys().any(|key| is_it(key)) => return true,
            Value::Object(fields) => left.extend(fields.values()),
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    false
}

/// Returns true if a key is the label's name, in labels or in managed fields.
fn is_it(key: &str) -> bool {
    key.strip_prefix(OWNED).unwrap_or(key) == RUN_LABEL
}

/// Removes the label from labels and managed fields, with maps that are empty then.
pub(crate) fn take_out(fields: &mut Map<String, Value>) {
    if let Some(Value::Object(metadata)) = fields.get_mut("f:metadata")
        && !metadata.is_empty()
    {
        take_out(metadata);
        if metadata.is_empty() {
            fields.remove("f:metadata");
        }
    }
    for labels in ["labels", "f:labels"] {
        let Some(Value::Object(all)) = fields.get_mut(labels) else {
            continue;
        };
        let before = all.len();
        all.retain(|key, _| !is_it(key));
        if all.len() < before && all.keys().all(|key| key == ITSELF) {
            fields.remove(labels);
        }
    }
}

/// Removes the digest from a reference to a CompositionRevision, because the digest covers the Composition's labels.
pub(crate) fn take_digest_out(fields: &mut Map<String, Value>) {
    let name = fields
        .get_mut("compositionRevisionRef")
        .and_then(|reference| reference.get_mut("name"));
    if let Some(name) = name
        && let Some((composition, _)) = name.as_str().and_then(|name| name.rsplit_once('-'))
    {
        *name = json!(format!("{composition}-<digest>"));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const OWNED_LABEL: &str = "f:crosscut.dev/run";

    #[rstest]
    #[case::the_only_label(json!({"labels": {RUN_LABEL: "r"}, "name": "a"}), json!({"name": "a"}))]
    #[case::among_others(json!({"labels": {RUN_LABEL: "r", "a": "b"}}), json!({"labels": {"a": "b"}}))]
    #[case::owned(json!({"f:labels": {".": {}, OWNED_LABEL: {}}}), json!({}))]
    #[case::owned_among_others(json!({"f:labels": {OWNED_LABEL: {}, "f:a": {}}}), json!({"f:labels": {"f:a": {}}}))]
    #[case::owned_alone(json!({"f:metadata": {"f:labels": {".": {}, OWNED_LABEL: {}}}}), json!({}))]
    #[case::none(json!({"labels": {}}), json!({"labels": {}}))]
    fn it_is_taken_out(#[case] mut object: Value, #[case] expected: Value) {
        take_out(object.as_object_mut().unwrap());
        assert_eq!(object, expected);
    }

    #[test]
    fn revisions_of_a_marked_composition_are_told_by_the_composition_alone() {
        let of = |name: &str| {
            let mut object = json!({"compositionRevisionRef": {"name": name}});
            take_digest_out(object.as_object_mut().unwrap());
            object
        };
        assert_eq!(of("cluster-azure-9bf8827"), of("cluster-azure-eb59d04"));
        assert_ne!(of("cluster-azure-9bf8827"), of("cluster-aws-9bf8827"));
    }

    #[test]
    fn they_are_seen() {
        let marked = json!({"status": [{"manifest": {"metadata": {"labels": {RUN_LABEL: "r"}}}}]});
        assert!(are_among([&json!({}), &marked]));
        // In this object only the managed fields have the label.
        let owned = json!({"metadata": {"managedFields": [
            {"fieldsV1": {"f:metadata": {"f:labels": {OWNED_LABEL: {}}}}},
        ]}});
        assert!(are_among([&owned]));
        assert!(!are_among([&json!({"metadata": {"labels": {"a": "b"}}})]));
    }
}
