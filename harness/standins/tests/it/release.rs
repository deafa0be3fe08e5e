//! `Release` of provider-helm.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosscut_objects::ObjectRef;
use rstest::rstest;
use serde_json::{Value, json};

use crate::plane::{NAMESPACE, Planes, condition, find};

const API_VERSION: &str = "helm.m.crossplane.io/v1beta1";

fn a_release(chart: &Value) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "Release",
        "metadata": {
            "name": "one", "namespace": NAMESPACE,
            "annotations": {"crossplane.io/external-name": "outside"},
        },
        "spec": {
            "providerConfigRef": {"kind": "ProviderConfig", "name": "target"},
            "forProvider": {"chart": chart, "namespace": "charts"},
        },
    })
}

fn pinned(version: &str) -> Value {
    json!({"repository": "oci://r.example/charts", "name": "c", "version": version})
}

async fn planes() -> Planes {
    let mut planes = Planes::new(Vec::new()).await;
    planes.configure(API_VERSION, "target").await;
    planes
}

/// Returns what is recorded of a revision.
async fn record(planes: &Planes, revision: u64) -> Option<Value> {
    let name = format!("sh.helm.release.v1.outside.v{revision}");
    let address = ObjectRef {
        api_version: "v1",
        kind: "Secret",
        namespace: "charts",
        name: &name,
    };
    let secret = find(&planes.target, address).await?;
    let bytes = STANDARD.decode(secret["data"]["release"].as_str().unwrap());
    Some(serde_json::from_slice(&bytes.unwrap()).unwrap())
}

#[tokio::test]
async fn a_release_is_recorded_reported_and_left_alone() {
    let mut planes = planes().await;
    let mut one = a_release(&pinned("v1"));
    one["spec"]["forProvider"]["values"] = json!({"a": {"b": 1}});
    one["spec"]["forProvider"]["set"] = json!([{"name": "a.c", "value": "true"}]);
    planes.apply(&one).await;
    let recorded = record(&planes, 1).await.unwrap();
    assert_eq!(
        recorded["chart"],
        json!({"name": "c", "source": "oci://r.example/charts/c", "version": "v1"})
    );
    assert_eq!(recorded["config"], json!({"a": {"b": 1, "c": true}}));
    let now = planes.now(&one).await.unwrap();
    assert_eq!(condition(&now, "Ready"), "True Available");
    assert_eq!(now["status"]["atProvider"]["state"], "deployed");
    assert_eq!(now["status"]["atProvider"]["revision"], 1);
    assert!(planes.stays().await);
}

#[tokio::test]
async fn another_version_is_another_revision() {
    let mut planes = planes().await;
    planes.apply(&a_release(&pinned("v1"))).await;
    planes.apply(&a_release(&pinned("v2"))).await;
    let second = record(&planes, 2).await.unwrap();
    assert_eq!(second["chart"]["version"], "v2");
    let now = planes.now(&a_release(&pinned("v2"))).await.unwrap();
    assert_eq!(now["status"]["atProvider"]["revision"], 2);
    assert!(planes.stays().await);
}

/// Source: provider-helm 1.1 and its issue 383.
#[rstest]
#[case::no_tag(json!({"url": "oci://r.example/charts/c", "name": "c", "version": "v1"}), 1)]
#[case::tag(json!({"url": "oci://r.example/charts/c:v1", "name": "c", "version": "v1"}), 0)]
#[case::repository(pinned("v1"), 0)]
#[tokio::test]
async fn a_version_that_means_nothing_is_warned_of_once(
    #[case] chart: Value,
    #[case] warnings: usize,
) {
    let mut planes = planes().await;
    planes.apply(&a_release(&chart)).await;
    assert!(planes.stays().await);
    let events = planes.events("one").await;
    let warned = |event: &&String| event.starts_with("Warning ChartVersionIgnored: ");
    assert_eq!(events.iter().filter(warned).count(), warnings, "{events:?}");
}

#[tokio::test]
async fn a_set_without_a_value_is_an_error() {
    let mut planes = planes().await;
    let mut one = a_release(&pinned("v1"));
    one["spec"]["forProvider"]["set"] = json!([{"name": "a"}]);
    planes.apply(&one).await;
    let synced = condition(&planes.now(&one).await.unwrap(), "Synced");
    assert!(synced.contains("missing value for --set"), "{synced}");
    assert!(planes.stays().await);
}

/// A release can be installed if its namespace exists or is created.
#[rstest]
#[case(false, "True ReconcileSuccess")]
#[case(
    true,
    "False ReconcileError create failed: failed to install release: namespaces \"charts\" not found"
)]
#[tokio::test]
async fn the_namespace_is_made_unless_it_is_not_to_be(#[case] skip: bool, #[case] synced: &str) {
    let mut planes = planes().await;
    let mut one = a_release(&pinned("v1"));
    one["spec"]["forProvider"]["skipCreateNamespace"] = json!(skip);
    planes.apply(&one).await;
    let now = planes.now(&one).await.unwrap();
    assert_eq!(condition(&now, "Synced"), synced);
}

/// The records that deletion leaves on the target, and those that a later Release of the same name finds.
#[rstest]
#[case::all(json!(["*"]), false)]
#[case::without_delete(json!(["Create", "Update", "Observe"]), true)]
#[tokio::test]
async fn deletion_follows_the_policies(#[case] policies: Value, #[case] stays: bool) {
    let mut planes = planes().await;
    let mut one = a_release(&pinned("v1"));
    one["spec"]["managementPolicies"] = policies;
    planes.apply(&one).await;
    planes.delete(&one).await;
    assert_eq!(planes.now(&one).await, None);
    assert_eq!(record(&planes, 1).await.is_some(), stays);
    planes.apply(&one).await;
    let now = planes.now(&one).await.unwrap();
    assert_eq!(now["status"]["atProvider"]["revision"], 1);
}

#[tokio::test]
async fn observing_alone_needs_something_to_observe() {
    let mut planes = planes().await;
    let mut one = a_release(&pinned("v1"));
    one["spec"]["managementPolicies"] = json!(["Observe"]);
    planes.apply(&one).await;
    assert!(record(&planes, 1).await.is_none());
    assert_eq!(
        condition(&planes.now(&one).await.unwrap(), "Synced"),
        "False ReconcileError observe failed: external resource does not exist"
    );
}
