//! Judging a project's scenarios from Rust.

use std::sync::Arc;
use std::time::Instant;

use camino::Utf8Path;
use crosscut_cluster::Cluster;
use crosscut_embedded::Embedded;
use crosscut_events::TrialReport;
use crosscut_runner::RunOptions;
use crosscut_suite::{Plan, Report, Selection, load};
use tokio::sync::{mpsc, watch};

/// Documents that cannot be judged.
#[derive(Debug, thiserror::Error)]
#[error("the documents have mistakes:\n{0}")]
pub struct JudgeError(#[from] Report);

/// Judges each scenario of a project on each of its providers, on the embedded control plane, one after the other.
///
/// `folder` holds the project's `crosscut.yaml`. A report has the verdict of a trial and its failures.
///
/// # Errors
/// [`JudgeError`] with all mistakes of all documents. A trial that does not pass is no error: look at its verdict.
///
/// ```
/// use crosscut::{Verdict, judge};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path().to_str().ok_or("a path")?;
/// let suite = "{apiVersion: crosscut.dev/v1alpha1, kind: Suite, metadata: {name: shop}}";
/// std::fs::write(format!("{folder}/crosscut.yaml"), suite)?;
/// std::fs::create_dir(format!("{folder}/scenarios"))?;
/// let scenario = "
/// apiVersion: crosscut.dev/v1alpha1
/// kind: Scenario
/// metadata: {name: every-cluster-has-a-default-namespace}
/// spec:
///   steps:
///   - actions:
///     - expect: {resource: {apiVersion: v1, kind: Namespace, metadata: {name: default}, status: {phase: Active}}}
/// ";
/// std::fs::write(format!("{folder}/scenarios/scenario.yaml"), scenario)?;
///
/// let reports = judge(folder).await?;
/// assert_eq!(reports[0].verdict, Verdict::Passed);
/// # Ok(())
/// # }
/// ```
pub async fn judge(folder: impl AsRef<Utf8Path>) -> Result<Vec<TrialReport>, JudgeError> {
    let plan = planned(folder.as_ref())?;
    let cluster = cluster(&plan);
    let mut reports = Vec::new();
    for trial in plan.trials {
        reports.push(one(trial, Arc::clone(&cluster)).await);
    }
    cluster.close().await;
    Ok(reports)
}

/// Returns all trials of a project. Documents name files relative to their own folders, so the folder is made absolute.
pub(crate) fn planned(folder: &Utf8Path) -> Result<Plan, JudgeError> {
    let absolute = folder.canonicalize_utf8();
    let folder = absolute.unwrap_or_else(|_| folder.to_owned());
    Ok(load(&folder, &Selection::default())?)
}

/// Returns the embedded control plane of a project.
pub(crate) fn cluster(plan: &Plan) -> Arc<dyn Cluster> {
    let silent = Arc::new(|_: &str| {});
    Arc::new(Embedded::new(Arc::clone(&plan.suite), silent))
}

/// Judges one trial.
pub(crate) async fn one(trial: crosscut_suite::Trial, cluster: Arc<dyn Cluster>) -> TrialReport {
    let started = Instant::now();
    let (_stop, stopped) = watch::channel(false);
    let options = RunOptions::new(Arc::new(move || started.elapsed()), stopped);
    let (events, _) = mpsc::unbounded_channel();
    crosscut_runner::judge(trial, cluster, options, events).await
}
