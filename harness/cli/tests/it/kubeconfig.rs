//! `--cluster kubeconfig`: what is said of clusters that cannot be used, and scenarios judged on one that can.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crosscut_client::Api;

use crosscut_objects::ObjectRef;
use crosscut_testkit::project_root;
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use rstest::{Context, rstest};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::control_plane::{Clusters, missing, search};
use crate::project::{assert_golden, project, ran};

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: gone
clusters:
- {name: gone, cluster: {server: 'https://127.0.0.1:1'}}
- {name: far, cluster: {server: 'https://far.invalid'}}
users:
- {name: user, user: {token: secret}}
contexts:
- {name: gone, context: {cluster: gone, user: user}}
- {name: far, context: {cluster: far, user: user}}
- {name: broken, context: {cluster: nothing, user: user}}
";

#[rstest]
#[case::missing_file(&["--kubeconfig", "missing.yaml"])]
#[case::no_kubeconfig(&["--kubeconfig", "crosscut.yaml"])]
#[case::unknown_context(&["--context", "staging"])]
#[case::broken_context(&["--context", "broken"])]
#[case::dead_context(&[])]
#[case::not_local(&["--context", "far"])]
#[case::not_local_target(&["--target-context", "far"])]
#[case::unknown_target(&["--target-context", "staging"])]
#[case::target_is_control_plane(&["--target-context", "gone"])]
fn clusters_that_cannot_be_used(#[context] context: Context, #[case] arguments: &[&str]) {
    let project = project(&[("config.yaml", KUBECONFIG)]);
    let mut all = vec!["test", "--cluster", "kubeconfig"];
    if !arguments.contains(&"--kubeconfig") {
        all.extend(["--kubeconfig", "config.yaml"]);
    }
    all.extend(arguments);
    let ran = ran(&project, &all);
    assert_eq!(ran.0, 3, "{}", ran.2);
    let case = context.description.unwrap();
    assert_golden(&format!("kubeconfig/{case}"), &ran);
}

#[test]
fn a_context_that_the_suite_allows_is_not_asked_for() {
    let suite = crate::project::SUITE.replace(
        "spec: {}",
        "spec: {clusters: {kubeconfig: {contexts: ['f*']}}}",
    );
    let project = project(&[("config.yaml", KUBECONFIG), ("crosscut.yaml", &suite)]);
    let (code, _, err) = ran(
        &project,
        &[
            "test",
            "--cluster",
            "kubeconfig",
            "--kubeconfig",
            "config.yaml",
            "--context",
            "far",
        ],
    );
    assert_eq!(code, 3);
    assert!(
        err.contains("(https://far.invalid) does not answer"),
        "{err}"
    );
}

/// A report without any trial must not look like one of a run in which nothing went wrong.
#[test]
fn reports_say_why_a_run_could_not_begin() {
    let project = project(&[("config.yaml", KUBECONFIG)]);
    let arguments = [
        "test",
        "--cluster=kubeconfig",
        "--kubeconfig=config.yaml",
        "--context=staging",
        "--report=json=report.json",
        "--report=junit=report.xml",
    ];
    let (code, _, err) = ran(&project, &arguments);
    assert_eq!(code, 3, "{err}");
    let read = |name: &str| std::fs::read_to_string(project.file(name)).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(report["cluster"], "kubeconfig");
    let why = report["error"].as_str().unwrap();
    assert!(why.contains("there is no context \"staging\""), "{why}");
    let report = quick_junit::Report::deserialize_from_str(&read("report.xml")).unwrap();
    assert_eq!((report.tests, report.errors), (1, 1));
    let case = &report.test_suites[0].test_cases[0];
    let quick_junit::TestCaseStatus::NonSuccess { message, .. } = &case.status else {
        panic!("{case:?}");
    };
    assert_eq!(message.as_deref(), Some(why));
}

fn crosscut(clusters: &Clusters, arguments: &[&str]) -> Output {
    command(clusters, arguments).output().unwrap()
}

