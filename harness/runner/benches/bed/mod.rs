//! What the benchmarks that need the real control plane share: where its programs are, and how trials are judged on it.

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

/// Returns the place where the programs of the control plane and these parts of the test bed are, or why there is
/// nothing to measure.
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

/// The folder of the project whose scenarios are judged.
pub(crate) fn project() -> Utf8PathBuf {
    let runner = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    runner.ancestors().nth(2).unwrap().to_owned()
}

/// Says on standard error what is waited for.
pub(crate) fn progress() -> Progress {
    Arc::new(|what: &str| eprintln!("{what}"))
}

/// A control plane of these programs, with so many targets, and what it writes below `folder`.
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

/// Judges the trials, all of which must pass; how long it took, from the first lease to the last cleaning.
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
