//! The parts of an object that depend on timing on a control plane in real time and are recorded elsewhere too.
//!
//! Each rule removes only as much as is needed to make two correct runs equal.

use serde_json::{Map, Value, json};

/// The annotations with the time at which a provider created an external resource, or failed to. A failure before a
/// success depends on timing.
pub(crate) const TRACES: [&str; 3] = [
    "crossplane.io/external-create-pending",
    "crossplane.io/external-create-succeeded",
    "crossplane.io/external-create-failed",
];
/// The field managers that apply and update a composite's status. Both are Crossplane.
const COMPOSITE: (&str, &str) = ("apiextensions.crossplane.io/composite", "crossplane");

/// Removes the annotations of providers from an object.
pub(crate) fn without_traces(metadata: &mut Map<String, Value>) {
    let annotations = metadata.get_mut("annotations");
    if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
        annotations.retain(|name, _| !TRACES.contains(&name.as_str()));
    }
}

/// Removes these annotations from an entry of the managed fields.
pub(crate) fn without_owners_of_traces(entry: &mut Value) {
    let fields = entry.pointer_mut("/fieldsV1/f:metadata");
    let Some(fields) = fields.and_then(Value::as_object_mut) else {
        return;
    };
    let annotations = fields.get_mut("f:annotations");
    if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
        annotations.retain(|name, _| {
            let name = name.strip_prefix("f:").unwrap_or(name);
            !TRACES.contains(&name)
        });
        if annotations.is_empty() {
            fields.remove("f:annotations");
        }
    }
}

/// Removes the status and the managed fields of a copy in an Object's status. They depend on the time of the last
/// observation. The copied object itself is compared separately, in its final state.
pub(crate) fn without_what_was_seen(object: &mut Value) {
    let Some(seen) = object.pointer_mut("/status/atProvider/manifest") else {
        return;
    };
    if let Some(seen) = seen.as_object_mut() {
        seen.remove("status");
    }
    if let Some(metadata) = seen.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
}

/// Removes the same fields from an entry of the managed fields.
pub(crate) fn without_owners_of_what_was_seen(entry: &mut Value) {
    let seen = entry.pointer_mut("/fieldsV1/f:status/f:atProvider/f:manifest");
    let Some(seen) = seen.and_then(Value::as_object_mut) else {
        return;
    };
    seen.remove("f:status");
    if let Some(metadata) = seen.get_mut("f:metadata").and_then(Value::as_object_mut) {
        metadata.remove("f:managedFields");
    }
}

/// Merges the owned fields of conditions into the entry of Crossplane's apply.
///
/// Crossplane applies a composite's conditions, and then updates those that have changed. The owner of a field depends
/// on which of the two was last. Both are Crossplane.
pub(crate) fn with_one_owner_of_conditions(managed: &mut Vec<Value>) {
    let (apply, update) = COMPOSITE;
    let position = |managed: &[Value], operation: &str, manager: &str| {
        managed.iter().position(|entry| {
            entry["operation"] == operation
                && entry["manager"] == manager
                && entry["subresource"] == "status"
        })
    };
    let (Some(apply), Some(update)) = (
        position(managed, "Apply", apply),
        position(managed, "Update", update),
    ) else {
        return;
    };
    let Some(updated) = take_conditions(&mut managed[update]) else {
        return;
    };
    let applied = managed[apply].pointer_mut("/fieldsV1/f:status");
    if let Some(applied) = applied.and_then(Value::as_object_mut) {
        let conditions = applied.entry("f:conditions").or_insert_with(|| json!({}));
        unite(conditions, updated);
    }
    if managed[update]["fieldsV1"]["f:status"] == json!({}) {
        managed.remove(update);
    }
}

fn take_conditions(entry: &mut Value) -> Option<Value> {
    let status = entry.pointer_mut("/fieldsV1/f:status")?.as_object_mut()?;
    status.remove("f:conditions")
}

/// Adds the owned fields of `more` to `fields`.
fn unite(fields: &mut Value, more: Value) {
    let (Value::Object(fields), Value::Object(more)) = (fields, more) else {
        return;
    };
    for (name, owned) in more {
        unite(fields.entry(name).or_insert_with(|| json!({})), owned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(operation: &str, manager: &str, ready: &Value) -> Value {
        let conditions = json!({"k:{\"type\":\"Ready\"}": ready});
        json!({
            "operation": operation, "manager": manager, "subresource": "status",
            "fieldsV1": {"f:status": {"f:conditions": conditions}},
        })
    }

    fn normal(applied: &Value, updated: &Value) -> Vec<Value> {
        let mut managed = vec![
            entry("Apply", COMPOSITE.0, applied),
            entry("Update", COMPOSITE.1, updated),
        ];
        with_one_owner_of_conditions(&mut managed);
        managed
    }

    #[test]
    fn what_crossplane_updated_and_what_it_applied_is_one() {
        let (all, kind, status) = (
            json!({"f:status": {}, "f:type": {}}),
            json!({"f:type": {}}),
            json!({"f:status": {}}),
        );
        let expected = normal(&all, &json!({}));
        assert_eq!(normal(&all, &status), expected);
        assert_eq!(normal(&kind, &status), expected);
        assert_eq!(normal(&status, &all), expected);
        // A field that neither owns is a difference.
        assert_ne!(normal(&kind, &kind), expected);
    }

    #[test]
    fn of_others_nothing_is_taken() {
        let owned = json!({"f:status": {}});
        let mut managed = vec![
            entry("Apply", "a-team", &owned),
            entry("Update", COMPOSITE.1, &owned),
        ];
        let before = managed.clone();
        with_one_owner_of_conditions(&mut managed);
        assert_eq!(managed, before);
    }

    #[test]
    fn what_an_object_was_told_to_make_is_compared_and_what_became_of_it_is_not() {
        let object = |size: i64, phase: &str| {
            let manifest = json!({
                "kind": "Thing", "spec": {"size": size}, "status": {"phase": phase},
                "metadata": {"name": "t", "managedFields": [{"manager": phase}]},
            });
            let mut object = json!({"status": {"atProvider": {"manifest": manifest}}});
            without_what_was_seen(&mut object);
            object
        };
        assert_eq!(object(1, "new"), object(1, "old"));
        assert_ne!(object(1, "new"), object(2, "new"));
    }

    #[test]
    fn who_owns_it_is_neither() {
        let seen = json!({"f:spec": {}, "f:status": {}, "f:metadata": {"f:name": {}, "f:managedFields": {}}});
        let mut entry = json!({"fieldsV1": {"f:status": {"f:atProvider": {"f:manifest": seen}}}});
        without_owners_of_what_was_seen(&mut entry);
        assert_eq!(
            entry["fieldsV1"]["f:status"]["f:atProvider"]["f:manifest"],
            json!({"f:spec": {}, "f:metadata": {"f:name": {}}})
        );
    }
}
