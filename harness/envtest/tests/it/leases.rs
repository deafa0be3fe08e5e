//! Tests that a trial never sees the objects of the trial before, however that one ended.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use camino::Utf8Path;
use crosscut_setup::AssetSearch;

use crosscut_envtest::{Envtest, EnvtestSettings};

use crosscut_cluster::{Cluster as _, Lease, Side};
use crosscut_live::LiveLimits;
use crosscut_suite::{Plan, Selection, load};
use crosscut_testkit::{Project, alone_with_fixed_ports};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::PostParams;

use crate::crossplane::programs;
use crate::envtest::{Now, config_map, root};

const HEAD: &str = "apiVersion: crosscut.dev/v1alpha1\nmetadata: {name: local}\n";

/// Returns a plan with one provider and one scenario, which is not judged here.
fn plan() -> Plan {
    let document = |kind: &str, spec: &str| format!("{HEAD}kind: {kind}\nspec: {spec}\n");
    let project = Project::new(&[
        ("crosscut.yaml", &document("Suite", "{}")),
        ("providers/local/provider.yaml", &document("Provider", "{}")),
        (
            "scenarios/local/scenario.yaml",
            &document("Scenario", STEPS),
        ),
    ])
    .expect("a project");
    let root = Utf8Path::from_path(project.path()).expect("a path");
    load(root, &Selection::default()).unwrap_or_else(|report| panic!("{report:?}"))
}

/// Steps that are loaded, and never judged.
const STEPS: &str = "{steps: [{actions: [{expect: {resource: {apiVersion: v1, kind: Namespace, metadata: {name: default}}}}]}]}";

/// Returns a cluster with one target, so that all trials use the same one.
fn cluster(plan: &Plan, root: &Path) -> Envtest {
    let settings = EnvtestSettings {
        assets: AssetSearch::from_variables(None, |name| std::env::var(name).ok()),
        targets: NonZeroUsize::MIN,
        state_root: root.to_owned(),
        clock: Arc::new(Now),
        limits: LiveLimits::default(),
        progress: Arc::new(|_: &str| {}),
        launcher: None,
        on_output: None,
    };
    Envtest::new(Arc::clone(&plan.suite), settings)
}

fn left_on_target(lease: &dyn Lease) -> Api<ConfigMap> {
    let client = lease.connection(Side::Target).http().clone();
    Api::namespaced(client, "default")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_trial_has_a_clean_target() {
    if let Err(reason) = programs() {
        println!("skipped: {reason}");
        return;
    }
    let _turn = alone_with_fixed_ports().expect("a turn");
    let (plan, root) = (plan(), root());
    let cluster = cluster(&plan, root.path());
    for is_closed in [false, true, true] {
        let lease = cluster.lease(&plan.trials[0], 0).await.expect("a lease");
        let maps = left_on_target(&*lease);
        let found = maps.get_opt("left").await.expect("an answer");
        assert!(found.is_none(), "the trial before left it");
        maps.create(&PostParams::default(), &config_map("left", "behind"))
            .await
            .expect("a config map");
        match is_closed {
            true => lease.close().await.expect("cleaned"),
            // A trial whose task panicked drops its lease like this, without a cleanup.
            false => drop(lease),
        }
    }
    cluster.close().await;
}
