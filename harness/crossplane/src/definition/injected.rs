//! The schema fields that Crossplane 2.2.0 adds to every composite resource (internal/xcrd/schemas.go).

use serde_json::{Map, Value, json};

use super::Scope;

/// Returns the fields of `spec`: under `crossplane` for modern composite resources, beside the author's for
/// legacy ones.
pub(super) fn spec_properties(scope: Scope, default_update_policy: &str) -> Map<String, Value> {
    let mut machinery = machinery(scope, default_update_policy);
    if scope != Scope::LegacyCluster {
        return Map::from_iter([(
            "crossplane".to_owned(),
            json!({"type": "object", "properties": machinery}),
        )]);
    }
    machinery.insert(
        "claimRef".to_owned(),
        strings(&["apiVersion", "kind", "namespace", "name"]),
    );
    machinery.insert(
        "writeConnectionSecretToRef".to_owned(),
        strings(&["name", "namespace"]),
    );
    machinery
}

fn machinery(scope: Scope, default_update_policy: &str) -> Map<String, Value> {
    let mut update_policy = json!({"type": "string", "enum": ["Automatic", "Manual"]});
    if !default_update_policy.is_empty() {
        update_policy["default"] = json!(default_update_policy);
    }
    let mut reference = json!({
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "name": {"type": "string"}},
    });
    // A namespaced composite resource composes in its own namespace only.
    if scope != Scope::Namespaced {
        reference["properties"]["namespace"] = json!({"type": "string"});
    }
    Map::from_iter([
        ("compositionRef".to_owned(), strings(&["name"])),
        ("compositionSelector".to_owned(), label_selector()),
        ("compositionRevisionRef".to_owned(), strings(&["name"])),
        ("compositionRevisionSelector".to_owned(), label_selector()),
        ("compositionUpdatePolicy".to_owned(), update_policy),
        (
            "resourceRefs".to_owned(),
            json!({"type": "array", "x-kubernetes-list-type": "atomic", "items": reference}),
        ),
    ])
}

/// Returns the schema of an object of required strings.
fn strings(names: &[&str]) -> Value {
    let properties: Map<String, Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), json!({"type": "string"})))
        .collect();
    json!({"type": "object", "required": names, "properties": properties})
}

fn label_selector() -> Value {
    json!({
        "type": "object",
        "required": ["matchLabels"],
        "properties": {"matchLabels": {"type": "object", "additionalProperties": {"type": "string"}}},
    })
}

/// Returns the fields of `status`.
pub(super) fn status_properties(scope: Scope) -> Map<String, Value> {
    let mut properties = Map::from_iter([(
        "conditions".to_owned(),
        json!({
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
            "items": {
                "type": "object",
                "required": ["lastTransitionTime", "reason", "status", "type"],
                "properties": {
                    "lastTransitionTime": {"type": "string", "format": "date-time"},
                    "message": {"type": "string"},
                    "observedGeneration": {"type": "integer", "format": "int64"},
                    "reason": {"type": "string"},
                    "status": {"type": "string"},
                    "type": {"type": "string"},
                },
            },
        }),
    )]);
    if scope == Scope::LegacyCluster {
        properties.insert(
            "connectionDetails".to_owned(),
            json!({"type": "object", "properties": {"lastPublishedTime": {"type": "string", "format": "date-time"}}}),
        );
        properties.insert(
            "claimConditionTypes".to_owned(),
            json!({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}),
        );
    }
    properties
}

/// Returns the columns after the author's.
pub(super) fn printer_columns(scope: Scope) -> Vec<Value> {
    let machinery = if scope == Scope::LegacyCluster {
        ".spec"
    } else {
        ".spec.crossplane"
    };
    vec![
        json!({"name": "SYNCED", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Synced')].status"}),
        json!({"name": "READY", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].status"}),
        json!({"name": "COMPOSITION", "type": "string", "jsonPath": format!("{machinery}.compositionRef.name")}),
        json!({
            "name": "COMPOSITIONREVISION",
            "type": "string",
            "jsonPath": format!("{machinery}.compositionRevisionRef.name"),
            "priority": 1,
        }),
        json!({"name": "AGE", "type": "date", "jsonPath": ".metadata.creationTimestamp"}),
    ]
}
