//! The fields that the server sets in new objects, and their owners. Source: kube-apiserver 1.34.3.

use serde_json::{Value, json};

use crate::server::{Server, owned};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

fn gadgets() -> Value {
    let default = json!({"conditions": [{"type": "Accepted", "status": "Unknown"}]});
    let status = json!({
        "type": "object", "default": default, "x-kubernetes-preserve-unknown-fields": true,
    });
    let schema = json!({"type": "object", "properties": {"status": status}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Cluster",
            "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "subresources": {"status": {}}, "schema": {"openAPIV3Schema": schema},
            }],
        },
    })
}

#[tokio::test]
async fn a_status_is_not_taken_but_has_its_default() {
    let server = Server::new().await;
    let path = format!("{DEFINITIONS}?fieldManager=u");
    let mut definition = server
        .send("POST", &path, "application/json", &gadgets())
        .await;
    let conditions =
        ["NamesAccepted", "Established"].map(|kind| json!({"type": kind, "status": "True"}));
    definition["status"]["conditions"] = json!(conditions);
    definition["status"]["acceptedNames"] = definition["spec"]["names"].clone();
    let path = format!("{DEFINITIONS}/gadgets.example.com/status?fieldManager=u");
    server
        .send("PUT", &path, "application/json", &definition)
        .await;
    let gadget = json!({
        "apiVersion": "example.com/v1", "kind": "Gadget",
        "metadata": {"name": "g"}, "status": {"given": true},
    });
    let path = "/apis/example.com/v1/gadgets?fieldManager=u";
    let made = server.send("POST", path, "application/json", &gadget).await;
    let default = json!({"conditions": [{"type": "Accepted", "status": "Unknown"}]});
    assert_eq!(made["status"], default);
    // No manager owns a default of the definition.
    assert_eq!(made["metadata"].get("managedFields"), None);
}

#[tokio::test]
async fn who_creates_a_namespace_owns_its_label_and_who_applies_it_does_not() {
    let server = Server::new().await;
    let namespace =
        |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let path = "/api/v1/namespaces?fieldManager=u";
    let made = server
        .send("POST", path, "application/json", &namespace("made"))
        .await;
    let label = json!({".": {}, "f:kubernetes.io/metadata.name": {}});
    assert_eq!(
        owned(&made, "u"),
        json!({"f:metadata": {"f:labels": label}})
    );
    let applied = server
        .apply("/api/v1/namespaces/applied", "a", &namespace("applied"))
        .await;
    assert_eq!(
        applied["metadata"]["labels"],
        json!({"kubernetes.io/metadata.name": "applied"})
    );
    assert_eq!(applied["metadata"].get("managedFields"), None);
}

#[tokio::test]
async fn nobody_owns_the_maps_of_an_applied_definition() {
    let server = Server::new().await;
    let path = format!("{DEFINITIONS}/gadgets.example.com");
    let applied = server.apply(&path, "a", &gadgets()).await;
    let names = json!({"f:kind": {}, "f:listKind": {}, "f:plural": {}, "f:singular": {}});
    let expected = json!({"f:spec": {
        "f:group": {}, "f:names": names, "f:scope": {}, "f:versions": {},
    }});
    assert_eq!(owned(&applied, "a"), expected);
}

/// kube-apiserver's aggregator creates an APIService for every group and version of a definition.
#[tokio::test]
async fn a_definition_brings_no_api_service() {
    let server = Server::new().await;
    let path = "/apis/apiregistration.k8s.io/v1/apiservices/v1.example.com";
    let found = server
        .send("GET", path, "application/json", &Value::Null)
        .await;
    assert_eq!(found["code"], 404);
}

/// kube-apiserver compares a new definition with an empty one that has these maps, which therefore have no owner.
#[tokio::test]
async fn who_creates_a_definition_owns_its_maps() {
    let server = Server::new().await;
    let path = format!("{DEFINITIONS}?fieldManager=u");
    let made = server
        .send("POST", &path, "application/json", &gadgets())
        .await;
    let spec = &owned(&made, "u")["f:spec"];
    assert_eq!(
        (&spec["."], &spec["f:names"]["."]),
        (&json!({}), &json!({}))
    );
}
