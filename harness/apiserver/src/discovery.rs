//! Discovery: the groups, versions and resources of the server, and its own version.

use http::request::Parts;
use http::{Method, Response};
use serde_json::{Value, json};

use crate::body::Body;
use crate::groups::{Group, listed};
use crate::inner::Inner;
use crate::path::Path;
use crate::registry::Registry;
use crate::served::Served;
use crate::{openapi, response};

/// The Kubernetes version that the server reproduces.
const MAJOR: &str = "1";
const MINOR: &str = "34";

const VERBS: [&str; 8] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

pub(crate) fn respond(server: &Inner, parts: &Parts, path: &Path) -> Response<Body> {
    if parts.method != Method::GET {
        return response::method_not_allowed();
    }
    let registry = server.store.with(|state| state.registry.clone());
    let answer = match path {
        Path::Version => Some(version()),
        Path::CoreVersions => Some(json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "" }],
        })),
        Path::Groups => Some(groups(&registry)),
        Path::Group(name) => return group(&registry, name),
        Path::Resources { group, version } => resources(&registry, group, version),
        Path::OpenApiIndex => Some(openapi::index(&registry)),
        Path::OpenApi(document) => openapi::document(&registry, document),
        Path::Resource(_) | Path::Health | Path::Unknown => None,
    };
    match answer {
        Some(answer) => response::json(200, answer.to_string()),
        None => response::not_found(),
    }
}

fn version() -> Value {
    json!({
        "major": MAJOR,
        "minor": MINOR,
        "gitVersion": format!("v{MAJOR}.{MINOR}.0+crosscut"),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": "linux/amd64",
    })
}

fn groups(registry: &Registry) -> Value {
    let groups: Vec<Value> = listed(registry).iter().map(Group::body).collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

fn group(registry: &Registry, name: &str) -> Response<Body> {
    match listed(registry).iter().find(|group| group.name == name) {
        Some(group) => {
            let mut body = group.body();
            body["kind"] = "APIGroup".into();
            body["apiVersion"] = "v1".into();
            response::json(200, body.to_string())
        }
        None => response::text(404, "404 page not found\n"),
    }
}

/// Returns the resources of one group and version, or `None` if there are none.
fn resources(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let mut resources: Vec<Value> = Vec::new();
    let custom = registry.custom_resources();
    let all = registry.built_in_resources().iter().chain(&custom);
    for served in all.filter(|served| {
        served.resource.group == group && served.resource.version == version && served.discovered()
    }) {
        resources.extend(entries(served));
    }
    if resources.is_empty() {
        return None;
    }
    let group_version = match group {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    };
    let mut body = json!({
        "kind": "APIResourceList",
        "groupVersion": group_version,
        "resources": resources,
    });
    if !group.is_empty() {
        body["apiVersion"] = "v1".into();
    }
    Some(body)
}

/// Returns the entries of a resource and of its subresources.
fn entries(served: &Served) -> Vec<Value> {
    let resource = &served.resource;
    let verbs: Vec<&str> = VERBS
        .into_iter()
        .filter(|verb| *verb != "deletecollection" || !served.is_namespace())
        .collect();
    let mut main = json!({
        "name": resource.plural,
        "singularName": served.names.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": verbs,
    });
    let lists = [
        ("shortNames", &served.names.short),
        ("categories", &served.names.categories),
    ];
    for (field, list) in lists {
        if !list.is_empty() {
            main[field] = json!(list);
        }
    }
    let mut entries = vec![main];
    if served.is_namespace() {
        entries.push(subresource(served, "finalize", &["update"]));
    }
    if served.status {
        entries.push(subresource(served, "status", &["get", "patch", "update"]));
    }
    entries
}

fn subresource(served: &Served, name: &str, verbs: &[&str]) -> Value {
    json!({
        "name": format!("{}/{name}", served.resource.plural),
        "singularName": "",
        "namespaced": served.resource.namespaced,
        "kind": served.resource.kind,
        "verbs": verbs,
    })
}
