//! What of an object depends on what came first on a control plane that runs in real time, and is told elsewhere too.
//!
//! Each rule takes away as little as makes two truthful runs alike.

use serde_json::{Map, Value, json};

/// The time at which a provider made something, or failed to. That it failed at first, or found what another had made,
/// depends on who was first.
pub(crate) const TRACES: [&str; 3] = [
    "crossplane.io/external-create-pending",
    "crossplane.io/external-create-succeeded",
    "crossplane.io/external-create-failed",
];
/// Who applies a composite's status, and who updates it afterwards: both are Crossplane.
const COMPOSITE: (&str, &str) = ("apiextensions.crossplane.io/composite", "crossplane");

/// Takes the traces out of an object's annotations.
pub(crate) fn without_traces(metadata: &mut Map<String, Value>) {
    let annotations = metadata.get_mut("annotations");
    if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
        annotations.retain(|name, _| !TRACES.contains(&name.as_str()));
    }
}

/// Who owns traces is told no more than the traces are.
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

/// What an Object has seen of another cluster is as of its last look: of an object there, how it was and who had written
/// what. The object itself is among what is compared, as it was in the end.
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

/// Nor is who owns that.
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

/// Crossplane applies a composite's conditions as it saw them, and then updates those that have changed; an apply takes
/// over what has changed since. Which of the two came last, and so owns a field of a condition, depends on what comes
/// when. Both are Crossplane: what either owns is told as what it applied.
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

/// Adds what `more` owns to what `fields` has.
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
        // What neither owns is told of.
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
