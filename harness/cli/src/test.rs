//! `crosscut test`: loads, plans, runs, shows, reports.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use crosscut_cluster::Cluster;
use crosscut_cluster::embedded::Embedded;
use crosscut_events::{Event, ExitStatus};
use crosscut_reports::{Collected, json, junit};
use crosscut_runner::RunOptions;
use crosscut_suite::{Plan, Selection, load};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use crate::arguments::{ClusterKind, ReportFile, ReportFormat, TestArguments};
use crate::output::RunOutput;
use crate::{CommandError, diagnostics, output};

/// Past this a trial counts as hanging. Settling and function calls have their own, shorter bounds.
const TRIAL_DEADLINE: Duration = Duration::from_secs(300);

/// Judges what the arguments select.
///
/// # Errors
/// [`CommandError`] where nothing could be judged, or output could not be written.
pub(crate) fn run(arguments: &TestArguments) -> Result<ExitStatus, CommandError> {
    let selection = Selection {
        paths: arguments.paths.clone(),
        providers: arguments.providers.clone(),
        scenarios: arguments.scenarios.clone(),
    };
    let plan = load(&current_folder()?, &selection)
        .map_err(|report| diagnostics::refuse(&report, arguments.output))?;
    if arguments.list {
        return list(&plan, arguments);
    }
    create_reports(&arguments.reports)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(jobs(arguments).min(processors()).get())
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)?;
    let mut output = RunOutput::new(arguments.output, arguments.verbose);
    let result = runtime.block_on(judge(plan, arguments, &mut output));
    // Trials that were judged before an interruption are still worth a report.
    write_reports(&arguments.reports, output.collected())?;
    result?;
    Ok(output.collected().summary().exit_status())
}

fn list(plan: &Plan, arguments: &TestArguments) -> Result<ExitStatus, CommandError> {
    let mut text = String::new();
    for trial in &plan.trials {
        text.push_str(&format!("{}::{}", trial.scenario.name, trial.provider.name));
        if let Some(reason) = &trial.skip {
            text.push_str(&format!(" (skipped: {reason})"));
        }
        text.push('\n');
    }
    output::print(&text, arguments.output)?;
    Ok(ExitStatus::Passed)
}

async fn judge(
    plan: Plan,
    arguments: &TestArguments,
    output: &mut RunOutput,
) -> Result<(), CommandError> {
    // Before anything is started: a signal that came earlier than this would leave processes behind.
    let mut signals = Signals::new()?;
    let (events, received) = unbounded_channel();
    let (stop, stopped) = watch::channel(false);
    let cluster = cluster(arguments.cluster, &plan, events.clone());
    let started = Instant::now();
    let options = RunOptions {
        jobs: jobs(arguments),
        seed: arguments.seed,
        final_objects: false,
        trial_deadline: TRIAL_DEADLINE,
        elapsed: Arc::new(move || started.elapsed()),
        stop: stopped,
    };
    let running = crosscut_runner::run(plan.trials, Arc::clone(&cluster), &options, &events);
    let shown = show(received, output);
    let result = tokio::select! {
        (_, shown) = async { tokio::join!(running, shown) } => Some(shown),
        () = signals.any() => None,
    };
    // Nobody may be left to be told.
    let _ = stop.send(true);
    cluster.close().await;
    result.unwrap_or_else(|| conclude_early(output, started.elapsed()))
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

fn cluster(kind: ClusterKind, plan: &Plan, events: UnboundedSender<Event>) -> Arc<dyn Cluster> {
    match kind {
        ClusterKind::Embedded => {
            let progress = Arc::new(move |what: &str| {
                // Nobody listening any more: the run is over.
                let _ = events.send(Event::Preparing {
                    what: what.to_owned(),
                });
            });
            Arc::new(Embedded::new(Arc::clone(&plan.suite), progress))
        }
    }
}

/// Shows events until the run has finished.
async fn show(
    mut events: UnboundedReceiver<Event>,
    output: &mut RunOutput,
) -> Result<(), CommandError> {
    while let Some(event) = events.recv().await {
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

fn jobs(arguments: &TestArguments) -> NonZeroUsize {
    arguments.jobs.unwrap_or_else(processors)
}

fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The current folder.
///
/// # Errors
/// [`CommandError::CurrentFolder`] where it is gone or its path is not UTF-8.
pub(crate) fn current_folder() -> Result<Utf8PathBuf, CommandError> {
    let folder = std::env::current_dir().map_err(CommandError::CurrentFolder)?;
    Utf8PathBuf::from_path_buf(folder).map_err(|path| {
        let what = format!("the path {} is not UTF-8", path.display());
        CommandError::CurrentFolder(std::io::Error::other(what))
    })
}

/// Makes the files of the reports, empty. What cannot be written is better known before the trials than
/// after them, and a report of an earlier run must not be taken for one of this.
fn create_reports(reports: &[ReportFile]) -> Result<(), CommandError> {
    for (index, report) in reports.iter().enumerate() {
        let file = report.file.to_string();
        if reports[..index]
            .iter()
            .any(|other| other.file == report.file)
        {
            return Err(CommandError::SameReport { file });
        }
        write_file(report, "").map_err(|source| CommandError::WriteReport { file, source })?;
    }
    Ok(())
}

fn write_reports(reports: &[ReportFile], run: &Collected) -> Result<(), CommandError> {
    for report in reports {
        let file = report.file.to_string();
        let text = match report.format {
            ReportFormat::Junit => junit::render(run),
            ReportFormat::Json => json::render(run),
        }
        .map_err(|source| CommandError::Report {
            file: file.clone(),
            source,
        })?;
        write_file(report, &text).map_err(|source| CommandError::WriteReport { file, source })?;
    }
    Ok(())
}

fn write_file(report: &ReportFile, text: &str) -> std::io::Result<()> {
    if let Some(folder) = report
        .file
        .parent()
        .filter(|folder| !folder.as_str().is_empty())
    {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&report.file, text)
}
