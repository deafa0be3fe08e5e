//! Shared code of the benchmarks on the real control plane: the search for its programs, and the judging of trials.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_cluster::Cluster;
use crosscut_setup::AssetSearch;

use crosscut_objects::Clock;

use crosscut_envtest::EnvtestSettings;

use crosscut_events::{Event, Verdict};
use crosscut_live::LiveLimits;
use crosscut_runner::{RunOptions, Timeouts, run};
use crosscut_setup::Progress;
use crosscut_suite::Trial;
use tokio::sync::{mpsc, watch};

/// Returns the search for the programs of the control plane and for these parts of the test bed. `Err` has the reason
/// why nothing can be measured.
pub(crate) fn search(parts: &[&str]) -> Result<AssetSearch, String> {
    let search = AssetSearch::from_variables(None, |name| std::env::var(name).ok());
    let testbed = search.testbed.clone().unwrap_or_default();
    let mut missing = parts.iter().filter(|part| !testbed.join(part).is_file());
    if let Some(part) = missing.next() {
        return Err(format!("the test bed has no {part}"));
    }
    match search.find_all() {
        Ok(_) => Ok(search),
        Err(error) => Err(error.to_string()),
    }
}

/// Returns the folder of the project with the scenarios.
pub(crate) fn project() -> Utf8PathBuf {
    let runner = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    runner.ancestors().nth(2).unwrap().to_owned()
}

/// Returns a reporter that prints the current wait to standard error.
pub(crate) fn progress() -> Progress {
    Arc::new(|what: &str| eprintln!("{what}"))
}

/// Returns the settings of a control plane with `targets` targets, which writes below `folder`.
pub(crate) fn settings(folder: &Path, assets: AssetSearch, targets: usize) -> EnvtestSettings {
    EnvtestSettings {
        assets,
        targets: NonZeroUsize::new(targets).unwrap(),
        state_root: folder.join("state"),
        clock: Arc::new(SystemClock),
        limits: LiveLimits::default(),
        progress: progress(),
        launcher: None,
        on_output: None,
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// Judges the trials, all of which must pass; returns the time from the first lease to the last cleanup.
pub(crate) async fn judged(trials: &[Trial], cluster: Arc<dyn Cluster>, jobs: usize) -> Duration {
    let started = Instant::now();
    let (events, mut told) = mpsc::unbounded_channel();
    let (_stop, stop) = watch::channel(false);
    let options = RunOptions {
        jobs: NonZeroUsize::new(jobs).unwrap(),
        timeouts: Timeouts {
            usual: Duration::from_secs(600),
            ..Timeouts::default()
        },
        ..RunOptions::new(Arc::new(move || started.elapsed()), stop)
    };
    run(trials.to_vec(), cluster, &options, &events).await;
    let taken = started.elapsed();
    while let Ok(event) = told.try_recv() {
        if let Event::TrialFinished(report) = event {
            assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
        }
    }
    taken
}
