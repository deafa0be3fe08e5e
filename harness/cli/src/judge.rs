//! Running trials on one kind of control plane: started, shown while it goes on, ended by a signal.

use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosscut_cluster::check_programs;
use crosscut_events::{Event, Seeds};
use crosscut_runner::RunOptions;
use crosscut_suite::{Plan, Selection, load};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;

use crate::arguments::{ClusterKind, TrialArguments};
use crate::clusters;
use crate::output::{RunOutput, in_one_line};
use crate::test::current_folder;
use crate::{CommandError, diagnostics};

/// Past this a trial counts as hanging. Settling and function calls have their own, shorter bounds.
const TRIAL_DEADLINE: Duration = Duration::from_secs(300);

/// The trials that the arguments select.
///
/// # Errors
/// [`CommandError::Documents`]; the mistakes were shown.
pub(crate) fn plan(arguments: &TrialArguments) -> Result<Plan, CommandError> {
    let selection = Selection {
        paths: arguments.paths.clone(),
        providers: arguments.providers.clone(),
        scenarios: arguments.scenarios.clone(),
    };
    load(&current_folder()?, &selection)
        .map_err(|report| diagnostics::refuse(&report, arguments.output))
}

/// Where and how trials are judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// The kind of control plane.
    pub(crate) kind: ClusterKind,
    /// The seeds that order what is concurrent on it.
    pub(crate) seeds: Seeds,
    /// Whether every trial tells what it leaves.
    pub(crate) final_objects: bool,
}

/// Runs the trials of a plan; every event is shown, and told to `observe` as well.
///
/// # Errors
/// [`CommandError`] where the control plane cannot be started, output cannot be written, or a signal ends the run.
pub(crate) fn judge(
    plan: &Plan,
    setting: Setting,
    arguments: &TrialArguments,
    output: &mut RunOutput,
    observe: &mut dyn FnMut(&Event),
) -> Result<(), CommandError> {
    let jobs = jobs(setting.kind, arguments);
    let running = run(plan, setting, jobs, arguments, output, observe);
    runtime(jobs)?.block_on(running)
}

fn runtime(jobs: NonZeroUsize) -> Result<tokio::runtime::Runtime, CommandError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(jobs.min(processors()).get())
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)
}

async fn run(
    plan: &Plan,
    setting: Setting,
    jobs: NonZeroUsize,
    arguments: &TrialArguments,
    output: &mut RunOutput,
    observe: &mut dyn FnMut(&Event),
) -> Result<(), CommandError> {
    // Before anything is started: a signal that came earlier than this would leave processes behind.
    let mut signals = Signals::new()?;
    let (events, mut received) = unbounded_channel();
    let (stop, stopped) = watch::channel(false);
    let cluster = clusters::make(setting.kind, plan, jobs, arguments, events.clone());
    let started = Instant::now();
    let options = RunOptions {
        jobs,
        seeds: setting.seeds,
        final_objects: setting.final_objects,
        trial_deadline: TRIAL_DEADLINE,
        elapsed: Arc::new(move || started.elapsed()),
        machine: crate::machine::read(plan, arguments.env_all),
        stop: stopped,
    };
    let needed = clusters::needed(setting.kind, plan, arguments);
    let result = {
        let working = async {
            check_programs(&plan.trials, &needed).map_err(CommandError::cluster)?;
            cluster.prepare().await.map_err(CommandError::cluster)?;
            let trials = plan.trials.clone();
            crosscut_runner::run(trials, Arc::clone(&cluster), &options, &events).await;
            Ok(())
        };
        let shown = pin!(show(&mut received, output, observe));
        tokio::select! {
            done = async { tokio::try_join!(working, shown) } => Some(done.map(drop)),
            () = signals.any() => None,
        }
    };
    // Nobody may be left to be told.
    let _ = stop.send(true);
    cluster.close().await;
    // What was told before an early end, and what closing told of.
    while let Ok(event) = received.try_recv() {
        observe(&event);
        output.take(&event)?;
    }
    let result = result.unwrap_or_else(|| conclude_early(output, started.elapsed()));
    if let Err(error) = &result {
        output.take(&Event::RunEndedEarly {
            cluster: cluster.kind().to_owned(),
            seeds: setting.seeds,
            reason: in_one_line(error),
        })?;
    }
    result
}

/// Shows what was judged until the run was interrupted.
fn conclude_early(output: &mut RunOutput, elapsed: Duration) -> Result<(), CommandError> {
    let summary = output.collected().summary();
    output.take(&Event::RunFinished {
        summary,
        duration_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    })?;
    Err(CommandError::Interrupted {
        judged: summary.total(),
        planned: output.collected().planned(),
    })
}

/// Shows events until the run has finished.
async fn show(
    events: &mut UnboundedReceiver<Event>,
    output: &mut RunOutput,
    observe: &mut dyn FnMut(&Event),
) -> Result<(), CommandError> {
    while let Some(event) = events.recv().await {
        observe(&event);
        output.take(&event)?;
        if matches!(event, Event::RunFinished { .. }) {
            break;
        }
    }
    Ok(())
}

/// The signals that end a run. They are listened for from the moment that this is made.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Signals, CommandError> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt()).map_err(CommandError::Runtime)?,
            terminate: signal(SignalKind::terminate()).map_err(CommandError::Runtime)?,
        })
    }

    /// Ends when somebody presses Ctrl-C or asks the process to end.
    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// How many trials run at the same time.
fn jobs(kind: ClusterKind, arguments: &TrialArguments) -> NonZeroUsize {
    arguments.jobs.unwrap_or_else(|| match kind {
        // One more than can run: some trial always waits for a function.
        ClusterKind::Embedded => processors().saturating_add(1),
        ClusterKind::Envtest => clusters::ENVTEST_JOBS,
        // They share one target, and wait for each other.
        ClusterKind::Kind | ClusterKind::Kubeconfig => NonZeroUsize::MIN,
    })
}

fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
