//! Preflights against the in-process API server.

use crosscut_objects::object;
use crosscut_suite::{Plan, Selection, load};
use crosscut_testkit::Project;
use serde_json::{Value, json};

use super::{Asked, check};
use crate::testing::InProcess;
use crate::trial::api;

const SUITE: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Suite
metadata: {name: s}
spec:
  namespace: team
  install:
    - resource: {apiVersion: v1, kind: Namespace, metadata: {name: team}}
    - resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {colour: blue}}
  functions: [{name: ready, builtin: auto-ready}]
";
const PROVIDER: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Provider
metadata: {name: p}
spec: {crds: [things.yaml]}
";
const THINGS: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Thing, plural: things}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
";

fn plan(suite: &str) -> Plan {
    let project = Project::new(&[
        ("crosscut.yaml", suite),
        ("providers/provider.yaml", PROVIDER),
        ("providers/things.yaml", THINGS),
        (
            "scenarios/scenario.yaml",
            "apiVersion: crosscut.dev/v1alpha1\nkind: Scenario\nmetadata: {name: quiet}\n\
             spec: {steps: [{actions: [{expect: {resource: {apiVersion: v1, kind: Namespace, metadata: {name: default}}}}]}]}\n",
        ),
    ])
    .unwrap();
    let folder = camino::Utf8Path::from_path(project.path()).unwrap();
    load(folder, &Selection::default()).unwrap()
}

/// Returns the documents to be installed, or the error's text.
async fn looked(
    cluster: &InProcess,
    denied: &[&str],
    stand_ins: bool,
) -> Result<Vec<String>, String> {
    looked_for(SUITE, cluster, denied, stand_ins).await
}

async fn looked_for(
    suite: &str,
    cluster: &InProcess,
    denied: &[&str],
    stand_ins: bool,
) -> Result<Vec<String>, String> {
    let plan = plan(suite);
    let asked = Asked {
        suite: &plan.suite,
        control: &cluster.connection(denied),
        target: None,
        stand_ins,
    };
    let missing = check(&asked).await.map_err(|error| error.to_string())?;
    let name = |value: Value| format!("{} {}", object::kind(&value), object::name(&value));
    Ok(missing
        .iter()
        .map(|resource| name(resource.node.to_value()))
        .collect())
}

async fn with_crossplane() -> InProcess {
    let mut cluster = InProcess::new();
    let api = api(&cluster.client);
    for definition in crosscut_crossplane::custom_resource_definitions() {
        api.create(&definition).await.unwrap();
    }
    cluster.settle().await;
    cluster
}

#[tokio::test]
async fn everything_that_is_missing_is_told_at_once() {
    let mut cluster = InProcess::new();
    cluster.settle().await;
    let error = looked(&cluster, &["create namespaces", "watch *"], false).await;
    let error = error.unwrap_err();
    let expected = "\
the cluster of the context \"test\" (https://test.invalid) is not ready for this suite:
  - Crossplane is not installed there
    install Crossplane 2 there, for example by its Helm chart, and wait until it runs
  - kinds are not defined there: things.example.org
    install the providers that serve them, or let crosscut stand in for them: standIns: true under clusters.kubeconfig \
in crosscut.yaml
  - your user may not watch anything
    grant it, to see when everything is at rest; or use another context
  - your user may not create namespaces
    grant it, to give each trial a namespace of its own; or use another context";
    assert_eq!(error, expected);
}

#[tokio::test]
async fn a_suite_without_anything_of_crossplane_needs_none() {
    let mut cluster = InProcess::new();
    cluster.settle().await;
    let plain = SUITE.replace("  functions: [{name: ready, builtin: auto-ready}]\n", "");
    let installed = looked_for(&plain, &cluster, &[], true).await.unwrap();
    assert_eq!(
        installed,
        [
            "CustomResourceDefinition things.example.org",
            "Namespace team",
            "ConfigMap settings"
        ]
    );
    let composed = plain.replace(
        "    - resource: {apiVersion: v1, kind: ConfigMap",
        "    - resource: {apiVersion: apiextensions.crossplane.io/v1, kind: Composition, metadata: {name: c}}\n    \
         - resource: {apiVersion: v1, kind: ConfigMap",
    );
    let error = looked_for(&composed, &cluster, &[], true)
        .await
        .unwrap_err();
    assert!(
        error.contains("Crossplane is not installed there"),
        "{error}"
    );
}

#[tokio::test]
async fn rights_on_what_is_to_be_installed_are_asked_for() {
    let cluster = with_crossplane().await;
    let denied = ["create customresourcedefinitions", "delete configmaps"];
    let error = looked(&cluster, &denied, true).await.unwrap_err();
    for part in [
        "the function ready is not installed there",
        "your user may not delete configmaps, create customresourcedefinitions.apiextensions.k8s.io",
    ] {
        assert!(error.contains(part), "{part} is missing in\n{error}");
    }
}

#[tokio::test]
async fn what_is_missing_is_to_be_installed_and_what_is_there_stays() {
    let mut cluster = with_crossplane().await;
    let api = api(&cluster.client);
    let definition = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: functionrevisions.pkg.crossplane.io}
spec:
  group: pkg.crossplane.io
  scope: Cluster
  names: {kind: FunctionRevision, plural: functionrevisions}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";
    let nodes = crosscut_yaml::parse(definition, &crosscut_yaml::Limits::default()).unwrap();
    api.create(&nodes[0].to_value()).await.unwrap();
    cluster.settle().await;
    let revision = json!({
        "apiVersion": "pkg.crossplane.io/v1", "kind": "FunctionRevision",
        "metadata": {"name": "r", "labels": {"pkg.crossplane.io/package": "ready"}},
        "spec": {"desiredState": "Active", "image": "i.invalid/i:v0", "revision": 1},
        "status": {"endpoint": "dns:///127.0.0.1:1"},
    });
    let created = api.create(&revision).await.unwrap();
    let mut with_status = revision.clone();
    with_status["metadata"] = created["metadata"].clone();
    api.update_status(&with_status).await.unwrap();
    let all = [
        "CustomResourceDefinition things.example.org",
        "Namespace team",
        "ConfigMap settings",
    ];
    assert_eq!(looked(&cluster, &[], true).await.unwrap(), all);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}});
    api.create(&namespace).await.unwrap();
    let mut settings = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "team"},
        "data": {"colour": "blue"},
    });
    api.create(&settings).await.unwrap();
    assert_eq!(looked(&cluster, &[], true).await.unwrap(), all[..1]);
    settings["data"]["colour"] = json!("red");
    api.update(&settings).await.unwrap();
    let error = looked(&cluster, &[], true).await.unwrap_err();
    let part = "ConfigMap settings is there and says something else\n    it is not crosscut's to change: bring it to \
                what crosscut.yaml:8 says, or delete it";
    assert!(error.contains(part), "{error}");
}
