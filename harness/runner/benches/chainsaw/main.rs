//! crosscut and Chainsaw side by side: the same scenarios, on the same real control plane, in one run.
//!
//! Prints one JSON object on its last line, with real time and requests to the API servers of either tool. The object
//! also has the embedded control plane's time for the same scenarios. If the test bed lacks Chainsaw or a program of
//! the control plane, the object has the reason instead. Requests of crosscut's stand-ins for managed resources occur
//! in both runs, and count for neither.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark reports on standard output, and stops where it cannot go on"
)]

mod audit;
#[path = "../bed/mod.rs"]
mod bed;
mod scenario;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosscut_embedded::Embedded;
use crosscut_setup::AssetSearch;

use crosscut_cluster::{Cluster, Lease, Side};
use crosscut_envtest::Envtest;
use crosscut_suite::{Selection, Trial, load};
use serde_json::{Value, json};

use audit::Audit;
use bed::{judged, progress, project, search, settings};

/// The scenarios of the comparison, for which Chainsaw has all features. Chainsaw panics if it compares a map in an
/// assertion with a map in a binding, so scenarios with that are omitted.
const SCENARIOS: [&str; 4] = [
    "enabled-with-envoy-gateway",
    "backend-resources",
    "auto-enabling-ends",
    "chart-source",
];
/// The provider with the shortest list of resources.
const PROVIDER: &str = "azure";
/// The name of Chainsaw in the test bed.
const CHAINSAW: &str = "chainsaw";
/// The number of concurrent trials of crosscut. Chainsaw's tests share one target and run one after the other.
const TOGETHER: usize = 4;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let figures = match chainsaw() {
        Ok((chainsaw, search)) => runtime.block_on(side_by_side(&chainsaw, search)),
        Err(reason) => json!({ "skipped": reason }),
    };
    println!("{figures}");
}

/// Returns Chainsaw and the search for the control plane's programs. `Err` has the reason why nothing can be compared.
fn chainsaw() -> Result<(PathBuf, AssetSearch), String> {
    let search = search(&[CHAINSAW])?;
    let testbed = search.testbed.clone().unwrap_or_default();
    Ok((testbed.join(CHAINSAW), search))
}

async fn side_by_side(chainsaw: &Path, search: AssetSearch) -> Value {
    let trials = trials();
    let suite = Arc::clone(&trials.first().unwrap().suite);
    let folder = tempfile::tempdir().unwrap();
    let embedded = embedded(&trials).await;

    let audit = Audit::new(folder.path(), &search);
    let started = Instant::now();
    let assets = AssetSearch {
        explicit: Some(audit.programs().to_owned()),
        ..search
    };
    let settings = settings(folder.path(), assets, TOGETHER);
    let cluster = Arc::new(Envtest::new(suite, settings));
    cluster.prepare().await.unwrap();
    let start = started.elapsed();
    let mut rows = Vec::new();
    for trial in &trials {
        rows.push(row(trial, &cluster, &audit, chainsaw, folder.path()).await);
    }
    let together = judged(&trials, cluster.clone(), TOGETHER).await;
    cluster.close().await;
    json!({
        "provider": PROVIDER,
        "start_ms": milliseconds(start),
        "embedded_ms": milliseconds(embedded),
        "together": {"jobs": TOGETHER, "ms": milliseconds(together)},
        "scenarios": rows,
    })
}

/// Runs one scenario with crosscut, from the lease to the cleanup, and with Chainsaw, without its lease.
async fn row(
    trial: &Trial,
    cluster: &Arc<Envtest>,
    audit: &Audit,
    program: &Path,
    folder: &Path,
) -> Value {
    let trials = std::slice::from_ref(trial);
    let crosscut = audit.during(judged(trials, cluster.clone(), 1)).await;
    let mut lease = cluster.lease(trial, 0).await.unwrap();
    let chainsaw = audit
        .during(run_chainsaw(program, folder, trial, &mut *lease))
        .await;
    lease.close().await.unwrap();
    json!({
        "scenario": trial.scenario.name,
        "crosscut": {"ms": milliseconds(crosscut.result), "requests": crosscut.requests.of_crosscut},
        "chainsaw": {"ms": milliseconds(chainsaw.result), "requests": chainsaw.requests.of_chainsaw},
    })
}

fn trials() -> Vec<Trial> {
    let selection = Selection {
        scenarios: SCENARIOS.map(str::to_owned).to_vec(),
        providers: vec![PROVIDER.to_owned()],
        ..Selection::default()
    };
    let plan = load(&project(), &selection).unwrap_or_else(|report| panic!("{report:?}"));
    assert_eq!(plan.trials.len(), SCENARIOS.len());
    plan.trials
}

/// Returns the time of the trials on the embedded control plane once the functions run and the provider's base exists.
async fn embedded(trials: &[Trial]) -> Duration {
    let suite = Arc::clone(&trials.first().unwrap().suite);
    let cluster = Arc::new(Embedded::new(suite, progress()));
    judged(trials, cluster.clone(), 1).await;
    let taken = judged(trials, cluster.clone(), 1).await;
    cluster.close().await;
    taken
}

/// Runs Chainsaw in the lease's namespace while the stand-ins reconcile; returns the time that Chainsaw took.
async fn run_chainsaw(
    program: &Path,
    folder: &Path,
    trial: &Trial,
    lease: &mut dyn Lease,
) -> Duration {
    let test = folder.join(&trial.scenario.name);
    scenario::write(&project(), trial, lease.namespace(), &test);
    let place = lease.program_place().unwrap();
    for side in [Side::Control, Side::Target] {
        std::fs::write(test.join(side.as_str()), place.kubeconfig(side)).unwrap();
    }
    let started = Instant::now();
    let mut child = tokio::process::Command::new(program)
        .args(["test", "--no-color", "--quiet", "--parallel", "1"])
        .args(["--apply-timeout", "60s", "--assert-timeout", "120s"])
        .args(["--error-timeout", "120s", "--delete-timeout", "120s"])
        .args(["--cleanup-timeout", "120s", "--values", "values.yaml"])
        .args(["--cluster", "target=target", "--test-dir", "."])
        .current_dir(&test)
        .env("KUBECONFIG", test.join("control"))
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.unwrap(),
            // Chainsaw judges objects that do not settle.
            _ = lease.settle() => {}
        }
    };
    let taken = started.elapsed();
    assert!(status.success(), "Chainsaw failed: {status}");
    taken
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
