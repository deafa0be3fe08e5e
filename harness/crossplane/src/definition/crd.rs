//! The CustomResourceDefinition of a composite resource, derived from its CompositeResourceDefinition.
//!
//! Source: Crossplane 2.2.0 (internal/xcrd). Only parts of the author's schema are kept: the root's description and
//! rules, and the properties, required fields, rules, `oneOf` and descriptions of `spec` and `status`. Crossplane's own
//! fields are added. All functions are pure.

use serde_json::{Map, Value, json};

use super::Scope;
use super::injected::{printer_columns, spec_properties, status_properties};
use crate::error::{Error, Wrap};
use crate::object;

/// The longest name of a composite resource, since it becomes a label's value.
const LONGEST_NAME: i64 = 63;

/// Returns the CRD.
///
/// # Errors
/// [`Error`] if a version has no schema.
pub(crate) fn composite_resource_crd(definition: &Value) -> Result<Value, Error> {
    let spec = definition.get("spec").unwrap_or(&Value::Null);
    let scope = Scope::of(definition);
    let policy = object::text(spec, &["defaultCompositionUpdatePolicy"]);
    let versions: Vec<Value> = spec
        .get("versions")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(|declared| version(declared, scope, policy))
        .collect::<Result<_, _>>()
        .with_context(|| {
            format!(
                "cannot generate CRD for \"Composite Resource\" {:?}",
                object::name(definition)
            )
        })?;
    let mut crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": object::name(definition), "ownerReferences": [owner(definition)]},
        "spec": {
            "group": spec.get("group"),
            "names": names(spec),
            "scope": if scope == Scope::Namespaced { "Namespaced" } else { "Cluster" },
            "versions": versions,
        },
    });
    if let Some(conversion) = spec.get("conversion") {
        object::set(&mut crd, &["spec", "conversion"], conversion.clone());
    }
    set_metadata(&mut crd, definition);
    Ok(crd)
}

/// Returns the owner reference to the definition as the CRD's controller, always in the stored version.
fn owner(definition: &Value) -> Value {
    let mut reference = object::controller_reference(definition);
    object::set(&mut reference, &["apiVersion"], json!(super::API_VERSION));
    object::set(&mut reference, &["kind"], json!(super::KIND));
    reference
}

fn names(spec: &Value) -> Value {
    let mut names = spec.get("names").cloned().unwrap_or_default();
    let mut categories = object::at(&names, &["categories"])
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    categories.push(json!("composite"));
    object::set(&mut names, &["categories"], Value::Array(categories));
    names
}

/// Sets the labels of the definition and of `spec.metadata`, but the annotations of `spec.metadata` only.
fn set_metadata(crd: &mut Value, definition: &Value) {
    let map = |path: &[&str]| {
        object::at(definition, path)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let mut labels = map(&["metadata", "labels"]);
    labels.extend(map(&["spec", "metadata", "labels"]));
    if !labels.is_empty() {
        object::set(crd, &["metadata", "labels"], Value::Object(labels));
    }
    let annotations = map(&["spec", "metadata", "annotations"]);
    if !annotations.is_empty() {
        object::set(
            crd,
            &["metadata", "annotations"],
            Value::Object(annotations),
        );
    }
}

fn version(declared: &Value, scope: Scope, policy: &str) -> Result<Value, Error> {
    let author = object::at(declared, &["schema", "openAPIV3Schema"])
        .filter(|schema| schema.is_object())
        .ok_or_else(|| Error::new("custom resource validation cannot be nil"))?;
    let mut columns = declared
        .get("additionalPrinterColumns")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    columns.extend(printer_columns(scope));
    let mut version = json!({
        "name": declared.get("name"),
        "served": declared.get("served"),
        "storage": declared.get("referenceable"),
        "schema": {"openAPIV3Schema": root(author, scope, policy)},
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns,
    });
    for field in ["deprecated", "deprecationWarning"] {
        if let Some(value) = declared
            .get(field)
            .filter(|value| **value != Value::Bool(false))
        {
            object::set(&mut version, &[field], value.clone());
        }
    }
    Ok(version)
}

fn root(author: &Value, scope: Scope, policy: &str) -> Value {
    let spec_author = object::at(author, &["properties", "spec"]).unwrap_or(&Value::Null);
    let mut spec = part(
        spec_author,
        &[
            "description",
            "required",
            "oneOf",
            "x-kubernetes-validations",
            "x-kubernetes-preserve-unknown-fields",
        ],
    );
    extend_properties(&mut spec, spec_properties(scope, policy));
    let status_author = object::at(author, &["properties", "status"]).unwrap_or(&Value::Null);
    let mut status = part(
        status_author,
        &[
            "description",
            "required",
            "oneOf",
            "x-kubernetes-validations",
        ],
    );
    extend_properties(&mut status, status_properties(scope));
    let mut root = json!({
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object", "properties": {"name": name_schema(author)}},
            "spec": spec,
            "status": status,
        },
    });
    for field in ["description", "x-kubernetes-validations"] {
        if let Some(value) = author.get(field) {
            object::set(&mut root, &[field], value.clone());
        }
    }
    root
}

