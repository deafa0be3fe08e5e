//! Judging of scenarios that tests write.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use crosscut_cluster::Cluster;
use crosscut_events::{Event, Seeds, TrialReport};
use crosscut_runner::{RunOptions, Timeouts, run};
use crosscut_suite::{Plan, Selection, load_from};
use tokio::sync::{mpsc, watch};

/// Returns a document of a crosscut kind.
pub(crate) fn document(kind: &str, name: &str, rest: &str) -> String {
    format!("apiVersion: crosscut.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n{rest}")
}

/// Returns the plan of files, given by their paths in the project. Adds an empty suite and provider unless the files
/// contain them.
pub(crate) fn plan<Path: AsRef<str>>(files: impl IntoIterator<Item = (Path, String)>) -> Plan {
    let mut all = BTreeMap::new();
    let mut add = |path: &str, text| all.insert(Utf8PathBuf::from("/p").join(path), text);
    add("crosscut.yaml", document("Suite", "s", ""));
    add("providers/provider.yaml", document("Provider", "local", ""));
    for (path, text) in files {
        add(path.as_ref(), text);
    }
    load_from(&all, "/p".into(), &Selection::default()).unwrap_or_else(|report| panic!("{report}"))
}

/// Returns the reports of a run of sequential trials, in their order.
pub(crate) async fn reports(
    plan: Plan,
    cluster: impl Cluster + 'static,
    timeout: Duration,
) -> Vec<TrialReport> {
    reports_with(Seeds::one(0), plan, cluster, timeout).await
}

/// Returns the reports of a run with other seeds.
pub(crate) async fn reports_with(
    seeds: Seeds,
    plan: Plan,
    cluster: impl Cluster + 'static,
    timeout: Duration,
) -> Vec<TrialReport> {
    let (_stop, stop) = watch::channel(false);
    let options = RunOptions {
        seeds,
        timeouts: Timeouts {
            usual: timeout,
            ..Timeouts::default()
        },
        ..RunOptions::new(Arc::new(|| Duration::ZERO), stop)
    };
    let events = events(plan, cluster, &options).await;
    let report = |event| match event {
        Event::TrialFinished(report) => Some(report),
        _ => None,
    };
    events.into_iter().filter_map(report).collect()
}

/// Returns all events of a run.
pub(crate) async fn events(
    plan: Plan,
    cluster: impl Cluster + 'static,
    options: &RunOptions,
) -> Vec<Event> {
    let (events, mut received) = mpsc::unbounded_channel();
    run(plan.trials, Arc::new(cluster), options, &events).await;
    drop(events);
    let mut all = Vec::new();
    while let Some(event) = received.recv().await {
        all.push(event);
    }
    all
}
