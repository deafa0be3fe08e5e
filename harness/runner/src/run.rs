//! The dispatcher: gives trials to tasks, a bounded number at a time, and puts their events in order.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crosscut_cluster::Cluster;
use crosscut_events::{Event, Failure, Seeds, Summary, TrialId, TrialReport, Verdict};
use crosscut_expr::{Clock, Environment};
use crosscut_suite::Trial;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinHandle, JoinSet};

use crate::stop::location;
use crate::timekeeper::milliseconds;
use crate::trial::run_trial;

/// The limits of real time for trials. A trial's time starts with its lease and excludes the waits that its own
/// documents require.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// The longest time of a trial, unless its scenario or its suite sets another. After that the trial is `unsettled`.
    pub usual: Duration,
    /// The longest time of a trial, which overrides the documents.
    pub instead: Option<Duration>,
    /// The longest time of the whole run. After that, running trials are `unsettled` and no further trial starts.
    pub run: Option<Duration>,
    /// The time after which a trial is first reported as slow; it is reported again each time that its time has
    /// doubled.
    pub slow: Duration,
}

/// One minute per trial, and slow after ten seconds.
impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            usual: Duration::from_secs(60),
            instead: None,
            run: None,
            slow: Duration::from_secs(10),
        }
    }
}

impl Timeouts {
    /// Returns the longest time of this trial.
    pub(crate) fn of(&self, trial: &Trial) -> Duration {
        let written = trial.scenario.timeout.or(trial.suite.timeout);
        self.instead.or(written).unwrap_or(self.usual)
    }
}

/// The properties of the machine that expressions may read. The caller provides them: libraries read none.
#[derive(Clone, Default)]
pub struct Machine {
    /// The environment variables that `env` may read.
    pub environment: Environment,
    /// The clock that `time_now` reads on control planes without a clock of their own.
    pub clock: Option<Clock>,
    /// The start value of `random`. A run mixes its seed and each trial's name into the number.
    pub chance: u64,
}

impl Machine {
    /// Returns the machine for the expressions of one trial.
    pub(crate) fn of_trial(&self, trial: &TrialId, seed: u64) -> Machine {
        let name = format!("{}::{}", trial.scenario, trial.provider);
        Machine {
            chance: mixed(self.chance ^ seed, name.as_bytes()),
            ..self.clone()
        }
    }
}

