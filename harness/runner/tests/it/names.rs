//! Tests of invalid names: every action with every kind of value for each name. The control plane gets no request
//! instead, and objects of others stay.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use crosscut_client::{Api, Connection};
use crosscut_embedded::Embedded;
use crosscut_setup::AssetSearch;

use crosscut_envtest::{Environment, EnvironmentSettings};

use crosscut_live::LiveLimits;

use crosscut_cluster::{Cluster, ClusterError, Lease, Rest, SettleError, Side};
use crosscut_events::{TrialReport, Verdict};
use crosscut_programs::default_root;
use crosscut_remote::kubeconfig::{Consent, Files, KubeconfigCluster, KubeconfigSettings};
use crosscut_setup::Progress;
use crosscut_suite::{Plan, Trial};
use rstest::rstest;
use serde_json::{Value, json};

use crate::judging::{document, plan, reports};

const LONG: Duration = Duration::from_secs(600);

/// The objects of others in every trial.
const SUITE: &str = "spec: {install: [{file: theirs.yaml}]}\n";
const THEIRS: &str = "\
{apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: default, labels: {app: one}}, data: {of: others}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: two, namespace: default, labels: {app: two}}, data: {of: others}}
---
{apiVersion: v1, kind: Secret, metadata: {name: three, namespace: default}}
";
const VALUES: &str =
    "spec: {values: {number: 7, boolean: true, list: [one], map: {one: two}, empty: ''}}\n";

/// An expression, and its value as a message describes it.
const WRONG: [(&str, &str); 6] = [
    ("($values.misspelt)", "is null"),
    ("($values.number)", "is 7, a number"),
    ("($values.boolean)", "is true, a boolean"),
    ("($values.list)", "is [\"one\"], a list"),
    ("($values.map)", "is {\"one\":\"two\"}, a mapping"),
    ("($values.empty)", "is empty text"),
];

/// The fields with names. A label may be empty.
const FIELDS: [&str; 5] = ["apiVersion", "kind", "name", "namespace", "label app"];

/// An action whose fields are all right but one; `FIELDS` stands for its fields.
const ACTIONS: [(&str, &str); 9] = [
    ("delete", "delete: {DIRECT}"),
    ("apply", "apply: {resource: {OBJECT, data: {a: b}}}"),
    ("patch", "patch: {resource: {OBJECT, data: {a: b}}}"),
    ("expect", "expect: {resource: {OBJECT}}"),
    ("absent", "absent: {resource: {OBJECT, data: {a: b}}}"),
    ("reject-delete", "reject: {delete: {DIRECT}, code: 404}"),
    (
        "reject-apply",
        "reject: {apply: {resource: {OBJECT, data: {a: b}}}, code: 422}",
    ),
    (
        "reject-patch",
        "reject: {patch: {resource: {OBJECT, data: {a: b}}}, code: 422}",
    ),
    (
        "events",
        "events: {resource: {involvedObject: {EVENT}}, absent: true}",
    ),
];

/// Returns the action, with `value` as `field`.
fn action(template: &str, field: &str, value: &str) -> String {
    let of = |name: &str, usual: &str| match field == name {
        true => format!("\"{value}\""),
        false => usual.to_owned(),
    };
    let (version, kind) = (of("apiVersion", "v1"), of("kind", "ConfigMap"));
    // Labels select only without a name; a written object needs a name.
    let name = of("name", "one");
    let named = match field == "label app" && template.contains("DIRECT") {
        true => String::new(),
        false => format!("name: {name}, "),
    };
    let namespace = of("namespace", "default");
    let label = of("label app", "one");
    let metadata = format!("{named}namespace: {namespace}, labels: {{app: {label}}}");
    template
        .replace(
            "DIRECT",
            &format!("apiVersion: {version}, kind: {kind}, {metadata}"),
        )
        .replace(
            "OBJECT",
            &format!("apiVersion: {version}, kind: {kind}, metadata: {{{metadata}}}"),
        )
        .replace(
            "EVENT",
            &format!("apiVersion: {version}, kind: {kind}, name: {name}, namespace: {namespace}"),
        )
}

