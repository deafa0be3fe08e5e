//! Namespaces empty before they go. Source: kube-controller-manager 1.34.3.

use serde_json::json;

use crate::cluster::{Cluster, config_map};

#[tokio::test]
async fn everything_in_a_namespace_goes_with_it() {
    let mut cluster = Cluster::new();
    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "team" } });
    let namespace = cluster.create(namespace).await;
    let mut inside = config_map("a", &[]);
    inside["metadata"]["namespace"] = json!("team");
    cluster.create(inside.clone()).await;
    cluster.delete(&namespace, "Background").await.unwrap();
    cluster.settle().await;
    assert_eq!(cluster.find(&inside).await, None);
    assert_eq!(cluster.find(&namespace).await, None);
    assert!(cluster.delete(&json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "default" } }), "").await.is_err());
}

#[tokio::test]
async fn a_finalizer_keeps_the_namespace_and_the_conditions_say_so() {
    let mut cluster = Cluster::new();
    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "team" } });
    let namespace = cluster.create(namespace).await;
    let mut inside = config_map("a", &[]);
    inside["metadata"]["namespace"] = json!("team");
    inside["metadata"]["finalizers"] = json!(["example.com/hold"]);
    cluster.create(inside.clone()).await;
    cluster.delete(&namespace, "Background").await.unwrap();
    cluster.settle().await;
    let held = cluster.find(&namespace).await.unwrap();
    assert_eq!(held["status"]["phase"], "Terminating");
    let conditions = held["status"]["conditions"].as_array().unwrap();
    assert!(
        conditions
            .iter()
            .any(|one| one["type"] == "NamespaceFinalizersRemaining" && one["status"] == "True")
    );
}
