//! Running trials on one kind of control plane: started, shown while it goes on, ended early by a signal or its timeout.
//!
//! Trials run on a runtime of their own. Events are shown, and ends are noticed, on this thread: a worker that is busy for
//! good keeps neither from happening.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosscut_cluster::{Cluster, ClusterError};

use crosscut_events::{Event, Seeds};
use crosscut_runner::{RunOptions, Timeouts};
use crosscut_setup::{Needed, check_programs};
use crosscut_suite::{Plan, Selection, Trial};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinError;

use crate::arguments::{ClusterKind, TrialArguments};
use crate::clusters;
use crate::inputs::{self, Inputs};
use crate::output::{RunOutput, in_one_line, print_error};
use crate::signals::{CLEANING, Signals};
use crate::test::current_folder;
use crate::{CommandError, diagnostics};

/// The longest that a trial may take on a real control plane, unless it is said.
const REAL_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// The time at which a trial on a real control plane is said to be slow.
const REAL_SLOW: Duration = Duration::from_secs(60);

/// The time that after the run's timeout what still runs is ended without a verdict: trials end by themselves, but not
/// while they wait for their lease.
const OVERTIME: Duration = Duration::from_secs(2);

/// The time that workers may take to stop once everything has ended.
const LAST: Duration = Duration::from_millis(200);

/// The trials that the arguments select, and the files that they were read from.
///
/// # Errors
/// [`CommandError::Documents`]; the mistakes were shown.
pub(crate) fn plan(arguments: &TrialArguments) -> Result<(Plan, Inputs), CommandError> {
    let selection = Selection {
        paths: arguments.paths.clone(),
        providers: arguments.providers.clone(),
        scenarios: arguments.scenarios.clone(),
    };
    inputs::load(&current_folder()?, &selection)
        .map_err(|report| diagnostics::refuse(&report, arguments.output))
}

/// The place where trials are judged, and the way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// The kind of control plane.
    pub(crate) kind: ClusterKind,
    /// The seeds that order what is concurrent on it.
    pub(crate) seeds: Seeds,
    /// True if every trial tells what it leaves.
    pub(crate) final_objects: bool,
    /// True if the first trial that fails ends the run.
    pub(crate) fail_fast: bool,
}

/// Runs the trials of a plan; every event is shown, and told to `observe` as well. Reports are written before cleaning up
/// if the run ends early.
///
/// # Errors
/// [`CommandError`] if the control plane cannot be started, output cannot be written, or a signal or the timeout ends the
/// run.
pub(crate) fn judge(
    plan: &Plan,
    setting: Setting,
    arguments: &TrialArguments,
    output: &mut RunOutput,
    observe: &mut dyn FnMut(&Event),
) -> Result<(), CommandError> {
    let signals = Signals::listen()?;
    let jobs = jobs(setting.kind, arguments);
    let workers = workers(jobs)?;
    let here = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)?;
    let (events, received) = unbounded_channel();
    let cluster = {
        let _inside = workers.enter();
        clusters::make(setting.kind, plan, jobs, arguments, events.clone())?
    };
    let mut running = Running {
        cluster,
        workers: workers.handle().clone(),
        received,
        signals,
        output,
        observe,
        started: Instant::now(),
    };
    let result = here.block_on(running.run(plan, setting, arguments, jobs, events));
    drop(running);
    // A worker that is busy for good must not keep the process.
    workers.shutdown_timeout(LAST);
    result
}

/// One worker is left over for cleaning up while all others are busy.
fn workers(jobs: NonZeroUsize) -> Result<Runtime, CommandError> {
    Builder::new_multi_thread()
        .worker_threads(jobs.min(processors()).get() + 1)
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)
}

/// A run that goes on.
struct Running<'a> {
    cluster: Arc<dyn Cluster>,
    workers: Handle,
    received: UnboundedReceiver<Event>,
    signals: Signals,
    output: &'a mut RunOutput,
    observe: &'a mut dyn FnMut(&Event),
    started: Instant,
}

/// The reason why a run ends.
enum End {
    /// Everything that was to be judged has been, or something failed.
    Itself(Result<(), CommandError>),
    /// A signal came.
    Signal(&'static str),
    /// The run's timeout is over.
    OutOfTime,
}

impl Running<'_> {
    async fn run(
        &mut self,
        plan: &Plan,
        setting: Setting,
        arguments: &TrialArguments,
        jobs: NonZeroUsize,
        events: UnboundedSender<Event>,
    ) -> Result<(), CommandError> {
        let (stop, stopped) = watch::channel(false);
        let started = self.started;
        let options = RunOptions {
            jobs,
            seeds: setting.seeds,
            final_objects: setting.final_objects,
            timeouts: timeouts(setting.kind, arguments),
            fail_fast: setting.fail_fast,
            show_secrets: arguments.show_secrets,
            machine: crate::machine::read(plan, arguments.env_all),
            ..RunOptions::new(Arc::new(move || started.elapsed()), stopped)
        };
        let needed = clusters::needed(setting.kind, plan, arguments);
        let cluster = Arc::clone(&self.cluster);
        let working = work(cluster, plan.trials.clone(), needed, options, events);
        let mut working = self.workers.spawn(working);
        let over = async {
            match arguments.timeout {
                Some(timeout) => tokio::time::sleep(timeout + OVERTIME).await,
                None => std::future::pending().await,
            }
        };
        let mut signals = self.signals.clone();
        let end = tokio::select! {
            result = self.finish(async { joined((&mut working).await) }) => End::Itself(result),
            name = signals.first() => End::Signal(name),
            () = over => End::OutOfTime,
        };
        // No reason to fail if nothing is left to be told.
        let _ = stop.send(true);
        working.abort();
        let is_early = !matches!(end, End::Itself(_));
        let result = self.conclude(end, setting, arguments)?;
        self.clean_up(is_early).await;
        // What closing told of.
        self.drain()?;
        result
    }

