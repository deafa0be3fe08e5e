//! Tests of the deletion of namespaces with their objects. Source: kube-controller-manager 1.34.3.

use serde_json::{Value, json};

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
    inside["metadata"]["name"] = json!("b");
    inside["metadata"]["finalizers"] = json!(["example.com/hold", "example.com/too"]);
    cluster.create(inside).await;
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s", "namespace": "team", "finalizers": ["example.com/hold"] } });
    cluster.create(secret).await;
    cluster.delete(&namespace, "Background").await.unwrap();
    cluster.settle().await;
    let held = cluster.find(&namespace).await.unwrap();
    assert_eq!(held["status"]["phase"], "Terminating");
    let conditions = held["status"]["conditions"].as_array().unwrap();
    let text = |one: &Value, field: &str| one[field].as_str().unwrap_or_default().to_owned();
    let told: Vec<[String; 4]> = conditions
        .iter()
        .map(|one| ["type", "status", "reason", "message"].map(|field| text(one, field)))
        .collect();
    let expected = [
        [
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ],
        [
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ],
        [
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ],
        [
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            "Some resources are remaining: configmaps. has 2 resource instances, secrets. has 1 resource instances",
        ],
        [
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            "Some content in the namespace has finalizers remaining: example.com/hold in 3 resource instances, example.com/too in 1 resource instances",
        ],
    ];
    assert_eq!(told, expected);
}
