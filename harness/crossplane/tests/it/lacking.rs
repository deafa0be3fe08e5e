//! Tests of features of Crossplane 2.2 that this control plane lacks: a trial that needs one reports it.

use std::sync::Arc;

use crosscut_functions::{Function, Functions};
use serde_json::{Value, json};

use crate::plane::{Plane, condition, wish, xr};
use crate::toy::Toy;

async fn plane() -> Plane {
    let functions = Functions::builder()
        .insert("toy", Toy::new() as Arc<dyn Function>)
        .build();
    Plane::new(functions).await
}

/// Installs a legacy definition of cluster-scoped `XR`s of `example.org/v1`.
async fn define_legacy(plane: &mut Plane, more: &Value) {
    let mut definition = json!({
        "apiVersion": "apiextensions.crossplane.io/v1",
        "kind": "CompositeResourceDefinition",
        "metadata": {"name": "xrs.example.org"},
        "spec": {
            "group": "example.org",
            "names": {"kind": "XR", "plural": "xrs"},
            "versions": [{
                "name": "v1", "served": true, "referenceable": true,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }],
        },
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        definition["spec"][key] = value.clone();
    }
    let collection = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions";
    plane.create(collection, &definition).await;
    plane.settle().await;
}

#[tokio::test]
async fn a_composed_kind_of_kubernetes_that_is_not_served_is_named() {
    let mut plane = plane().await;
    plane.define("Namespaced", &json!({})).await;
    let step = json!({"step": "toy", "functionRef": {"name": "toy"}});
    plane.compose("toys", &json!({}), &json!([step])).await;
    assert_eq!(plane.lacks(), [""; 0]);
    let wanted = json!({"resources": {"run": {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "run"}}}});
    plane
        .create(
            "/apis/example.org/v1/namespaces/default/xrs",
            &wish("one", &wanted),
        )
        .await;
    plane.settle().await;
    assert_eq!(plane.lacks(), ["the kind Job of batch/v1"]);
    let synced = condition(&plane.read(&xr("one")).await, "Synced");
    assert!(synced.starts_with("False ReconcileError"), "{synced}");
}

#[tokio::test]
async fn a_definition_that_offers_claims_is_named() {
    let mut plane = plane().await;
    define_legacy(&mut plane, &json!({})).await;
    assert_eq!(plane.lacks(), [""; 0]);
    let mut plane = self::plane().await;
    let claims = json!({"claimNames": {"kind": "R", "plural": "rs"}});
    define_legacy(&mut plane, &claims).await;
    let expected = "claims (R of CompositeResourceDefinition xrs.example.org)";
    assert_eq!(plane.lacks(), [expected]);
}

#[tokio::test]
async fn a_legacy_composite_that_wants_a_connection_secret_is_named() {
    let mut plane = plane().await;
    let keys = json!({"connectionSecretKeys": ["user"]});
    define_legacy(&mut plane, &keys).await;
    let mut made = json!({"apiVersion": "example.org/v1", "kind": "XR", "metadata": {"name": "plain"}, "spec": {}});
    let collection = "/apis/example.org/v1/xrs";
    plane.create(collection, &made).await;
    plane.settle().await;
    assert_eq!(plane.lacks(), [""; 0]);
    made["metadata"]["name"] = json!("secretive");
    made["spec"]["writeConnectionSecretToRef"] = json!({"name": "s", "namespace": "default"});
    plane.create(collection, &made).await;
    plane.settle().await;
    assert_eq!(
        plane.lacks(),
        ["connection Secrets of legacy composite resources (XR secretive wants s)"]
    );
}
