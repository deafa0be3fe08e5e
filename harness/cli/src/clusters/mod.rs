//! The control planes of a run: settings that come from the environment, the clock and the arguments.
//!
//! Each kind beyond the embedded one is behind a cargo feature of the same name.

#[cfg(feature = "kubeconfig")]
mod consent;
mod embedded;
#[cfg(feature = "envtest")]
mod envtest;
#[cfg(feature = "kind")]
mod kind;
#[cfg(feature = "kubeconfig")]
mod kubeconfig;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use crosscut_cluster::Cluster;
use crosscut_events::Event;
use crosscut_programs::{Launcher, OnOutput};
use crosscut_setup::{AssetSearch, Needed, Progress};
use crosscut_suite::Plan;
use crosscut_suite::model::KindCrossplane;
use tokio::sync::mpsc::UnboundedSender;

use crate::CommandError;
use crate::arguments::{ClusterKind, TrialArguments};
use crate::output::print_error;

#[cfg(feature = "kubeconfig")]
pub(crate) use consent::ask;

/// The number of trials that run at the same time on envtest by default: they mostly wait.
pub(crate) const ENVTEST_JOBS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

/// Settings that every kind of control plane gets.
#[cfg_attr(
    not(any(feature = "envtest", feature = "kind", feature = "kubeconfig")),
    expect(dead_code, reason = "the embedded control plane needs a part of them")
)]
struct Common<'a> {
    plan: &'a Plan,
    #[cfg(feature = "envtest")]
    jobs: NonZeroUsize,
    arguments: &'a TrialArguments,
    progress: Progress,
    on_output: Option<OnOutput>,
}

/// Returns a control plane of a kind, not yet started.
///
/// # Errors
/// `CommandError::LeftOut` if this program was built without the kind.
pub(crate) fn make(
    kind: ClusterKind,
    plan: &Plan,
    #[cfg_attr(
        not(feature = "envtest"),
        expect(unused_variables, reason = "envtest has a target for each job")
    )]
    jobs: NonZeroUsize,
    arguments: &TrialArguments,
    events: UnboundedSender<Event>,
) -> Result<Arc<dyn Cluster>, CommandError> {
    let on_output = arguments.verbose.then(|| on_output(events.clone()));
    let common = Common {
        plan,
        #[cfg(feature = "envtest")]
        jobs,
        arguments,
        progress: Arc::new(move |what: &str| tell(&events, what)),
        on_output,
    };
    match kind {
        ClusterKind::Embedded => Ok(embedded::make(common)),
        #[cfg(feature = "envtest")]
        ClusterKind::Envtest => Ok(envtest::make(common)),
        #[cfg(feature = "kind")]
        ClusterKind::Kind => Ok(kind::make(common)),
        #[cfg(feature = "kubeconfig")]
        ClusterKind::Kubeconfig => Ok(kubeconfig::make(common)),
        #[cfg(not(all(feature = "envtest", feature = "kind", feature = "kubeconfig")))]
        left_out => Err(CommandError::LeftOut {
            feature: left_out.name(),
        }),
    }
}

/// Returns what a kind of control plane starts for trials, and where it is looked for.
pub(crate) fn needed(kind: ClusterKind, plan: &Plan, arguments: &TrialArguments) -> Needed {
    let search = assets(arguments);
    let beside = search.beside();
    let core = plan.suite.clusters.kind.crossplane == KindCrossplane::Core;
    let (functions, programs) = match kind {
        ClusterKind::Embedded => (true, false),
        ClusterKind::Envtest => (true, true),
        ClusterKind::Kind => (core, true),
        ClusterKind::Kubeconfig => (false, true),
    };
    Needed {
        kind: kind.name(),
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

/// Returns a receiver of the lines that functions write. Lines that come after the end of the run are dropped.
fn on_output(events: UnboundedSender<Event>) -> OnOutput {
    Arc::new(move |function: &str, line: &str| {
        let _ = events.send(Event::FunctionOutput {
            function: function.to_owned(),
            line: line.to_owned(),
        });
    })
}

/// Reports what the run waits for, as an event. After the end of the run no event is shown, so this prints the text.
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

/// The time of this machine.
#[cfg(any(feature = "envtest", feature = "kind", feature = "kubeconfig"))]
struct SystemClock;

#[cfg(any(feature = "envtest", feature = "kind", feature = "kubeconfig"))]
impl crosscut_objects::Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}