/// Returns each action with each wrong value of each of its names: the scenario's name, the action, and the message
/// about the value.
fn wrong() -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for (verb, template) in ACTIONS {
        for field in FIELDS {
            for (number, (value, said)) in WRONG.iter().enumerate() {
                let is_label = field == "label app";
                if is_label && (verb == "events" || value.contains("empty")) {
                    continue;
                }
                let name = format!("{verb}-{}-{number}", field.to_lowercase().replace(' ', "-"));
                let said = format!("the {field} {value} {said}");
                all.push((name, action(template, field, value), said));
            }
        }
    }
    all
}

fn plan_of(actions: impl IntoIterator<Item = (String, String)>) -> Plan {
    let scenario = |(name, action): (String, String)| {
        let spec = format!("spec: {{steps: [{{actions: [{{{action}}}]}}]}}\n");
        (
            format!("scenarios/{name}/scenario.yaml"),
            document("Scenario", &name, &spec),
        )
    };
    let fixed = [
        ("crosscut.yaml".to_owned(), document("Suite", "s", SUITE)),
        ("theirs.yaml".to_owned(), THEIRS.to_owned()),
        (
            "providers/provider.yaml".to_owned(),
            document("Provider", "local", VALUES),
        ),
    ];
    plan(fixed.into_iter().chain(actions.into_iter().map(scenario)))
}

/// The objects at the end of each trial, in the order of trials.
type Found = Arc<Mutex<Vec<Vec<String>>>>;

/// A control plane that lists the objects of others at the end of each trial.
struct Looked<Inner> {
    inner: Inner,
    found: Found,
}

#[async_trait]
impl<Inner: Cluster> Cluster for Looked<Inner> {
    fn kind(&self) -> &str {
        self.inner.kind()
    }

    async fn prepare(&self) -> Result<(), ClusterError> {
        self.inner.prepare().await
    }

