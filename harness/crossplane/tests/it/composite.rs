//! Tests of composite resources on an embedded control plane. Source: Crossplane 2.2.

use std::sync::Arc;

use crosscut_functions::{Function, Functions};
use serde_json::{Value, json};

use crate::plane::{Plane, condition, wish, xr};
use crate::toy::Toy;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// Returns a control plane with one Composition that calls the toy function.
async fn toy_plane(input: Option<Value>) -> (Plane, Arc<Toy>) {
    let toy = Toy::new();
    let functions = Functions::builder()
        .insert("toy", Arc::clone(&toy) as Arc<dyn Function>)
        .build();
    let mut plane = Plane::new(functions).await;
    plane.define("Namespaced", &json!({})).await;
    let mut step = json!({ "step": "toy", "functionRef": { "name": "toy" } });
    if let Some(input) = input {
        step["input"] = input;
    }
    plane.compose("toys", &json!({}), &json!([step])).await;
    (plane, toy)
}

async fn make(plane: &mut Plane, name: &str, wanted: Value) -> Value {
    plane
        .create(
            "/apis/example.org/v1/namespaces/default/xrs",
            &wish(name, &wanted),
        )
        .await;
    plane.settle().await;
    plane.read(&xr(name)).await
}

async fn composed(plane: &Plane) -> Vec<String> {
    let maps = plane.list(MAPS).await;
    let data = maps.iter().filter_map(|map| map["data"]["key"].as_str());
    let mut data: Vec<String> = data.map(str::to_owned).collect();
    data.sort();
    data
}