    /// Shows events until all trials were judged, or the work failed.
    async fn finish(
        &mut self,
        working: impl Future<Output = Result<(), CommandError>>,
    ) -> Result<(), CommandError> {
        let shown = async {
            while let Some(event) = self.received.recv().await {
                (self.observe)(&event);
                self.output.take(&event)?;
                if matches!(event, Event::RunFinished { .. }) {
                    break;
                }
            }
            Ok(())
        };
        tokio::try_join!(working, shown).map(drop)
    }

    /// Shows what was told until now.
    fn drain(&mut self) -> Result<(), CommandError> {
        while let Ok(event) = self.received.try_recv() {
            (self.observe)(&event);
            self.output.take(&event)?;
        }
        Ok(())
    }

    /// Says how the run ended. The outer error is one of the output.
    fn conclude(
        &mut self,
        end: End,
        setting: Setting,
        arguments: &TrialArguments,
    ) -> Result<Result<(), CommandError>, CommandError> {
        self.drain()?;
        let judged = self.output.collected().summary().total();
        let planned = self.output.collected().planned();
        let (result, is_finished) = match end {
            End::Itself(Ok(())) if judged < planned => {
                return self.conclude_in_order(judged, planned, setting, arguments);
            }
            End::Itself(result) => (result, true),
            End::Signal(signal) => {
                let error = CommandError::Interrupted {
                    signal,
                    judged,
                    planned,
                };
                (Err(error), false)
            }
            End::OutOfTime => (Err(CommandError::OutOfTime { judged, planned }), false),
        };
        let Err(error) = &result else {
            return Ok(result);
        };
        self.ended_early(setting, in_one_line(error))?;
        if !is_finished {
            self.finished()?;
            self.output.write_reports()?;
        }
        Ok(result)
    }

    /// Says why trials were left out by a run that came to its end.
    fn conclude_in_order(
        &mut self,
        judged: usize,
        planned: usize,
        setting: Setting,
        arguments: &TrialArguments,
    ) -> Result<Result<(), CommandError>, CommandError> {
        let is_over = arguments
            .timeout
            .is_some_and(|timeout| self.started.elapsed() >= timeout);
        if setting.fail_fast && !is_over {
            let why = format!("--fail-fast: {judged} of {planned} trials were judged");
            self.ended_early(setting, why)?;
            return Ok(Ok(()));
        }
        let error = CommandError::OutOfTime { judged, planned };
        self.ended_early(setting, in_one_line(&error))?;
        Ok(Err(error))
    }

    fn ended_early(&mut self, setting: Setting, reason: String) -> Result<(), CommandError> {
        self.output.take(&Event::RunEndedEarly {
            cluster: self.cluster.kind().to_owned(),
            seeds: setting.seeds,
            reason,
        })
    }

    /// Shows the summary of what was judged.
    fn finished(&mut self) -> Result<(), CommandError> {
        let summary = self.output.collected().summary();
        let duration_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.output.take(&Event::RunFinished {
            summary,
            duration_ms,
        })
    }

    /// Ends what was started for the run; for a bounded time if the run was ended early, or is now.
    async fn clean_up(&mut self, is_early: bool) {
        let cluster = Arc::clone(&self.cluster);
        let mut closing = self.workers.spawn(async move { cluster.close().await });
        if !is_early {
            tokio::select! {
                closed = &mut closing => return rethrown(closed),
                _ = self.signals.first() => {}
            }
        }
        let seconds = CLEANING.as_secs();
        print_error(&format!(
            "cleaning up, for {seconds} s at most; another signal ends this at once"
        ));
        match tokio::time::timeout(CLEANING, closing).await {
            Ok(closed) => rethrown(closed),
            Err(_) => print_error(&format!(
                "cleaning up did not end within {seconds} s; the next run takes away what is left"
            )),
        }
    }
}

/// Starts the control plane and judges the trials.
async fn work(
    cluster: Arc<dyn Cluster>,
    trials: Vec<Trial>,
    needed: Needed,
    options: RunOptions,
    events: UnboundedSender<Event>,
) -> Result<(), ClusterError> {
    check_programs(&trials, &needed)?;
    cluster.prepare().await?;
    crosscut_runner::run(trials, cluster, &options, &events).await;
    Ok(())
}

/// What the work came to. It is aborted only when this is not asked for any more.
fn joined(work: Result<Result<(), ClusterError>, JoinError>) -> Result<(), CommandError> {
    match work {
        Ok(result) => result.map_err(CommandError::cluster),
        Err(error) => {
            rethrown(Err(error));
            Ok(())
        }
    }
}

/// Lets a panic of another thread be one of this.
fn rethrown(joined: Result<(), JoinError>) {
    if let Err(panic) = joined.map_err(JoinError::try_into_panic)
        && let Ok(panic) = panic
    {
        resume_unwind(panic);
    }
}

fn timeouts(kind: ClusterKind, arguments: &TrialArguments) -> Timeouts {
    let usual = match kind {
        ClusterKind::Embedded => Timeouts::default(),
        ClusterKind::Envtest | ClusterKind::Kind | ClusterKind::Kubeconfig => Timeouts {
            usual: REAL_TIMEOUT,
            slow: REAL_SLOW,
            ..Timeouts::default()
        },
    };
    Timeouts {
        instead: arguments.trial_timeout,
        run: arguments.timeout,
        ..usual
    }
}

/// Returns the number of trials that run at the same time.
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

#[cfg(test)]
mod tests;