    async fn lease(&self, trial: &Trial, seed: u64) -> Result<Box<dyn Lease>, ClusterError> {
        Ok(Box::new(LookedLease {
            lease: self.inner.lease(trial, seed).await?,
            found: Arc::clone(&self.found),
        }))
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

struct LookedLease {
    lease: Box<dyn Lease>,
    found: Found,
}

#[async_trait]
impl Lease for LookedLease {
    fn connection(&self, side: Side) -> Connection {
        self.lease.connection(side)
    }

    fn namespace(&self) -> &str {
        self.lease.namespace()
    }

    async fn objects(&mut self, side: Side) -> Result<Vec<Value>, ClusterError> {
        self.lease.objects(side).await
    }

    async fn settle(&mut self) -> Result<Rest, SettleError> {
        self.lease.settle().await
    }

    async fn sleep(&mut self, duration: Duration) -> Result<Rest, SettleError> {
        self.lease.sleep(duration).await
    }

    async fn close(self: Box<Self>) -> Result<(), ClusterError> {
        let api = Api::new(self.lease.connection(Side::Control), "test");
        let mut found = Vec::new();
        for kind in ["ConfigMap", "Secret"] {
            let objects = api.list("v1", kind, "default", &Default::default()).await;
            for object in objects.unwrap() {
                let mut labels = object["metadata"]["labels"].clone();
                if let Some(labels) = labels.as_object_mut() {
                    labels.remove(crosscut_events::RUN_LABEL);
                }
                let labels = if labels == json!({}) {
                    Value::Null
                } else {
                    labels
                };
                let name = &object["metadata"]["name"];
                found.push(format!("{kind} {name} {labels} {}", object["data"]));
            }
        }
        // Every namespace gets the certificate of its API server.
        found.retain(|one| !one.contains("kube-root-ca.crt"));
        self.found.lock().unwrap().push(found);
        self.lease.close().await
    }
}

const UNTOUCHED: [&str; 3] = [
    "ConfigMap \"one\" {\"app\":\"one\"} {\"of\":\"others\"}",
    "ConfigMap \"two\" {\"app\":\"two\"} {\"of\":\"others\"}",
    "Secret \"three\" null null",
];

async fn nothing_is_touched(
    plan: Plan,
    cluster: impl Cluster + 'static,
    count: usize,
) -> Vec<TrialReport> {
    let found = Found::default();
    let looked = Looked {
        inner: cluster,
        found: Arc::clone(&found),
    };
    let reports = reports(plan, looked, LONG).await;
    let found = found.lock().unwrap();
    assert_eq!((reports.len(), found.len()), (count, count));
    for (report, found) in reports.iter().zip(found.iter()) {
        assert_eq!(found, &UNTOUCHED, "{}", report.trial.scenario);
    }
    drop(found);
    reports
}

async fn every_wrong_name_fails(cluster: impl FnOnce(&Plan) -> Box<dyn Cluster>) {
    let mut wrong = wrong();
    wrong.sort();
    let plan = plan_of(
        wrong
            .iter()
            .map(|(name, action, _)| (name.clone(), action.clone())),
    );
    let cluster: Arc<dyn Cluster> = Arc::from(cluster(&plan));
    let shared = Shared(Arc::clone(&cluster));
    let reports = nothing_is_touched(plan, shared, wrong.len()).await;
    cluster.close().await;
    for (report, (name, action, said)) in reports.iter().zip(&wrong) {
        assert_eq!(&report.trial.scenario, name);
        assert_eq!(report.verdict, Verdict::Failed, "{action}");
        let failure = &report.failures[0];
        assert_eq!(
            failure.code, "name::invalid",
            "{action}: {}",
            failure.message
        );
        assert!(
            failure.message.starts_with(said),
            "{action}: {}",
            failure.message
        );
        assert_eq!(failure.location.as_ref().unwrap().line, 4, "{action}");
    }
}

struct Shared(Arc<dyn Cluster>);

#[async_trait]
impl Cluster for Shared {
    fn kind(&self) -> &str {
        self.0.kind()
    }

    async fn prepare(&self) -> Result<(), ClusterError> {
        self.0.prepare().await
    }

    async fn lease(&self, trial: &Trial, seed: u64) -> Result<Box<dyn Lease>, ClusterError> {
        self.0.lease(trial, seed).await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

fn embedded(plan: &Plan) -> Box<dyn Cluster> {
    Box::new(Embedded::new(
        Arc::clone(&plan.suite),
        Arc::new(|_: &str| {}),
    ))
}

#[tokio::test]
async fn every_wrong_name_fails_on_the_embedded_control_plane() {
    every_wrong_name_fails(embedded).await;
}

/// Returns a user's cluster with the kinds of Crossplane, without controllers.
async fn environment(assets: &AssetSearch) -> Environment {
    let settings = EnvironmentSettings {
        assets: assets.find().unwrap(),
        targets: 0,
        state_root: default_root(&std::env::temp_dir()),
        launcher: None,
    };
    let progress: Progress = Arc::new(|_: &str| {});
    let mut environment = Environment::start(settings, &progress).await.unwrap();
    environment.start_controllers().await.unwrap();
    let api = Api::new(environment.control().client().clone(), "test");
    for definition in crosscut_crossplane::custom_resource_definitions() {
        api.create(&definition).await.unwrap();
    }
    environment
}

#[ignore = "takes minutes: `cargo test -p crosscut-runner --test it -- --ignored`"]
#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_name_fails_on_a_real_api_server() {
    let assets = AssetSearch::from_variables(None, |name| std::env::var(name).ok());
    if let Err(missing) = assets.find() {
        println!("skipped: {missing}");
        return;
    }
    let environment = environment(&assets).await;
    let kubeconfig = &environment.control().kubeconfig;
    let file = environment
        .state()
        .write("user.kubeconfig", kubeconfig)
        .unwrap();
    let settings = KubeconfigSettings {
        files: Files::Named(file),
        context: None,
        target_context: None,
        consent: Consent {
            yes: true,
            ask: Arc::new(|_: &str| None),
        },
        path: Vec::new(),
        state_root: default_root(&std::env::temp_dir()),
        clock: Arc::new(Now),
        limits: LiveLimits::default(),
        launcher: None,
        progress: Arc::new(|_: &str| {}),
    };
    let cluster = |plan: &Plan| -> Box<dyn Cluster> {
        Box::new(KubeconfigCluster::new(Arc::clone(&plan.suite), settings))
    };
    every_wrong_name_fails(cluster).await;
    environment.stop().await.unwrap();
}

struct Now;

impl crosscut_objects::Clock for Now {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// Literal values instead of expressions.
#[rstest]
#[case::number(
    "delete: {apiVersion: v1, kind: ConfigMap, name: 1}",
    "the name is 1, a number, and must be text"
)]
#[case::null(
    "delete: {apiVersion: v1, kind: ConfigMap, name: }",
    "the name is null, and must be text"
)]
#[case::empty(
    "delete: {apiVersion: v1, kind: ConfigMap, name: ''}",
    "the name is empty text, and names nothing"
)]
#[case::labels_of_null(
    "delete: {apiVersion: v1, kind: ConfigMap, labels: }",
    "the field labels is null, and must be a mapping"
)]
#[case::labels_of_nothing(
    "delete: {apiVersion: v1, kind: ConfigMap, labels: ($values.app)}",
    "the field labels ($values.app) is null, and must be a mapping"
)]
#[case::one_of_the_labels(
    "delete: {apiVersion: v1, kind: ConfigMap, labels: {a: b, app: }}",
    "the label app is null, and must be text"
)]
#[case::a_path(
    "delete: {apiVersion: v1, kind: ConfigMap, name: ../secrets/three}",
    "no object can be named \"../secrets/three\""
)]
#[case::the_whole(
    "delete: {apiVersion: v1, kind: ConfigMap, name: ..}",
    "no object can be named \"..\""
)]
#[case::a_query(
    "delete: {apiVersion: v1, kind: ConfigMap, name: one, namespace: '%64efault'}",
    "no object can be named \"%64efault\""
)]
#[case::metadata(
    "absent: {resource: {apiVersion: v1, kind: ConfigMap, metadata: ($values.meta)}}",
    "the field metadata ($values.meta) is null, and must be a mapping"
)]
#[case::a_generated_name(
    "apply: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {generateName: ($values.meta)}}}",
    "the generateName ($values.meta) is null, and must be text"
)]
#[tokio::test]
async fn a_written_name_that_is_none(#[case] action: &str, #[case] said: &str) {
    let plan = plan_of([("one".to_owned(), action.to_owned())]);
    let cluster = Shared(Arc::from(embedded(&plan)));
    let reports = nothing_is_touched(plan, cluster, 1).await;
    let failure = &reports[0].failures[0];
    assert_eq!(failure.code, "name::invalid", "{}", failure.message);
    assert!(failure.message.starts_with(said), "{}", failure.message);
}

/// Valid names that look wrong.
#[rstest]
#[case::an_empty_label("delete: {apiVersion: v1, kind: ConfigMap, labels: {app: ''}}")]
#[case::a_query("delete: {apiVersion: v1, kind: ConfigMap, name: one?a#b}")]
#[case::an_assertion_about_a_name(
    "expect: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: {\"(starts_with(@, 't'))\": true}}}}"
)]
#[case::a_label_that_is_not_there(
    "expect: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: one, labels: {(colour): null}}}}"
)]
#[case::labels_of_an_expression(
    "expect: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {labels: \"({app: 'two'})\"}}}"
)]
#[tokio::test]
async fn what_is_a_name(#[case] action: &str) {
    let plan = plan_of([("one".to_owned(), action.to_owned())]);
    let cluster = Shared(Arc::from(embedded(&plan)));
    let reports = nothing_is_touched(plan, cluster, 1).await;
    assert_eq!(
        reports[0].verdict,
        Verdict::Passed,
        "{:?}",
        reports[0].failures
    );
}
