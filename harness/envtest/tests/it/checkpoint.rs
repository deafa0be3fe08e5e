//! Tests of restorations beneath real API servers. They are skipped, with the reason printed, if there are none.

use std::time::Instant;

use crosscut_envtest::{Checkpoint, Restored, Server, delete_namespace};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::discovery::ApiResource;
use kube::{Api, ResourceExt as _};
use serde_json::json;

use crate::envtest::{assets, config_map, config_maps, create_namespace, eventually, root, start};

fn widgets() -> CustomResourceDefinition {
    serde_json::from_value(json!({
        "metadata": {"name": "widgets.test.io"},
        "spec": {
            "group": "test.io",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                }},
            }],
        },
    }))
    .expect("a definition")
}

/// Defines the kind and waits until it is served.
pub(crate) async fn define_widgets(server: &Server) {
    let definitions: Api<CustomResourceDefinition> = Api::all(server.client().clone());
    definitions
        .create(&PostParams::default(), &widgets())
        .await
        .expect("a definition");
    eventually("the definition's establishment", || async {
        widget_api(server)
            .list(&ListParams::default())
            .await
            .is_ok()
    })
    .await;
}

pub(crate) fn widget_api(server: &Server) -> Api<DynamicObject> {
    Api::namespaced_with(server.client().clone(), "shop", &widget_resource())
}

fn widget_resource() -> ApiResource {
    ApiResource {
        group: "test.io".to_owned(),
        version: "v1".to_owned(),
        api_version: "test.io/v1".to_owned(),
        kind: "Widget".to_owned(),
        plural: "widgets".to_owned(),
    }
}

pub(crate) async fn create_widgets(server: &Server, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let widget = DynamicObject::new(&format!("w-{number}"), &widget_resource())
            .data(json!({"spec": {"number": number}}));
        widget_api(server)
            .create(&PostParams::default(), &widget)
            .await
            .expect("a widget");
    }
}

async fn has_namespace(server: &Server, name: &str) -> bool {
    let namespaces: Api<Namespace> = Api::all(server.client().clone());
    namespaces.get_opt(name).await.expect("an answer").is_some()
}

/// Returns true if discovery names the group.
async fn is_served(server: &Server, group: &str) -> bool {
    let groups = server.client().list_api_groups().await.expect("groups");
    groups.groups.iter().any(|served| served.name == group)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_brings_everything_back() {
    let Some(assets) = assets() else { return };
    let root = root();
    let environment = start(assets, root.path()).await;
    let target = &environment.targets()[0];
    let maps = config_maps(target, "default");
    let create = PostParams::default();
    for name in ["changed", "deleted", "kept"] {
        maps.create(&create, &config_map(name, "before"))
            .await
            .expect("a config map");
    }
    let taking = Instant::now();
    let mut checkpoint = Checkpoint::take(environment.etcd(), &target.prefix)
        .await
        .expect("a checkpoint");
    println!("took a checkpoint in {:?}", taking.elapsed());

    for round in 0..3 {
        change_everything(target).await;
        let restoring = Instant::now();
        let restored = checkpoint.restore().await.expect("a restoration");
        println!(
            "round {round}: restored in {:?}: {restored:?}",
            restoring.elapsed()
        );
        // Deleted: the definition, the namespace and twenty instances. Written: the two config maps.
        let expected = Restored {
            deleted: 22,
            written: 2,
        };
        assert_eq!(restored, expected);
        eventually("the server's seeing it", || sees_the_old_state(target)).await;
        println!("round {round}: seen after {:?}", restoring.elapsed());
        let again = checkpoint.restore().await.expect("a restoration");
        assert_eq!(
            again,
            Restored::default(),
            "there is nothing left to restore"
        );
    }
    environment.stop().await.expect("it stops");
}

/// Creates a definition with instances in a new namespace, changes a config map and deletes another.
async fn change_everything(target: &Server) {
    let defining = Instant::now();
    define_widgets(target).await;
    println!("the definition was served after {:?}", defining.elapsed());
    create_namespace(target, "shop").await;
    create_widgets(target, 0..20).await;
    let maps = config_maps(target, "default");
    let change = Patch::Merge(json!({"data": {"key": "after"}}));
    maps.patch("changed", &PatchParams::default(), &change)
        .await
        .expect("a change");
    maps.delete("deleted", &DeleteParams::default())
        .await
        .expect("a deletion");
}

/// Returns true if lists and reads show the old state. The server serves lists from its watch cache if it can.
async fn sees_the_old_state(target: &Server) -> bool {
    let maps = config_maps(target, "default");
    let cached = ListParams::default().match_any();
    let maps = maps.list(&cached).await.expect("config maps");
    let value = |name: &str| {
        let map = maps.iter().find(|map| map.name_any() == name)?;
        map.data.as_ref()?.get("key").cloned()
    };
    let values = ["changed", "deleted", "kept"].map(|name| value(name).unwrap_or_default());
    let definitions: Api<CustomResourceDefinition> = Api::all(target.client().clone());
    let definitions = definitions.list(&cached).await.expect("definitions");
    values == ["before"; 3]
        && definitions.items.is_empty()
        && !has_namespace(target, "shop").await
        && !is_served(target, "test.io").await
        && widget_api(target).list(&cached).await.is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_is_deleted_at_once() {
    let Some(assets) = assets() else { return };
    let root = root();
    let environment = start(assets, root.path()).await;
    let target = &environment.targets()[0];
    define_widgets(target).await;
    create_namespace(target, "shop").await;
    create_widgets(target, 0..3).await;
    let create = PostParams::default();
    let (inside, outside) = (config_maps(target, "shop"), config_maps(target, "default"));
    inside
        .create(&create, &config_map("a", "a"))
        .await
        .expect("one inside");
    outside
        .create(&create, &config_map("shop", "a"))
        .await
        .expect("one outside");

    let deleting = Instant::now();
    let deleted = delete_namespace(environment.etcd(), &target.prefix, "shop")
        .await
        .expect("a deletion");
    println!("deleted in {:?}", deleting.elapsed());
    assert_eq!(deleted, 5, "three widgets, a config map, and the namespace");
    assert!(!has_namespace(target, "shop").await);
    assert!(outside.get_opt("shop").await.expect("an answer").is_some());
    // The namespace can be created and used again at once.
    create_namespace(target, "shop").await;
    eventually("the namespace's use", || async {
        inside.create(&create, &config_map("a", "b")).await.is_ok()
    })
    .await;
    environment.stop().await.expect("it stops");
}
