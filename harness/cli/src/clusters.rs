//! Making control planes: what they are told of the environment and the clock.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use crosscut_cluster::Cluster;
use crosscut_cluster::embedded::Embedded;
use crosscut_cluster::envtest::{AssetSearch, Clock, Envtest, EnvtestSettings, LiveLimits};
use crosscut_cluster::functions::Progress;
use crosscut_events::Event;
use crosscut_suite::Plan;
use tokio::sync::mpsc::UnboundedSender;

use crate::arguments::{ClusterKind, TrialArguments};

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
    let progress: Progress = Arc::new(move |what: &str| {
        // Nobody listening any more: the run is over.
        let _ = events.send(Event::Preparing {
            what: what.to_owned(),
        });
    });
    let suite = Arc::clone(&plan.suite);
    match kind {
        ClusterKind::Embedded => Arc::new(Embedded::new(suite, progress)),
        ClusterKind::Envtest => {
            let assets = arguments.assets.clone().map(PathBuf::from);
            let settings = EnvtestSettings {
                assets: AssetSearch::from_variables(assets, |name| std::env::var(name).ok()),
                targets: jobs,
                state_root: crosscut_cluster::envtest::default_root(&std::env::temp_dir()),
                clock: Arc::new(SystemClock),
                limits: LiveLimits::default(),
                progress,
            };
            Arc::new(Envtest::new(suite, settings))
        }
    }
}

/// The time of this machine.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}
