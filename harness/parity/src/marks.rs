//! The label by which crosscut knows again what it made on clusters that others use too, and what comes of that label.
//!
//! Control planes that are made for one run have no need of it, so it is no difference.

use crosscut_events::RUN_LABEL;
use serde_json::{Map, Value, json};

/// What a field's name begins with among managed fields.
const OWNED: &str = "f:";
/// What managed fields hold beside the fields of a map: that the map itself is owned.
const ITSELF: &str = ".";

/// Returns true if any of the objects has it, or was seen with it by another, or somebody owns it.
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

/// Returns true if a key is its name, as labels or managed fields have it.
fn is_it(key: &str) -> bool {
    key.strip_prefix(OWNED).unwrap_or(key) == RUN_LABEL
}

/// Takes it out of labels, and out of who owns them; what has nothing else goes.
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

/// Takes the digest out of a reference to a revision of a Composition: Crossplane's covers the Composition's labels.
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
        // The label itself was taken off for the comparison.
        let owned = json!({"metadata": {"managedFields": [
            {"fieldsV1": {"f:metadata": {"f:labels": {OWNED_LABEL: {}}}}},
        ]}});
        assert!(are_among([&owned]));
        assert!(!are_among([&json!({"metadata": {"labels": {"a": "b"}}})]));
    }
}
