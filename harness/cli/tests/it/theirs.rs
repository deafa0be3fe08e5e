//! What others have on a user's cluster: left alone by trials, put back where a scenario means to change it, and never
//! touched by `crosscut clean`. On a real API server.

use std::process::Command;

use crosscut_client::Api;

use crosscut_objects::{ObjectRef, object};
use crosscut_testkit::Project;
use serde_json::{Value, json};

use crate::control_plane::{Clusters, missing};
use crate::project::{SUITE, project};

const PROVIDER: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Provider
metadata: {name: local}
spec: {}
";

/// What a scenario does to what others have, and whether that passes.
const ACTIONS: [(&str, &str, bool); 8] = [
    (
        "deleted",
        "{delete: {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, name: theirs}}",
        false,
    ),
    (
        "all-deleted",
        "{delete: {apiVersion: v1, kind: ConfigMap, namespace: theirs, labels: {}}}",
        false,
    ),
    (
        "patched",
        "{patch: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: theirs}, data: {a: c}}}}",
        false,
    ),
    (
        "applied",
        "{apply: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: theirs}, data: {a: c}}}}",
        false,
    ),
    (
        "rejected",
        "{reject: {delete: {apiVersion: v1, kind: ConfigMap, name: settings, namespace: theirs}, code: 403}}",
        false,
    ),
    (
        "namespace",
        "{delete: {apiVersion: v1, kind: Namespace, name: theirs}, notMine: true}",
        false,
    ),
    (
        "bold",
        "{patch: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: theirs}, data: {a: c}}}, notMine: true}, \
              {delete: {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, name: theirs}, notMine: true}, \
              {absent: {resource: {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: theirs}}}}",
        true,
    ),
    (
        "own",
        "{apply: {resource: {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: ours}, rules: []}}}, \
             {apply: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: ours}, data: {a: b}}}}, \
             {patch: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: ours}, data: {a: c}}}}, \
             {delete: {apiVersion: v1, kind: ConfigMap, labels: {}}}, \
             {delete: {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, name: ours}}",
        true,
    ),
];

fn of_scenarios() -> Project {
    let scenarios: Vec<(String, String)> = ACTIONS
        .iter()
        .map(|(name, actions, _)| {
            let text = format!(
                "apiVersion: crosscut.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: {name}}}\nspec: {{steps: [{{actions: [{actions}]}}]}}\n"
            );
            (format!("scenarios/{name}/scenario.yaml"), text)
        })
        .collect();
    let mut files = vec![
        ("crosscut.yaml", SUITE),
        ("providers/local/provider.yaml", PROVIDER),
    ];
    files.extend(
        scenarios
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str())),
    );
    Project::new(&files).unwrap()
}

/// The exit code, and all that was said.
fn crosscut(project: &Project, clusters: &Clusters, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .args(arguments)
        .args(["--context", "control", "--kubeconfig"])
        .arg(&clusters.kubeconfig)
        .current_dir(project.path())
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = [&output.stdout[..], &output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// Returns what others have, as it matters to them.
async fn meaning(api: &Api, objects: &[Value]) -> Vec<Value> {
    let mut found = Vec::new();
    for object in objects {
        let mut there = api.get(ObjectRef::of(object)).await.unwrap();
        for field in [
            "resourceVersion",
            "uid",
            "generation",
            "managedFields",
            "creationTimestamp",
        ] {
            object::remove(&mut there, &["metadata", field]);
        }
        found.push(there);
    }
    found
}

#[ignore = "takes minutes: `cargo test -p crosscut --test it -- --ignored`"]
#[tokio::test(flavor = "multi_thread")]
async fn what_others_have_is_left() {
    if let Some(reason) = missing() {
        println!("skipped: {reason}");
        return;
    }
    let clusters = Clusters::start().await;
    clusters.define_crossplane().await;
    let api = Api::new(clusters.control.control().client().clone(), "somebody");
    let theirs = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "theirs"}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "theirs"}, "data": {"a": "b"}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "theirs", "labels": {"of": "them"}}, "rules": []}),
    ];
    for object in &theirs {
        api.create(object).await.unwrap();
    }
    let before = meaning(&api, &theirs).await;
    let project = of_scenarios();
    let (code, text) = crosscut(&project, &clusters, &["test", "--cluster", "kubeconfig"]);
    println!("{text}");
    assert_eq!(code, Some(1), "{text}");
    for (name, _, passes) in ACTIONS {
        let verdict = if passes { "passed" } else { "failed" };
        let line = text
            .lines()
            .find(|line| line.contains(&format!("{name}::local")));
        assert!(
            line.is_some_and(|line| line.contains(verdict)),
            "{name}: {text}"
        );
    }
    assert_eq!(text.matches("[write::not_mine]").count(), 6, "{text}");
    assert!(
        text.contains("ConfigMap theirs/settings was there before, and is not of this run"),
        "{text}"
    );
    assert!(!text.contains("left there"), "{text}");
    assert_eq!(meaning(&api, &theirs).await, before);
    cleaned(&project, &clusters, &api).await;
    assert_eq!(meaning(&api, &theirs).await, before);
    clusters.stop().await;
}

/// What a killed run left, and nothing else, is listed and deleted.
async fn cleaned(project: &Project, clusters: &Clusters, api: &Api) {
    let labels = |run: &str| json!({"crosscut.dev/run": run});
    let left = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-0a1b2c3d-t1", "labels": labels("0a1b2c3d")}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "left", "labels": labels("0a1b2c3d")}, "rules": []}),
    ];
    let of_another = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other", "namespace": "default", "labels": labels("ffffffff")}});
    for object in left.iter().chain([&of_another]) {
        api.create(object).await.unwrap();
    }
    let (code, text) = crosscut(project, clusters, &["clean"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(
        text.contains(
            "run 0a1b2c3d:\n  ClusterRole left\n  Namespace team-0a1b2c3d-t1\nrun ffffffff:"
        ),
        "{text}"
    );
    assert!(text.contains("agree by --yes"), "{text}");
    let (code, text) = crosscut(project, clusters, &["clean", "--run", "0a1b2c3d", "--yes"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("2 of 2 are gone"), "{text}");
    for object in &left {
        let there = api.get(ObjectRef::of(object)).await;
        assert!(there.is_err_and(|error| error.is_not_found()), "{object}");
    }
    api.get(ObjectRef::of(&of_another)).await.unwrap();
    let (code, text) = crosscut(project, clusters, &["clean", "--run", "0a1b2c3d", "--yes"]);
    assert_eq!(
        (code, text.as_str()),
        (Some(0), "no run left anything that can be seen\n")
    );
}

#[test]
fn a_cluster_that_does_not_answer_cannot_be_cleaned() {
    let kubeconfig = "\
apiVersion: v1
kind: Config
current-context: gone
clusters: [{name: gone, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: user, user: {token: secret}}]
contexts: [{name: gone, context: {cluster: gone, user: user}}]
";
    let project = project(&[("config.yaml", kubeconfig)]);
    let (code, _, err) =
        crate::project::ran(&project, &["clean", "--kubeconfig", "config.yaml", "--yes"]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("does not answer"), "{err}");
}
