//! Tests of garbage collection. Source: kube-controller-manager 1.34.3's garbage collector.

use rstest::rstest;
use serde_json::json;

use crate::cluster::{Cluster, config_map};

#[rstest]
#[case::background("Background", false)]
#[case::foreground("Foreground", false)]
#[case::orphan("Orphan", true)]
#[tokio::test]
async fn dependents_go_unless_they_are_orphaned(#[case] propagation: &str, #[case] kept: bool) {
    let mut cluster = Cluster::new();
    let owner = cluster.create(config_map("owner", &[])).await;
    let dependent = cluster.create(config_map("dependent", &[&owner])).await;
    let deeper = cluster.create(config_map("deeper", &[&dependent])).await;
    cluster.delete(&owner, propagation).await.unwrap();
    cluster.settle().await;
    assert_eq!(cluster.find(&owner).await, None);
    assert_eq!(cluster.find(&dependent).await.is_some(), kept);
    assert_eq!(cluster.find(&deeper).await.is_some(), kept);
    if kept {
        let left = cluster.find(&dependent).await.unwrap();
        assert!(left["metadata"].get("ownerReferences").is_none(), "{left}");
    }
}

#[tokio::test]
async fn foreground_waits_for_a_dependent_that_is_held() {
    let mut cluster = Cluster::new();
    let owner = cluster.create(config_map("owner", &[])).await;
    let mut held = config_map("dependent", &[&owner]);
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    cluster.create(held).await;
    cluster.delete(&owner, "Foreground").await.unwrap();
    cluster.settle().await;
    let waiting = cluster.find(&owner).await.unwrap();
    assert_eq!(
        waiting["metadata"]["finalizers"],
        json!(["foregroundDeletion"])
    );
}

#[tokio::test]
async fn one_owner_that_is_left_keeps_the_object_and_the_other_is_forgotten() {
    let mut cluster = Cluster::new();
    let one = cluster.create(config_map("one", &[])).await;
    let two = cluster.create(config_map("two", &[])).await;
    let dependent = cluster.create(config_map("dependent", &[&one, &two])).await;
    cluster.delete(&one, "Background").await.unwrap();
    cluster.settle().await;
    let left = cluster.find(&dependent).await.unwrap();
    let owners = left["metadata"]["ownerReferences"].as_array().unwrap();
    assert_eq!(owners.len(), 1);
    assert_eq!(owners[0]["name"], "two");
}

#[tokio::test]
async fn an_owner_that_never_was_is_none() {
    let mut cluster = Cluster::new();
    let mut ghost = config_map("ghost", &[]);
    ghost["metadata"]["uid"] = json!("00000000-0000-0000-0000-000000000000");
    let dependent = cluster.create(config_map("dependent", &[&ghost])).await;
    cluster.settle().await;
    assert_eq!(cluster.find(&dependent).await, None);
}
