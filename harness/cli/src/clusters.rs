//! Making control planes: what they are told of the environment and the clock.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use crosscut_cluster::embedded::Embedded;
use crosscut_cluster::envtest::{
    AssetSearch, Clock, Envtest, EnvtestSettings, LiveLimits, default_root,
};
use crosscut_cluster::functions::{FunctionSettings, Progress};
use crosscut_cluster::kind::{Kind, KindSettings};
use crosscut_cluster::kubeconfig::{Ask, Consent, Files, KubeconfigCluster, KubeconfigSettings};
use crosscut_cluster::{Cluster, Needed};
use crosscut_crossplane::function::OnOutput;
use crosscut_events::Event;
use crosscut_programs::Launcher;
use crosscut_reports::safe;
use crosscut_suite::Plan;
use crosscut_suite::model::KindCrossplane;
use tokio::sync::mpsc::UnboundedSender;

use crate::arguments::{ClusterKind, TrialArguments};
use crate::output::print_error;

/// How many trials run at the same time on real control planes, unless it is said: they mostly wait.
pub(crate) const ENVTEST_JOBS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

/// A control plane of a kind, not yet started.
pub(crate) fn make(
    kind: ClusterKind,
    plan: &Plan,
    jobs: NonZeroUsize,
    arguments: &TrialArguments,
    events: UnboundedSender<Event>,
) -> Arc<dyn Cluster> {
    let on_output = arguments.verbose.then(|| on_output(events.clone()));
    let progress: Progress = Arc::new(move |what: &str| tell(&events, what));
    let suite = Arc::clone(&plan.suite);
    match kind {
        ClusterKind::Embedded => {
            let settings = FunctionSettings {
                state_root: std::env::temp_dir(),
                launcher: launcher(),
                progress,
                on_output,
            };
            Arc::new(Embedded::with_functions(suite, settings))
        }
        ClusterKind::Envtest => {
            let settings = EnvtestSettings {
                assets: assets(arguments),
                targets: targets(jobs, plan.trials.len()),
                state_root: default_root(&std::env::temp_dir()),
                clock: Arc::new(SystemClock),
                limits: LiveLimits::default(),
                progress,
                launcher: launcher(),
                on_output,
            };
            Arc::new(Envtest::new(suite, settings))
        }
        ClusterKind::Kind => {
            let settings = KindSettings {
                assets: assets(arguments),
                image: arguments.clusters.node_image.clone(),
                keep: arguments.clusters.keep,
                state_root: std::env::temp_dir(),
                logs_root: std::env::temp_dir(),
                clock: Arc::new(SystemClock),
                limits: LiveLimits::default(),
                progress,
                launcher: launcher(),
                on_output,
            };
            Arc::new(Kind::new(suite, &plan.trials, settings))
        }
        ClusterKind::Kubeconfig => {
            let settings = kubeconfig(arguments, progress);
            Arc::new(KubeconfigCluster::new(suite, settings))
        }
    }
}

/// What a kind of control plane starts for trials, and where it is looked for.
pub(crate) fn needed(kind: ClusterKind, plan: &Plan, arguments: &TrialArguments) -> Needed {
    let search = assets(arguments);
    let beside = search.beside();
    let core = plan.suite.clusters.kind.crossplane == KindCrossplane::Core;
    let (name, functions, programs) = match kind {
        ClusterKind::Embedded => ("embedded", true, false),
        ClusterKind::Envtest => ("envtest", true, true),
        ClusterKind::Kind => ("kind", core, true),
        ClusterKind::Kubeconfig => ("kubeconfig", false, true),
    };
    Needed {
        kind: name,
        functions,
        programs,
        folders: match kind {
            ClusterKind::Envtest if !beside.is_empty() => beside,
            _ => search.folders(),
        },
        path: search.path,
    }
}

/// This binary, by which programs are started so that they end with it, whatever ends it.
fn launcher() -> Option<Launcher> {
    let binary = std::env::current_exe().ok();
    binary.filter(|binary| binary.is_file()).map(Launcher::new)
}

/// Tells what functions write. Once the run is over nobody shows it any more.
fn on_output(events: UnboundedSender<Event>) -> OnOutput {
    Arc::new(move |function: &str, line: &str| {
        let _ = events.send(Event::FunctionOutput {
            function: function.to_owned(),
            line: line.to_owned(),
        });
    })
}

/// How many targets so many jobs need: each is an API server, and starting one that no trial is for takes as long.
fn targets(jobs: NonZeroUsize, trials: usize) -> NonZeroUsize {
    NonZeroUsize::new(trials).map_or(NonZeroUsize::MIN, |trials| trials.min(jobs))
}

/// Tells what is waited for. Once the run is over nobody shows events any more: then it is said here.
fn tell(events: &UnboundedSender<Event>, what: &str) {
    let what = what.to_owned();
    if let Err(unsent) = events.send(Event::Preparing { what })
        && let Event::Preparing { what } = unsent.0
    {
        print_error(&what);
    }
}

fn assets(arguments: &TrialArguments) -> AssetSearch {
    let assets = arguments.assets.clone().map(PathBuf::from);
    AssetSearch::from_variables(assets, |name| std::env::var(name).ok())
}

fn kubeconfig(arguments: &TrialArguments, progress: Progress) -> KubeconfigSettings {
    let clusters = &arguments.clusters;
    let named = clusters.kubeconfig.clone().map(PathBuf::from);
    KubeconfigSettings {
        files: Files::from_variables(named, |name| std::env::var(name).ok()),
        context: clusters.context.clone(),
        target_context: clusters.target_context.clone(),
        consent: Consent {
            yes: clusters.yes,
            ask: ask(),
        },
        path: assets(arguments).folders(),
        state_root: default_root(&std::env::temp_dir()),
        clock: Arc::new(SystemClock),
        limits: LiveLimits::default(),
        progress,
        launcher: launcher(),
    }
}

/// Asks on the terminal, if there is one. Nothing typed means no.
pub(crate) fn ask() -> Ask {
    Arc::new(|question: &str| {
        let (input, mut output) = (std::io::stdin(), std::io::stderr());
        if !input.is_terminal() || !output.is_terminal() {
            return None;
        }
        write!(output, "{} [y/N] ", safe(question)).ok()?;
        output.flush().ok()?;
        let mut answer = String::new();
        input.lock().read_line(&mut answer).ok()?;
        Some(matches!(answer.trim(), "y" | "Y" | "yes"))
    })
}

/// The time of this machine.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use rstest::rstest;

    use super::targets;

    #[rstest]
    #[case::a_job_for_each(4, 102, 4)]
    #[case::fewer_trials_than_jobs(4, 1, 1)]
    #[case::nothing_selected(4, 0, 1)]
    fn no_target_is_in_vain(#[case] jobs: usize, #[case] trials: usize, #[case] expected: usize) {
        let jobs = NonZeroUsize::new(jobs).unwrap();
        assert_eq!(targets(jobs, trials).get(), expected);
    }
}