fn command(clusters: &Clusters, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosscut"));
    command
        .args(["test", "--cluster", "kubeconfig", "-v", "--kubeconfig"])
        .arg(&clusters.kubeconfig)
        .args(arguments)
        .current_dir(project_root())
        .env("NO_COLOR", "1");
    command
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// Returns what is on a cluster of what trials make.
async fn made(client: &kube::Client) -> Vec<String> {
    let api = Api::new(client.clone(), "test");
    let mut names = Vec::new();
    for (version, kind) in [
        ("v1", "Namespace"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("apiextensions.crossplane.io/v1", "Composition"),
    ] {
        let found = api.list(version, kind, "", &Default::default()).await;
        let found = found.unwrap_or_default();
        names.extend(found.iter().map(|object| {
            format!(
                "{kind} {}",
                object["metadata"]["name"].as_str().unwrap_or_default()
            )
        }));
    }
    names.sort();
    names
}

#[ignore = "takes minutes: `cargo test -p crosscut --test it -- --ignored`"]
#[tokio::test(flavor = "multi_thread")]
async fn scenarios_are_judged_on_a_users_clusters() {
    if let Some(reason) = missing() {
        println!("skipped: {reason}");
        return;
    }
    let mut clusters = Clusters::start().await;
    let trial = [
        "--scenario",
        "disabled",
        "--provider",
        "azure",
        "--context",
        "control",
    ];
    not_ready(&clusters, &trial).await;
    clusters.start_crossplane().await;
    let (control, target) = (
        clusters.control.control().client().clone(),
        clusters.target.control().client().clone(),
    );
    let before = (made(&control).await, made(&target).await);
    let (judged, unsupported) = (
        crosscut(
            &clusters,
            &[&trial[..], &["--target-context", "target"]].concat(),
        ),
        crosscut(&clusters, &trial),
    );
    println!("{}", said(&judged));
    assert_eq!(judged.status.code(), Some(0), "{}", said(&judged));
    assert_eq!(unsupported.status.code(), Some(4), "{}", said(&unsupported));
    assert!(
        said(&unsupported).contains("--target-context"),
        "{}",
        said(&unsupported)
    );
    assert_eq!((made(&control).await, made(&target).await), before);
    ended_early(&clusters, &trial, &before.0).await;
    different(&clusters, &trial).await;
    clusters.stop().await;
}

/// The validation, on clusters as a user has them: what its programs make is labelled while it is there, and gone afterwards.
#[ignore = "takes minutes: `cargo test -p crosscut --test it -- --ignored`"]
#[tokio::test(flavor = "multi_thread")]
async fn programs_run_beside_a_users_clusters() {
    let missing = missing().or_else(|| without_programs(&["bbr", "envoy-gateway", "envoy"]));
    if let Some(reason) = missing {
        println!("skipped: {reason}");
        return;
    }
    let mut clusters = Clusters::start().await;
    clusters.start_crossplane().await;
    let (control, target) = (
        clusters.control.control().client().clone(),
        clusters.target.control().client().clone(),
    );
    let before = (made(&control).await, made(&target).await);
    let mut validation = command(
        &clusters,
        &[
            "--scenario",
            "routed-by-model",
            "--scenario",
            "body-based-router-health",
        ],
    );
    validation.args(["--context", "control", "--target-context", "target"]);
    let validation = tokio::task::spawn_blocking(move || validation.output().unwrap());
    let mut labelled = BTreeSet::new();
    while !validation.is_finished() {
        labelled.extend(labelled_secrets(&target).await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let output = validation.await.unwrap();
    println!("{}", said(&output));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("2 passed"), "{}", said(&output));
    // What Envoy Gateway's certgen makes, with a client that writes Secrets in protobuf.
    assert!(labelled.contains("envoy-gateway"), "{labelled:?}");
    assert_eq!((made(&control).await, made(&target).await), before);
    assert_eq!(labelled_secrets(&target).await, BTreeSet::new());
    clusters.stop().await;
}

/// Returns the reason why programs of the test bed cannot be run.
fn without_programs(names: &[&str]) -> Option<String> {
    let folders = search().folders();
    let is_there = |name: &&&str| folders.iter().any(|folder| folder.join(name).exists());
    let missing = names.iter().find(|name| !is_there(name))?;
    Some(format!("the test bed lacks {missing}"))
}

/// The names of Secrets that have a run's label.
async fn labelled_secrets(client: &kube::Client) -> BTreeSet<String> {
    let secrets: kube::Api<Secret> = kube::Api::all(client.clone());
    let labelled = ListParams::default().labels(crosscut_events::RUN_LABEL);
    let secrets = secrets.list(&labelled).await.unwrap();
    secrets
        .into_iter()
        .filter_map(|secret| secret.metadata.name)
        .collect()
}

/// Everything that is missing is told at once, and nothing is made.
async fn not_ready(clusters: &Clusters, trial: &[&str]) {
    let client = clusters.control.control().client();
    let before = made(client).await;
    let output = crosscut(clusters, trial);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("Crossplane is not installed there"), "{text}");
    assert_eq!(made(client).await, before);
}

/// After Ctrl-C nothing is left; what a killed run leaves is named, and does not hinder the next.
async fn ended_early(clusters: &Clusters, trial: &[&str], before: &[String]) {
    let control = clusters.control.control().client();
    let arguments = [trial, &["--target-context", "target"]].concat();
    let (code, text) = end(clusters, &arguments, Signal::INT);
    assert_eq!(code, Some(3), "{text}");
    assert_eq!(made(control).await, before, "{text}");
    let (code, _) = end(clusters, &arguments, Signal::KILL);
    assert_eq!(code, None);
    let output = crosscut(clusters, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let named = "another run is there, or was killed: it has the namespaces a-team, a-team-";
    assert!(said(&output).contains(named), "{}", said(&output));
    let left = made(control).await;
    assert!(left.len() > before.len(), "a killed run leaves something");
}

/// Sends a signal to a run that is in the middle of its trial; answers how it ended and what it said.
fn end(clusters: &Clusters, arguments: &[&str], signal: Signal) -> (Option<i32>, String) {
    let mut child = command(clusters, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("not enabled") {
        assert!(out.read_line(&mut text).unwrap() > 0, "{text}");
    }
    kill_process(Pid::from_child(&child), signal).unwrap();
    out.read_to_string(&mut text).unwrap();
    let mut err = child.stderr.take().unwrap();
    err.read_to_string(&mut text).unwrap();
    (child.wait().unwrap().code(), text)
}

/// What is there already and says something else is not changed.
async fn different(clusters: &Clusters, trial: &[&str]) {
    let client = clusters.control.control().client();
    let api = Api::new(client.clone(), "somebody");
    let composition: Value = json!({
        "apiVersion": "apiextensions.crossplane.io/v1", "kind": "Composition", "metadata": {"name": "cluster-azure"},
        "spec": {"mode": "Pipeline", "compositeTypeRef": {"apiVersion": "devopstoolkit.ai/v2", "kind": "Cluster"},
            "pipeline": [{"step": "s", "functionRef": {"name": "another"}}]},
    });
    let before = api.apply(&composition, "somebody").await.unwrap();
    let output = crosscut(clusters, trial);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(
        text.contains("Composition cluster-azure is there and says something else"),
        "{text}"
    );
    assert!(!text.contains("Namespace a-team is there"), "{text}");
    let after = api.get(ObjectRef::of(&composition)).await.unwrap();
    assert_eq!(after["spec"], before["spec"]);
}