/// Mixes bytes into a number with FNV-1a.
fn mixed(number: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325 ^ number, |mixed, byte| {
            (mixed ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

/// The options of a run.
#[derive(Clone)]
pub struct RunOptions {
    /// The number of trials that run at the same time.
    pub jobs: NonZeroUsize,
    /// The seeds to judge each trial with, one after the other, until the trial does not pass. A seed orders what is
    /// concurrent.
    pub seeds: Seeds,
    /// The time that trials may take.
    pub timeouts: Timeouts,
    /// True if no further trial starts after one that counts as a failure.
    pub fail_fast: bool,
    /// True if the values of Secrets are shown in reports of trials.
    pub show_secrets: bool,
    /// True if the objects that each trial leaves are sent as [`Event::FinalObjects`].
    pub final_objects: bool,
    /// Returns the real time since the run began. The caller has the clock: libraries read none.
    pub elapsed: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// The properties of the machine that expressions may read.
    pub machine: Machine,
    /// True as soon as no further trial may start.
    pub stop: watch::Receiver<bool>,
}

impl RunOptions {
    /// Returns the options of a run of one trial at a time with seed 0.
    #[must_use]
    pub fn new(
        elapsed: Arc<dyn Fn() -> Duration + Send + Sync>,
        stop: watch::Receiver<bool>,
    ) -> RunOptions {
        RunOptions {
            jobs: NonZeroUsize::MIN,
            seeds: Seeds::default(),
            timeouts: Timeouts::default(),
            fail_fast: false,
            show_secrets: false,
            final_objects: false,
            elapsed,
            machine: Machine::default(),
            stop,
        }
    }

    /// Returns the remaining time of the run's timeout, if it has one.
    pub(crate) fn left(&self) -> Option<Duration> {
        let run = self.timeouts.run?;
        Some(run.saturating_sub((self.elapsed)()))
    }
}

/// Runs every trial and sends events to `events`, ending with [`Event::RunFinished`].
///
/// A trial that panics is `errored`; other trials continue. Trials that did not start because of `stop`, `fail_fast` or
/// the run's timeout are not reported. Dropping the future ends the running trials without a report.
pub async fn run(
    trials: Vec<Trial>,
    cluster: Arc<dyn Cluster>,
    options: &RunOptions,
    events: &UnboundedSender<Event>,
) -> Summary {
    let cluster_kind = cluster.kind().to_owned();
    send(
        events,
        Event::RunStarted {
            cluster: cluster_kind,
            seeds: options.seeds,
            trials: trials.len(),
        },
    );
    let (reports, mut reported) = unbounded_channel();
    let summing = async {
        let mut summary = Summary::default();
        while let Some(report) = reported.recv().await {
            let report: TrialReport = report;
            summary.count(report.verdict);
            send(events, Event::TrialFinished(report));
        }
        summary
    };
    let ((), summary) = tokio::join!(dispatch(trials, cluster, options, events, reports), summing);
    let duration_ms = milliseconds((options.elapsed)());
    send(
        events,
        Event::RunFinished {
            summary,
            duration_ms,
        },
    );
    summary
}

/// Starts trials in order as permits become free, and waits for all of them.
async fn dispatch(
    trials: Vec<Trial>,
    cluster: Arc<dyn Cluster>,
    options: &RunOptions,
    events: &UnboundedSender<Event>,
    reports: UnboundedSender<TrialReport>,
) {
    let permits = options.jobs.get().min(Semaphore::MAX_PERMITS);
    let permits = Arc::new(Semaphore::new(permits));
    let failed = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    for trial in trials {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            break;
        };
        let has_failed = options.fail_fast && failed.load(Ordering::SeqCst);
        let is_over = options.left() == Some(Duration::ZERO);
        if has_failed || is_over || *options.stop.borrow() {
            break;
        }
        let (cluster, options) = (Arc::clone(&cluster), options.clone());
        let failed = Arc::clone(&failed);
        let (events, reports) = (events.clone(), reports.clone());
        tasks.spawn(async move {
            let report = judge(trial, cluster, options, events).await;
            // The flag must be set before the next trial can begin.
            failed.fetch_or(report.verdict.is_failure(), Ordering::SeqCst);
            // Judging goes on if the reports are no longer read.
            let _ = reports.send(report);
            drop(permit);
        });
        while tasks.try_join_next().is_some() {}
    }
    drop(reports);
    while tasks.join_next().await.is_some() {}
}

/// Judges one trial with every seed until the trial does not pass, and returns the report. Its other events go to
/// `events`. Dropping the future ends the trial without a report.
pub async fn judge(
    trial: Trial,
    cluster: Arc<dyn Cluster>,
    options: RunOptions,
    events: UnboundedSender<Event>,
) -> TrialReport {
    let id = TrialId {
        scenario: trial.scenario.name.clone(),
        provider: trial.provider.name.clone(),
        cluster: cluster.kind().to_owned(),
    };
    send(&events, Event::TrialStarted { trial: id.clone() });
    let elapsed = Arc::clone(&options.elapsed);
    let started = elapsed();
    let mut report = TrialReport::of(id.clone(), Verdict::Passed);
    let attempt = Arc::new(Attempt {
        id,
        trial,
        cluster,
        options,
        events,
    });
    let mut preparation_ms = 0;
    for seed in attempt.options.seeds.all() {
        report = attempt.judge(seed).await;
        preparation_ms += report.preparation_ms;
        if report.verdict != Verdict::Passed {
            break;
        }
    }
    report.preparation_ms = preparation_ms;
    let duration_ms = milliseconds(elapsed().saturating_sub(started));
    report.duration_ms = duration_ms.saturating_sub(preparation_ms);
    report
}

/// One trial, to be judged with several seeds.
struct Attempt {
    id: TrialId,
    trial: Trial,
    cluster: Arc<dyn Cluster>,
    options: RunOptions,
    events: UnboundedSender<Event>,
}

impl Attempt {
    /// Judges in its own task, so that a panic ends only that task.
    async fn judge(self: &Arc<Self>, seed: u64) -> TrialReport {
        let attempt = Arc::clone(self);
        let mut task = AbortOnDrop(tokio::spawn(async move {
            let Attempt {
                id,
                trial,
                cluster,
                options,
                events,
            } = attempt.as_ref();
            run_trial(trial, cluster.as_ref(), options, seed, id, events).await
        }));
        let mut report = match (&mut task.0).await {
            Ok(report) => report,
            Err(error) => errored(self.id.clone(), panicked(error)),
        };
        report.location = Some(location(&self.trial.scenario.place));
        let is_one_of_several = self.options.seeds.last_of_several().is_some();
        // An unsupported trial is unsupported with any seed.
        if is_one_of_several && report.verdict > Verdict::Unsupported {
            report.seed = Some(seed);
        }
        report
    }
}

/// A task that is aborted when its handle is dropped: the task holds the functions' processes.
struct AbortOnDrop(JoinHandle<TrialReport>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn errored(trial: TrialId, failure: Failure) -> TrialReport {
    let mut report = TrialReport::of(trial, Verdict::Errored);
    report.failures.push(failure);
    report
}

fn panicked(error: JoinError) -> Failure {
    let what = match error.try_into_panic() {
        Ok(panic) => panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned()),
        Err(_) => "the trial's task was cancelled".to_owned(),
    };
    let mut failure = Failure::new("trial::panic", format!("crosscut itself failed: {what}"));
    failure.help =
        Some("this is a defect of crosscut; please report it with this scenario".to_owned());
    failure
}

fn send(events: &UnboundedSender<Event>, event: Event) {
    // Judging goes on if the events are no longer read.
    let _ = events.send(event);
}