#[tokio::test]
async fn what_the_function_desires_is_composed_owned_and_labelled() {
    let (mut plane, _) = toy_plane(None).await;
    let made = make(
        &mut plane,
        "one",
        json!({ "maps": ["a", "b"], "ready": true }),
    )
    .await;
    assert_eq!(condition(&made, "Synced"), "True ReconcileSuccess");
    assert_eq!(condition(&made, "Ready"), "True Available");
    assert_eq!(
        made["spec"]["crossplane"]["resourceRefs"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    let map = &plane.list(MAPS).await[0];
    assert_eq!(map["metadata"]["labels"]["crossplane.io/composite"], "one");
    let owner = &map["metadata"]["ownerReferences"][0];
    assert_eq!(
        (&owner["kind"], &owner["controller"]),
        (&json!("XR"), &json!(true))
    );
    let name = map["metadata"]["name"].as_str().unwrap_or_default();
    assert!(name.starts_with("one-") && name.len() == 16, "{name}");
}

#[tokio::test]
async fn settling_twice_writes_nothing_more() {
    let (mut plane, _) = toy_plane(None).await;
    let before = make(&mut plane, "one", json!({ "maps": ["a"], "ready": true })).await;
    plane.settle().await;
    assert_eq!(plane.read(&xr("one")).await, before);
}

#[tokio::test]
async fn a_resource_that_is_no_longer_desired_is_collected() {
    let (mut plane, _) = toy_plane(None).await;
    make(
        &mut plane,
        "one",
        json!({ "maps": ["a", "b"], "ready": true }),
    )
    .await;
    plane
        .patch(
            &xr("one"),
            &json!({ "spec": { "wish": { "maps": ["b"] } } }),
        )
        .await;
    plane.settle().await;
    assert_eq!(composed(&plane).await, ["b"]);
}

#[tokio::test]
async fn what_is_not_ready_keeps_the_composite_from_it() {
    let (mut plane, _) = toy_plane(None).await;
    let made = make(&mut plane, "one", json!({ "maps": ["a"] })).await;
    assert_eq!(
        condition(&made, "Ready"),
        "False Creating Unready resources: a"
    );
}

#[tokio::test]
async fn a_fatal_result_composes_nothing_and_says_why() {
    let (mut plane, _) = toy_plane(None).await;
    let results = json!([{ "severity": "Fatal", "message": "no luck" }]);
    let made = make(
        &mut plane,
        "one",
        json!({ "maps": ["a"], "results": results }),
    )
    .await;
    assert!(composed(&plane).await.is_empty());
    let synced = condition(&made, "Synced");
    assert!(
        synced.starts_with("False ReconcileError cannot compose resources: ")
            && synced.ends_with("no luck"),
        "{synced}"
    );
}

#[tokio::test]
async fn results_become_events_and_conditions_conditions() {
    let (mut plane, _) = toy_plane(None).await;
    let wanted = json!({
        "results": [{ "severity": "Warning", "reason": "Careful", "message": "look" }],
        "conditions": [{ "type": "Special", "status": "True", "reason": "Said" }],
        "said": { "word": "hello" },
    });
    let made = make(&mut plane, "one", wanted).await;
    assert_eq!(
        condition(&made, "Special"),
        "True Said",
        "{:?}",
        plane.failing()
    );
    assert_eq!(made["status"]["said"]["word"], "hello");
    let events = plane.events_of("default", "XR", "one").await;
    assert!(
        events
            .iter()
            .any(|event| event.contains("Warning Careful: ") && event.contains("look")),
        "{events:?}"
    );
}

/// Crossplane applies the conditions that it read, and then updates those that have changed. Virtual time passes
/// until nothing more changes, so a reconcile follows every change here.
#[tokio::test]
async fn in_virtual_time_a_reconcile_follows_a_conditions_last_change() {
    let (mut plane, _) = toy_plane(None).await;
    let wanted = json!({ "maps": ["a"], "ready": true, "said": { "word": "hello" } });
    let made = make(&mut plane, "one", wanted).await;
    let applied = |xr: &Value| {
        let entries = xr["metadata"]["managedFields"].as_array().unwrap();
        let entry = entries
            .iter()
            .find(|entry| entry["operation"] == "Apply" && entry["subresource"] == "status");
        let fields = &entry.unwrap()["fieldsV1"]["f:status"]["f:conditions"];
        fields["k:{\"type\":\"Ready\"}"]["f:status"].is_object()
    };
    assert!(applied(&made));
    let unready = json!({ "spec": { "wish": { "ready": false } } });
    plane.patch(&xr("one"), &unready).await;
    plane.settle().await;
    let changed = plane.read(&xr("one")).await;
    let ready = condition(&changed, "Ready");
    assert!(ready.starts_with("False"), "{ready}");
    assert!(applied(&changed));
}

#[tokio::test]
async fn what_a_function_requires_is_fetched_for_it() {
    let (mut plane, _) = toy_plane(None).await;
    let extra = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "extra", "namespace": "default" }, "data": { "x": "y" } });
    plane.create(MAPS, &extra).await;
    let made = make(&mut plane, "one", json!({ "needs": "extra" })).await;
    assert_eq!(made["status"]["said"], json!({ "x": "y" }));
}

#[tokio::test]
async fn requirements_that_never_end_are_given_up() {
    let (mut plane, _) = toy_plane(None).await;
    let made = make(&mut plane, "one", json!({ "restless": true })).await;
    let synced = condition(&made, "Synced");
    assert!(synced.starts_with("False ReconcileError"), "{synced}");
}

#[tokio::test]
async fn what_is_composed_goes_with_its_composite() {
    let (mut plane, _) = toy_plane(None).await;
    make(&mut plane, "one", json!({ "maps": ["a"], "ready": true })).await;
    assert!(plane.delete(&xr("one")).await.is_ok());
    plane.settle().await;
    assert!(composed(&plane).await.is_empty());
    assert_eq!(plane.get(&xr("one")).await, None);
}

