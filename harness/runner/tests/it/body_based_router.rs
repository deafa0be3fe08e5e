//! The scenarios of the real Body-Based Router, until suites can start programs themselves: this starts it, on a real
//! API server that it looks for ConfigMaps on, and tells the scenarios its ports.
//!
//! Where the programs of the test bed are missing, it is skipped and says so.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use crosscut_client::Connection;
use crosscut_cluster::envtest::{AssetSearch, Environment, EnvironmentSettings, default_root};
use crosscut_cluster::{Cluster, ClusterError, Lease, Rest, SettleError, Side};
use crosscut_events::{Event, TrialReport, Verdict};
use crosscut_programs::{Program, ProgramSettings, Ready};
use crosscut_runner::{RunOptions, run};
use crosscut_suite::{Plan, Selection, Trial, load_from};
use tokio::sync::{mpsc, watch};

const NAMESPACE: &str = "gateway-api-inference-extension";
/// The folder of the scenarios, and their names, which are those of the files.
const FOLDER: &str = "scenarios/gateway-inference-extension/validation";
const SCENARIOS: [&str; 3] = [
    "body-based-router",
    "body-based-router-base-models",
    "body-based-router-health",
];

/// One API server as both clusters of every trial. It has no controllers, so it is always at rest.
#[derive(Clone)]
struct OneServer(kube::Client);

#[async_trait]
impl Cluster for OneServer {
    fn kind(&self) -> &str {
        "one-server"
    }

    async fn lease(&self, _: &Trial, _: u64) -> Result<Box<dyn Lease>, ClusterError> {
        Ok(Box::new(self.clone()))
    }

    async fn close(&self) {}
}

#[async_trait]
impl Lease for OneServer {
    fn connection(&self, _: Side) -> Connection {
        self.0.clone().into()
    }

    fn namespace(&self) -> &str {
        NAMESPACE
    }

    async fn settle(&mut self) -> Result<Rest, SettleError> {
        Ok(Rest::default())
    }

    async fn sleep(&mut self, _: Duration) -> Result<Rest, SettleError> {
        Ok(Rest::default())
    }

    async fn objects(&mut self, _: Side) -> Vec<serde_json::Value> {
        Vec::new()
    }

    async fn close(self: Box<Self>) -> Result<(), ClusterError> {
        Ok(())
    }
}

/// The settings of an API server, and the router's program; or what is missing.
fn programs() -> Result<(EnvironmentSettings, PathBuf), String> {
    let search = AssetSearch::from_variables(None, |name| std::env::var(name).ok());
    let assets = search.find().map_err(|error| error.to_string())?;
    let router = assets.api_server.with_file_name("bbr");
    if !router.is_file() {
        return Err(format!(
            "there is no {}; cargo xtask testbed builds it",
            router.display()
        ));
    }
    let state_root = default_root(&std::env::temp_dir());
    let settings = EnvironmentSettings {
        assets,
        targets: 0,
        state_root,
    };
    Ok((settings, router))
}

/// The router on ports of its own: for external processing, health and metrics.
async fn router(program: &PathBuf, environment: &Environment) -> (Program, [u16; 3]) {
    let kubeconfig = environment.control().kubeconfig_path.clone();
    let settings = |[port, health, metrics]: [u16; 3]| {
        let arguments = [
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--grpc-port={port}"),
            format!("--grpc-health-port={health}"),
            format!("--metrics-port={metrics}"),
            "--streaming".to_owned(),
            "--v=3".to_owned(),
        ];
        ProgramSettings {
            environment: BTreeMap::from([("NAMESPACE".to_owned(), NAMESPACE.to_owned())]),
            ready: Ready::Tcp(([127, 0, 0, 1], port).into()),
            ..ProgramSettings::new("bbr", program, arguments)
        }
    };
    let started = Program::start_on_free_ports(settings, environment.state()).await;
    started.unwrap()
}

fn project() -> Utf8PathBuf {
    Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(project().join(file)).unwrap()
}

/// The scenarios, with `$ports` bound by each of them instead of handed out.
fn plan(ports: [u16; 3]) -> Plan {
    let [port, health, _] = ports;
    let bound = format!(
        "  bindings:\n    - {{name: ports, value: {{bbr: {port}, bbr-health: {health}}}}}\n"
    );
    let document = |kind: &str, spec: &str| {
        format!(
            "apiVersion: crosscut.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: it}}\nspec: {spec}\n"
        )
    };
    let mut scenarios = String::new();
    for name in SCENARIOS {
        let scenario = read(&format!("{FOLDER}/{name}.yaml"));
        assert!(scenario.contains("\n  bindings:\n"), "{name}");
        scenarios.push_str(&scenario.replace("  bindings:\n", &bound));
        scenarios.push_str("---\n");
    }
    let scenarios = scenarios.trim_end_matches("---\n").to_owned();
    let mut files = BTreeMap::from([
        (Utf8PathBuf::from("crosscut.yaml"), document("Suite", "{}")),
        ("providers/provider.yaml".into(), document("Provider", "{}")),
        (Utf8PathBuf::from(FOLDER).join("scenario.yaml"), scenarios),
    ]);
    for name in ["ext_proc.proto", "health.proto"] {
        let file = format!("fixtures/gateway/proto/{name}");
        let text = read(&file);
        files.insert(file.into(), text);
    }
    let files: BTreeMap<Utf8PathBuf, String> = files
        .into_iter()
        .map(|(path, text)| (Utf8PathBuf::from("/p").join(path), text))
        .collect();
    load_from(&files, "/p".into(), &Selection::default())
        .unwrap_or_else(|report| panic!("{report}"))
}

async fn reports(plan: Plan, client: kube::Client) -> Vec<TrialReport> {
    let (events, mut received) = mpsc::unbounded_channel();
    let (_stop, stop) = watch::channel(false);
    let options = RunOptions {
        jobs: NonZeroUsize::MIN,
        seed: 0,
        final_objects: false,
        trial_deadline: Duration::from_secs(120),
        elapsed: Arc::new(|| Duration::ZERO),
        stop,
    };
    run(plan.trials, Arc::new(OneServer(client)), &options, &events).await;
    drop(events);
    let mut reports = Vec::new();
    while let Some(event) = received.recv().await {
        if let Event::TrialFinished(report) = event {
            reports.push(report);
        }
    }
    reports
}

async fn make_namespace(client: &kube::Client) {
    let body = serde_json::json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE},
    });
    let request = http::Request::post("/api/v1/namespaces")
        .header("content-type", "application/json")
        .body(body.to_string().into_bytes())
        .unwrap();
    client.request::<serde_json::Value>(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_based_router_does_what_the_scenarios_say() {
    let (settings, program) = match programs() {
        Ok(programs) => programs,
        Err(reason) => {
            println!("skipped: {reason}");
            return;
        }
    };
    let progress: crosscut_cluster::functions::Progress = Arc::new(|_: &str| {});
    let environment = Environment::start(settings, &progress).await.unwrap();
    let client = environment.control().client.clone();
    make_namespace(&client).await;
    let (router, ports) = router(&program, &environment).await;
    let reports = reports(plan(ports), client).await;
    let log = router.last_lines(20);
    drop(router);
    environment.stop().await.unwrap();
    assert_eq!(reports.len(), SCENARIOS.len());
    let failed: Vec<&TrialReport> = reports
        .iter()
        .filter(|report| report.verdict != Verdict::Passed)
        .collect();
    assert!(failed.is_empty(), "{failed:#?}\nthe router's log: {log:#?}");
}