/// Returns the schema of the name; the author may only shorten its length.
fn name_schema(author: &Value) -> Value {
    let asked = object::at(
        author,
        &["properties", "metadata", "properties", "name", "maxLength"],
    )
    .and_then(Value::as_i64);
    json!({"type": "string", "maxLength": asked.map_or(LONGEST_NAME, |asked| asked.min(LONGEST_NAME))})
}

/// Returns the parts of the author's `spec` or `status` that are kept.
fn part(author: &Value, fields: &[&str]) -> Value {
    let mut part = json!({
        "type": "object",
        "properties": author.get("properties").filter(|properties| properties.is_object()).cloned().unwrap_or_else(|| json!({})),
    });
    for field in fields {
        if let Some(value) = author.get(*field) {
            object::set(&mut part, &[field], value.clone());
        }
    }
    part
}

fn extend_properties(schema: &mut Value, properties: Map<String, Value>) {
    if let Some(Value::Object(existing)) = schema.get_mut("properties") {
        existing.extend(properties);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn definition(scope: &str) -> Value {
        json!({
            "apiVersion": "apiextensions.crossplane.io/v2",
            "kind": "CompositeResourceDefinition",
            "metadata": {
                "name": "xrs.example.org", "uid": "1",
                "labels": {"own": "label"}, "annotations": {"own": "annotation"},
            },
            "spec": {
                "group": "example.org",
                "scope": scope,
                "names": {"kind": "XR", "plural": "xrs", "categories": ["all"]},
                "metadata": {"labels": {"given": "label"}, "annotations": {"given": "annotation"}},
                "defaultCompositionUpdatePolicy": "Manual",
                "versions": [{
                    "name": "v1", "served": true, "referenceable": true, "deprecated": false,
                    "additionalPrinterColumns": [{"name": "SIZE", "type": "string", "jsonPath": ".spec.size"}],
                    "schema": {"openAPIV3Schema": author()},
                }],
            },
        })
    }

    /// Returns a schema with all fields that are kept, and some that are not.
    fn author() -> Value {
        json!({
            "type": "object",
            "description": "root",
            "required": ["dropped"],
            "properties": {
                "dropped": {"type": "string"},
                "metadata": {"properties": {"name": {"maxLength": 20, "pattern": "dropped"}}},
                "spec": {
                    "type": "object", "description": "spec", "required": ["size"], "default": {"size": "dropped"},
                    "properties": {"size": {"type": "string"}, "crossplane": {"type": "string"}},
                    "anyOf": [{}], "oneOf": [{"required": ["size"]}],
                    "x-kubernetes-preserve-unknown-fields": true,
                    "x-kubernetes-validations": [{"rule": "true"}],
                },
                "status": {
                    "type": "object", "description": "status", "required": ["phase"],
                    "properties": {"phase": {"type": "string"}},
                    "x-kubernetes-preserve-unknown-fields": true,
                },
            },
            "x-kubernetes-validations": [{"rule": "self == self"}],
        })
    }

    fn schema(crd: &Value, path: &str) -> Value {
        crd.pointer(&format!("/spec/versions/0/schema/openAPIV3Schema{path}"))
            .cloned()
            .unwrap_or_default()
    }

    #[test]
    fn the_definition_around_the_schema() {
        let mut crd = composite_resource_crd(&definition("Namespaced")).unwrap_or_default();
        assert!(object::remove(&mut crd, &["spec", "versions"]));
        assert_eq!(
            crd,
            json!({
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {
                    "name": "xrs.example.org",
                    "labels": {"own": "label", "given": "label"},
                    "annotations": {"given": "annotation"},
                    "ownerReferences": [{
                        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositeResourceDefinition",
                        "name": "xrs.example.org", "uid": "1", "controller": true, "blockOwnerDeletion": true,
                    }],
                },
                "spec": {
                    "group": "example.org",
                    "names": {"kind": "XR", "plural": "xrs", "categories": ["all", "composite"]},
                    "scope": "Namespaced",
                },
            })
        );
    }

    #[test]
    fn a_version_and_its_root() {
        let crd = composite_resource_crd(&definition("Namespaced")).unwrap_or_default();
        let mut version = crd["spec"]["versions"][0].clone();
        assert!(object::remove(&mut version, &["schema"]));
        let columns = version["additionalPrinterColumns"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let names: Vec<&str> = columns
            .iter()
            .map(|column| object::text(column, &["name"]))
            .collect();
        assert_eq!(
            names,
            [
                "SIZE",
                "SYNCED",
                "READY",
                "COMPOSITION",
                "COMPOSITIONREVISION",
                "AGE"
            ]
        );
        assert!(object::remove(&mut version, &["additionalPrinterColumns"]));
        assert_eq!(
            version,
            json!({"name": "v1", "served": true, "storage": true, "subresources": {"status": {}}})
        );
        let mut root = schema(&crd, "");
        assert!(object::remove(&mut root, &["properties"]));
        assert_eq!(
            root,
            json!({
                "type": "object", "description": "root", "required": ["spec"],
                "x-kubernetes-validations": [{"rule": "self == self"}],
            })
        );
        assert_eq!(
            schema(&crd, "/properties/metadata"),
            json!({"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}}})
        );
        assert_eq!(schema(&crd, "/properties/dropped"), Value::Null);
    }

    #[test]
    fn spec_and_status_of_a_namespaced_composite() {
        let crd = composite_resource_crd(&definition("Namespaced")).unwrap_or_default();
        let name = json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}});
        let selector = json!({
            "type": "object", "required": ["matchLabels"],
            "properties": {"matchLabels": {"type": "object", "additionalProperties": {"type": "string"}}},
        });
        assert_eq!(
            schema(&crd, "/properties/spec"),
            json!({
                "type": "object", "description": "spec", "required": ["size"],
                "oneOf": [{"required": ["size"]}],
                "x-kubernetes-preserve-unknown-fields": true,
                "x-kubernetes-validations": [{"rule": "true"}],
                "properties": {
                    "size": {"type": "string"},
                    "crossplane": {"type": "object", "properties": {
                        "compositionRef": name,
                        "compositionSelector": selector,
                        "compositionRevisionRef": name,
                        "compositionRevisionSelector": selector,
                        "compositionUpdatePolicy": {"type": "string", "enum": ["Automatic", "Manual"], "default": "Manual"},
                        "resourceRefs": {
                            "type": "array", "x-kubernetes-list-type": "atomic",
                            "items": {
                                "type": "object", "required": ["apiVersion", "kind"],
                                "properties": {
                                    "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "name": {"type": "string"},
                                },
                            },
                        },
                    }},
                },
            })
        );
        let mut status = schema(&crd, "/properties/status");
        let conditions = status["properties"]["conditions"].take();
        assert_eq!(
            conditions["items"]["required"],
            json!(["lastTransitionTime", "reason", "status", "type"])
        );
        assert_eq!(conditions["x-kubernetes-list-map-keys"], json!(["type"]));
        assert_eq!(
            status,
            json!({
                "type": "object", "description": "status", "required": ["phase"],
                "properties": {"phase": {"type": "string"}, "conditions": null},
            })
        );
    }

    #[rstest]
    #[case::cluster("Cluster", "/properties/crossplane/properties", &["claimRef", "writeConnectionSecretToRef"], false)]
    #[case::legacy("LegacyCluster", "/properties", &["claimRef", "writeConnectionSecretToRef"], true)]
    fn what_other_scopes_have(
        #[case] scope: &str,
        #[case] at: &str,
        #[case] fields: &[&str],
        #[case] legacy: bool,
    ) {
        let crd = composite_resource_crd(&definition(scope)).unwrap_or_default();
        assert_eq!(crd["spec"]["scope"], "Cluster");
        let machinery = schema(&crd, &format!("/properties/spec{at}"));
        let reference = &machinery["resourceRefs"]["items"]["properties"];
        assert_eq!(reference["namespace"], json!({"type": "string"}));
        for field in fields {
            assert_eq!(machinery.get(*field).is_some(), legacy, "{field}");
        }
        let status = schema(&crd, "/properties/status/properties");
        assert_eq!(status.get("claimConditionTypes").is_some(), legacy);
    }

    #[test]
    fn a_version_without_a_schema_is_refused() {
        let mut definition = definition("Namespaced");
        definition["spec"]["versions"][0]["schema"] = Value::Null;
        let error = composite_resource_crd(&definition)
            .err()
            .map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some(
                "cannot generate CRD for \"Composite Resource\" \"xrs.example.org\": custom resource validation cannot be nil"
            )
        );
    }
}
