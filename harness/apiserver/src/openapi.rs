//! `/openapi/v3`: the index of documents, and one document for each group and version.
//!
//! A document has the schemas and the parameters of patches, which clients read before they write. The documents are
//! not complete copies of kube-apiserver's.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha512};

use crate::groups;
use crate::registry::Registry;
use crate::served::Served;

/// Returns the index of all documents, each with the hash of its contents.
pub(crate) fn index(registry: &Registry) -> Value {
    let mut paths = Map::new();
    for name in names(registry) {
        let Some(document) = document(registry, &name) else {
            continue;
        };
        let hash = Sha512::digest(document.to_string());
        let hash: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
        let url = format!("/openapi/v3/{name}?hash={hash}");
        paths.insert(name, json!({ "serverRelativeURL": url }));
    }
    json!({ "paths": paths })
}

fn names(registry: &Registry) -> Vec<String> {
    let groups = groups::listed(registry);
    let versions = groups.iter().flat_map(groups::Group::api_versions);
    let named = versions.map(|api_version| format!("apis/{api_version}"));
    std::iter::once("api/v1".to_owned()).chain(named).collect()
}

/// Returns the document of `api/v1` or `apis/<group>/<version>`, or `None` if nothing is served there.
pub(crate) fn document(registry: &Registry, name: &str) -> Option<Value> {
    let custom = registry.custom_resources();
    let all = registry.built_in_resources().iter().chain(&custom);
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for served in all.filter(|served| place(served) == name) {
        describe(served, name, &mut paths);
        schemas.insert(schema_name(served), schema(served));
    }
    if schemas.is_empty() {
        return None;
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": { "title": "Kubernetes", "version": "v1.34.0" },
        "paths": paths,
        "components": { "schemas": schemas },
    }))
}

fn place(served: &Served) -> String {
    let api_version = served.resource.api_version();
    if served.resource.group.is_empty() {
        format!("api/{api_version}")
    } else {
        format!("apis/{api_version}")
    }
}

/// Returns the name of a schema: the reversed group, the version and the kind, as kube-apiserver names it.
fn schema_name(served: &Served) -> String {
    let resource = &served.resource;
    let group: Vec<&str> = match resource.group.as_str() {
        "" => vec!["core", "api", "k8s", "io"],
        group => group.split('.').collect(),
    };
    let reversed: Vec<&str> = group.into_iter().rev().collect();
    format!(
        "{}.{}.{}",
        reversed.join("."),
        resource.version,
        resource.kind
    )
}

fn schema(served: &Served) -> Value {
    let resource = &served.resource;
    let mut schema = json!({ "type": "object" });
    if let Some(custom) = served.custom() {
        schema = (*custom.schema).clone();
    }
    if let Some(fields) = schema.as_object_mut() {
        fields.insert(
            "x-kubernetes-group-version-kind".to_owned(),
            json!([{
                "group": resource.group,
                "kind": resource.kind,
                "version": resource.version,
            }]),
        );
    }
    schema
}

fn describe(served: &Served, place: &str, paths: &mut Map<String, Value>) {
    let resource = &served.resource;
    let scope = if resource.namespaced {
        "/namespaces/{namespace}"
    } else {
        ""
    };
    let list = format!("/{place}{scope}/{}", resource.plural);
    let one = format!("{list}/{{name}}");
    let kind = json!({
        "group": resource.group,
        "kind": resource.kind,
        "version": resource.version,
    });
    paths.insert(
        list,
        json!({ "get": operation("list", &kind), "post": operation("post", &kind) }),
    );
    let writes = json!({
        "get": operation("get", &kind),
        "put": operation("put", &kind),
        "patch": operation("patch", &kind),
        "delete": operation("delete", &kind),
    });
    if served.status {
        paths.insert(format!("{one}/status"), writes.clone());
    }
    paths.insert(one, writes);
}

fn operation(action: &str, kind: &Value) -> Value {
    let parameters: &[&str] = match action {
        "post" | "put" => &["dryRun", "fieldManager", "fieldValidation"],
        "patch" => &["dryRun", "fieldManager", "fieldValidation", "force"],
        "delete" => &["dryRun", "gracePeriodSeconds", "propagationPolicy"],
        _ => &[],
    };
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }))
        .collect();
    json!({
        "parameters": parameters,
        "responses": { "200": { "description": "OK" } },
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": kind,
    })
}