#[tokio::test]
async fn drift_is_put_right() {
    let (mut plane, _) = toy_plane(None).await;
    make(&mut plane, "one", json!({ "maps": ["a"], "ready": true })).await;
    let name = plane.list(MAPS).await[0]["metadata"]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    plane
        .patch(
            &format!("{MAPS}/{name}"),
            &json!({ "data": { "key": "other" } }),
        )
        .await;
    plane.settle().await;
    plane.advance(std::time::Duration::from_secs(120)).await;
    assert_eq!(composed(&plane).await, ["a"]);
}

#[tokio::test]
async fn a_label_selector_picks_the_composition() {
    let (mut plane, _) = toy_plane(None).await;
    let step = json!([{ "step": "toy", "functionRef": { "name": "toy" }, "input": {
        "apiVersion": "toy/v1", "kind": "Input", "wish": { "maps": ["chosen"], "ready": true },
    } }]);
    plane
        .compose("chosen", &json!({ "pick": "me" }), &step)
        .await;
    let mut wanted = wish("one", &json!({}));
    wanted["spec"]["crossplane"] =
        json!({ "compositionSelector": { "matchLabels": { "pick": "me" } } });
    plane
        .create("/apis/example.org/v1/namespaces/default/xrs", &wanted)
        .await;
    plane.settle().await;
    assert_eq!(composed(&plane).await, ["chosen"]);
    let made = plane.read(&xr("one")).await;
    assert_eq!(
        made["spec"]["crossplane"]["compositionRef"]["name"],
        "chosen"
    );
}

#[tokio::test]
async fn a_used_object_cannot_be_deleted_until_its_user_is_gone() {
    let (mut plane, _) = toy_plane(None).await;
    for name in ["used", "user"] {
        let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "namespace": "default" } });
        plane.create(MAPS, &map).await;
    }
    let usage = json!({
        "apiVersion": "protection.crossplane.io/v1beta1", "kind": "Usage",
        "metadata": { "name": "u", "namespace": "default" },
        "spec": {
            "of": { "apiVersion": "v1", "kind": "ConfigMap", "resourceRef": { "name": "used" } },
            "by": { "apiVersion": "v1", "kind": "ConfigMap", "resourceRef": { "name": "user" } },
        },
    });
    plane
        .create(
            "/apis/protection.crossplane.io/v1beta1/namespaces/default/usages",
            &usage,
        )
        .await;
    plane.settle().await;
    let refused = plane.delete(&format!("{MAPS}/used")).await;
    let message = refused.expect_err("a refusal").message;
    assert!(
        message.contains("This resource is in-use by 1 usage(s)"),
        "{message}"
    );
    assert!(plane.delete(&format!("{MAPS}/user")).await.is_ok());
    plane.settle().await;
    assert!(plane.delete(&format!("{MAPS}/used")).await.is_ok());
}

#[tokio::test]
async fn every_seed_gives_the_same_world() {
    let mut worlds = Vec::new();
    for seed in [0, 1, 2, 3] {
        let toy = Toy::new();
        let functions = Functions::builder()
            .insert("toy", toy as Arc<dyn Function>)
            .build();
        let mut plane = Plane::seeded(functions, seed).await;
        plane.define("Namespaced", &json!({})).await;
        plane
            .compose(
                "toys",
                &json!({}),
                &json!([{ "step": "toy", "functionRef": { "name": "toy" } }]),
            )
            .await;
        make(
            &mut plane,
            "one",
            json!({ "maps": ["a", "b", "c"], "ready": true }),
        )
        .await;
        worlds.push(composed(&plane).await);
    }
    assert!(
        worlds.iter().all(|world| *world == ["a", "b", "c"]),
        "{worlds:?}"
    );
}

#[tokio::test]
async fn requests_tell_the_function_what_is_observed() {
    let (mut plane, toy) = toy_plane(None).await;
    make(&mut plane, "one", json!({ "maps": ["a"], "ready": true })).await;
    assert!(toy.calls() >= 2 && plane.requests() > 0);
    let observed = toy.last().observed.expect("observed");
    assert!(observed.resources.contains_key("a"));
}
