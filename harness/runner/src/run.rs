//! The dispatcher: hands trials to tasks, a bounded number at a time, and puts their events in line.

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

/// The time that trials may take in real time, from their lease on and without what their own documents ask them to
/// wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// The longest that a trial may take, unless its scenario or its suite says otherwise. Past it the trial is
    /// `unsettled`.
    pub usual: Duration,
    /// The same in place of whatever documents say.
    pub instead: Option<Duration>,
    /// The longest that the whole run may take. Trials that run then are `unsettled`, and no further one begins.
    pub run: Option<Duration>,
    /// The time at which a trial is said to be slow for the first time; then each time that it has taken twice as long.
    pub slow: Duration,
}

/// One minute, and slow after ten seconds.
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
    /// Returns the longest that this trial may take.
    pub(crate) fn of(&self, trial: &Trial) -> Duration {
        let written = trial.scenario.timeout.or(trial.suite.timeout);
        self.instead.or(written).unwrap_or(self.usual)
    }
}

/// What expressions may know of the machine that a run is on. The caller reads it: libraries read none.
#[derive(Clone, Default)]
pub struct Machine {
    /// The environment variables that `env` may read.
    pub environment: Environment,
    /// The clock that `time_now` asks on control planes without a clock of their own.
    pub clock: Option<Clock>,
    /// The number that `random` begins with. A run mixes its seed and each trial's name into it.
    pub chance: u64,
}

impl Machine {
    /// Returns what the expressions of one trial may know.
    pub(crate) fn of_trial(&self, trial: &TrialId, seed: u64) -> Machine {
        let name = format!("{}::{}", trial.scenario, trial.provider);
        Machine {
            chance: mixed(self.chance ^ seed, name.as_bytes()),
            ..self.clone()
        }
    }
}

/// Mixes bytes into a number: FNV-1a.
fn mixed(number: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325 ^ number, |mixed, byte| {
            (mixed ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

/// The way in which a run is done.
#[derive(Clone)]
pub struct RunOptions {
    /// The number of trials that run at the same time.
    pub jobs: NonZeroUsize,
    /// Order what is concurrent inside a trial: it is judged with one after the other, until it does not pass.
    pub seeds: Seeds,
    /// The time that trials may take.
    pub timeouts: Timeouts,
    /// True if no further trial is started once one did not pass for a reason that counts against it.
    pub fail_fast: bool,
    /// True if the values of Secrets are shown in reports of trials.
    pub show_secrets: bool,
    /// True if to send what each trial leaves as [`Event::FinalObjects`].
    pub final_objects: bool,
    /// Real time since the run began. The caller has the clock: libraries read none.
    pub elapsed: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// What expressions may know of the machine.
    pub machine: Machine,
    /// Becomes true when no further trial is to be started.
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

    /// Returns how much of the run's timeout is left, if it has one.
    pub(crate) fn left(&self) -> Option<Duration> {
        let run = self.timeouts.run?;
        Some(run.saturating_sub((self.elapsed)()))
    }
}

/// Runs every trial and sends what happens to `events`, ending with [`Event::RunFinished`].
///
/// A trial that panics is `errored`, alone. Trials that were not started because of `stop`, `fail_fast` or the run's timeout are not
/// reported. Dropping the future ends the running trials without a report.
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

/// Starts trials in order as permits come free, and waits for all of them.
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
            // Before the next trial can begin.
            failed.fetch_or(report.verdict.is_failure(), Ordering::SeqCst);
            // Reports that are no longer read are no reason to stop judging.
            let _ = reports.send(report);
            drop(permit);
        });
        while tasks.try_join_next().is_some() {}
    }
    drop(reports);
    while tasks.join_next().await.is_some() {}
}

/// Judges one trial, with every seed until it does not pass. Its events go to `events`, but for the report, which is the
/// answer. Dropping the future ends the trial without a report.
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
    /// Judges in a task of its own, so that a panic ends that task alone.
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
        // What is not supported is so with any.
        if is_one_of_several && report.verdict > Verdict::Unsupported {
            report.seed = Some(seed);
        }
        report
    }
}

/// A task that nobody waits for any longer must not go on: it holds the functions' processes.
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
    // Nobody listening any more is no reason to stop judging.
    let _ = events.send(event);
}
