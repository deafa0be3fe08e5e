//! Tests of a recorded client and of the deletion of the objects that it created, on the in-process API server.

use std::sync::Arc;

use crosscut_client::Api;

use crosscut_objects::{ObjectRef, object};
use serde_json::{Value, json};

use super::ledger::{LABEL, Ledger};
use super::recorded::recorded;
use super::removal::remove;
use super::testing::InProcess;
use super::trial::api;

fn settings(name: &str, namespace: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}})
}

async fn label_of(api: &Api, object: &Value) -> String {
    let there = api.get(ObjectRef::of(object)).await.unwrap();
    object::label(&there, LABEL).to_owned()
}

#[tokio::test]
async fn what_is_made_is_labelled_and_what_is_there_is_not() {
    let cluster = InProcess::new();
    let plain = api(&cluster.client);
    let theirs = settings("theirs", "default");
    plain.create(&theirs).await.unwrap();
    let ledger = Arc::new(Ledger::of_run("run"));
    let recorded = api(&recorded(&cluster.client, &ledger));
    let (created, applied) = (
        settings("created", "default"),
        settings("applied", "default"),
    );
    recorded.create(&created).await.unwrap();
    // The second apply must not remove the label.
    for object in [&applied, &theirs, &applied] {
        recorded.apply(object, "crosscut").await.unwrap();
    }
    let labels = [
        label_of(&plain, &created).await,
        label_of(&plain, &applied).await,
        label_of(&plain, &theirs).await,
    ];
    assert_eq!(labels, ["run", "run", ""]);
    let made: Vec<String> = ledger.take().iter().map(ToString::to_string).collect();
    assert_eq!(
        made,
        ["ConfigMap default/created", "ConfigMap default/applied"]
    );
}

#[tokio::test]
async fn only_what_was_made_is_deleted() {
    let cluster = InProcess::new();
    let plain = api(&cluster.client);
    let ledger = Arc::new(Ledger::of_run("run"));
    let recorded = api(&recorded(&cluster.client, &ledger));
    let mut held = settings("held", "default");
    held["metadata"]["finalizers"] = json!(["example.org/holds"]);
    let (gone, replaced) = (settings("gone", "default"), settings("replaced", "default"));
    for object in [&gone, &replaced, &held] {
        recorded.create(object).await.unwrap();
    }
    // Another user has created an object of the same name meanwhile.
    plain
        .delete(ObjectRef::of(&replaced), Default::default())
        .await
        .unwrap();
    plain.create(&replaced).await.unwrap();
    let asked = remove(&plain, ledger.take()).await;
    let left = remove(&plain, asked.into_iter().map(|left| left.created).collect()).await;
    let left: Vec<String> = left.iter().map(ToString::to_string).collect();
    assert_eq!(
        left,
        ["ConfigMap default/held: it is being deleted, and something holds it"]
    );
    assert!(
        plain
            .get(ObjectRef::of(&gone))
            .await
            .unwrap_err()
            .is_not_found()
    );
    plain.get(ObjectRef::of(&replaced)).await.unwrap();
}
