//! Tests of definitions: Established, conflicts, and deletion with their objects. Source:
//! kube-apiserver 1.34.3.

use serde_json::{Value, json};

use crate::cluster::{Cluster, definition};

fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array().unwrap();
    conditions.iter().find(|one| one["type"] == kind).unwrap()
}

#[tokio::test]
async fn names_are_accepted_and_objects_can_be_made() {
    let mut cluster = Cluster::new();
    let created = cluster.create(definition("widgets", "Widget")).await;
    cluster.settle().await;
    let found = cluster.find(&created).await.unwrap();
    assert_eq!(condition(&found, "NamesAccepted")["reason"], "NoConflicts");
    assert_eq!(
        condition(&found, "Established")["reason"],
        "InitialNamesAccepted"
    );
    assert_eq!(found["status"]["acceptedNames"]["listKind"], "WidgetList");
    let widget = json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "a", "namespace": "default" } });
    assert_eq!(cluster.create(widget).await["metadata"]["generation"], 1);
}

#[tokio::test]
async fn a_name_that_is_taken_is_not_accepted_until_it_is_free() {
    let mut cluster = Cluster::new();
    let first = cluster.create(definition("widgets", "Widget")).await;
    cluster.settle().await;
    let second = cluster.create(definition("gadgets", "Widget")).await;
    cluster.settle().await;
    let found = cluster.find(&second).await.unwrap();
    let names = condition(&found, "NamesAccepted");
    assert_eq!(
        (names["status"].as_str(), names["reason"].as_str()),
        (Some("False"), Some("ListKindConflict"))
    );
    assert_eq!(names["message"], "\"WidgetList\" is already in use");
    assert_eq!(condition(&found, "Established")["status"], "False");
    let accepted = json!({ "plural": "gadgets", "kind": "" });
    assert_eq!(found["status"]["acceptedNames"], accepted);
    cluster.delete(&first, "Background").await.unwrap();
    cluster.settle().await;
    assert_eq!(cluster.find(&first).await, None);
    let found = cluster.find(&second).await.unwrap();
    assert_eq!(condition(&found, "Established")["status"], "True");
}

#[tokio::test]
async fn objects_go_with_their_definition_once_nothing_holds_them() {
    let mut cluster = Cluster::new();
    let definition = cluster.create(definition("widgets", "Widget")).await;
    cluster.settle().await;
    let metadata =
        json!({ "name": "a", "namespace": "default", "finalizers": ["example.com/hold"] });
    let widget = cluster
        .create(json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata }))
        .await;
    cluster.delete(&definition, "Background").await.unwrap();
    cluster.settle().await;
    let held = cluster.find(&definition).await.unwrap();
    assert_eq!(
        condition(&held, "Terminating")["reason"],
        "InstanceDeletionInProgress"
    );
    let release = json!({ "metadata": { "finalizers": null } });
    cluster
        .api
        .merge_patch(crosscut_objects::ObjectRef::of(&widget), &release)
        .await
        .unwrap();
    cluster.settle().await;
    assert_eq!(cluster.find(&definition).await, None);
}
