//! Server-side apply through endpoints. Source: the strategies and types of kube-apiserver 1.34.3.

use serde_json::{Value, json};

use crate::server::{Server, WIDGETS, owned};

const CONFIG_MAP: &str = "/api/v1/namespaces/default/configmaps/c";

fn config_map(fields: &Value) -> Value {
    let mut object =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" } });
    object
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    object
}

fn widget(metadata: &Value, status: &Value) -> Value {
    let mut object = json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w" }, "status": status });
    object["metadata"]
        .as_object_mut()
        .unwrap()
        .extend(metadata.as_object().unwrap().clone());
    object
}

#[tokio::test]
async fn the_status_endpoint_resets_the_spec_alone() {
    let server = Server::new().await;
    let path = format!("{WIDGETS}/w");
    server
        .apply(&path, "a", &widget(&json!({}), &json!({})))
        .await;
    let applied = widget(&json!({ "labels": { "l": "1" } }), &json!({ "phase": "x" }));
    let after = server.apply(&format!("{path}/status"), "b", &applied).await;
    assert_eq!(after["metadata"].get("labels"), None);
    let expected =
        json!({ "f:metadata": { "f:labels": { "f:l": {} } }, "f:status": { "f:phase": {} } });
    assert_eq!(owned(&after, "b"), expected);
}

#[tokio::test]
async fn what_a_built_in_loses_its_last_part_of_is_not_there() {
    let server = Server::new().await;
    server
        .apply(
            CONFIG_MAP,
            "a",
            &config_map(&json!({ "data": { "x": "1" } })),
        )
        .await;
    let after = server
        .apply(CONFIG_MAP, "a", &config_map(&json!({ "data": {} })))
        .await;
    assert_eq!(after.get("data"), None);
}

#[tokio::test]
async fn null_is_not_there_in_a_built_in() {
    let server = Server::new().await;
    let object = config_map(&json!({ "data": null, "immutable": null }));
    let path = CONFIG_MAP.trim_end_matches("/c");
    let created = server.send("POST", path, "application/json", &object).await;
    assert_eq!(created["metadata"]["name"], "c");
    assert_eq!(
        (created.get("data"), created.get("immutable")),
        (None, None)
    );
}

#[tokio::test]
async fn the_metadata_of_built_ins_is_typed() {
    let server = Server::new().await;
    for (manager, finalizer) in [("a", "example.com/a"), ("b", "example.com/b")] {
        let object = json!({ "metadata": { "name": "c", "finalizers": [finalizer] } });
        server
            .apply(CONFIG_MAP, manager, &config_map(&object))
            .await;
    }
    let after = server.apply(CONFIG_MAP, "c", &config_map(&json!({}))).await;
    assert_eq!(
        after["metadata"]["finalizers"],
        json!(["example.com/a", "example.com/b"])
    );
    let own = json!({ "f:metadata": { "f:finalizers": { "v:\"example.com/b\"": {} } } });
    assert_eq!(owned(&after, "b"), own);
}

#[tokio::test]
async fn a_conflict_names_no_time() {
    let server = Server::new().await;
    let path = CONFIG_MAP.trim_end_matches("/c");
    let object = config_map(&json!({ "data": { "x": "1" } }));
    server
        .send(
            "POST",
            &format!("{path}?fieldManager=u"),
            "application/json",
            &object,
        )
        .await;
    let refusal = server
        .apply(
            CONFIG_MAP,
            "a",
            &config_map(&json!({ "data": { "x": "2" } })),
        )
        .await;
    assert_eq!(
        refusal["message"],
        "Apply failed with 1 conflict: conflict with \"u\" using v1: .data.x"
    );
}

#[tokio::test]
async fn what_is_applied_has_its_type() {
    let server = Server::new().await;
    let object =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "labels": { "l": 1 } } });
    let refusal = server.apply(CONFIG_MAP, "a", &object).await;
    let expected = "failed to create typed patch object (default/c; /v1, Kind=ConfigMap): .metadata.labels.l: expected string, got &value.valueUnstructured{Value:1}";
    assert_eq!(
        (&refusal["code"], &refusal["message"]),
        (&json!(500), &json!(expected))
    );
}

/// Source: `crosscut parity` on kube-apiserver 1.34.3, whose types declare maps of data.
#[tokio::test]
async fn who_applies_data_owns_its_entries_and_who_creates_it_the_map_as_well() {
    let server = Server::new().await;
    let maps = "/api/v1/namespaces/default/configmaps";
    let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}});
    let applied = server
        .apply(&format!("{maps}/applied"), "u", &map("applied"))
        .await;
    assert_eq!(owned(&applied, "u"), json!({"f:data": {"f:a": {}}}));
    let path = format!("{maps}?fieldManager=u");
    let created = server
        .send("POST", &path, "application/json", &map("created"))
        .await;
    assert_eq!(
        owned(&created, "u"),
        json!({"f:data": {".": {}, "f:a": {}}})
    );
}
