//! Tests that a settled control plane shows all objects of a real API server. They are skipped, with the reason
//! printed, if there is none.

use std::sync::Arc;
use std::time::Duration;

use crosscut_live::{Driver, LiveLimits, Reflector, View};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;

use crate::checkpoint::{create_widgets, define_widgets, widget_api};
use crate::envtest::{Now, assets, create_namespace, eventually, root, start};

/// The number of changes of a definition. The order of events differs between them.
const ROUNDS: usize = 8;

/// The API server ends the watches of a kind when its definition changes. Objects that are created meanwhile must not
/// be missed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_while_a_definition_changes_is_in_view_at_rest() {
    let Some(assets) = assets() else { return };
    let root = root();
    let environment = start(assets, root.path()).await;
    let server = &environment.targets()[0];
    create_namespace(server, "shop").await;
    let observer = Reflector::start(server.client().clone()).await.expect("it");
    let mut driver = Driver::new(Arc::new(Now));
    let plane = driver.add_plane(
        "target",
        server.client().clone().into(),
        observer.view(|_| true),
        Vec::new(),
    );
    define_widgets(server).await;
    let limits = LiveLimits {
        longest: Duration::from_secs(30),
        ..LiveLimits::default()
    };
    let before = View::revision(server.client()).await.expect("an answer");
    for round in 1..=ROUNDS {
        change_definition(server, round).await;
        eventually("the kind", || async {
            let widgets = widget_api(server);
            widgets.list(&ListParams::default()).await.is_ok()
        })
        .await;
        create_widgets(server, round - 1..round).await;
        driver.settle(&limits).await.expect("rest");
        let view = driver.view(plane).expect("a view");
        let seen = view.objects().filter(|(key, _)| key.kind == "Widget");
        assert_eq!(seen.count(), round, "in round {round}");
        let listed = view.list(server.client()).await.expect("a list");
        let listed = listed.iter().filter(|(key, _)| key.kind == "Widget");
        assert_eq!(listed.count(), round, "in round {round}");
    }
    assert!(View::revision(server.client()).await.expect("an answer") > before);
    environment.stop().await.expect("it stops");
}

/// Adds a second served version of the kind in odd rounds, and removes it in even ones.
async fn change_definition(server: &crosscut_envtest::Server, round: usize) {
    let definitions: Api<CustomResourceDefinition> = Api::all(server.client().clone());
    let found = definitions.get("widgets.test.io").await.expect("it");
    let mut versions = serde_json::to_value(&found.spec.versions).expect("versions");
    let mut other = versions[0].clone();
    other["name"] = json!("v2");
    other["storage"] = json!(false);
    versions = if round % 2 == 1 {
        json!([versions[0], other])
    } else {
        json!([versions[0]])
    };
    let patch = Patch::Merge(json!({"spec": {"versions": versions}}));
    definitions
        .patch("widgets.test.io", &PatchParams::default(), &patch)
        .await
        .expect("a change");
}
