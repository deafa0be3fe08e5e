//! Real API servers and the real Crossplane as programs.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crosscut_cluster::Cluster;
use crosscut_envtest::{Envtest, EnvtestSettings};
use crosscut_live::LiveLimits;
use crosscut_programs::default_root;

use super::{Common, SystemClock, assets, launcher};

pub(super) fn make(common: Common<'_>) -> Arc<dyn Cluster> {
    let settings = EnvtestSettings {
        assets: assets(common.arguments),
        targets: targets(common.jobs, common.plan.trials.len()),
        state_root: default_root(&std::env::temp_dir()),
        clock: Arc::new(SystemClock),
        limits: LiveLimits::default(),
        progress: common.progress,
        launcher: launcher(),
        on_output: common.on_output,
    };
    let suite = Arc::clone(&common.plan.suite);
    Arc::new(Envtest::new(suite, settings))
}

/// Returns the number of targets that so many jobs need: each is an API server, and starting one that no trial is for
/// takes as long.
fn targets(jobs: NonZeroUsize, trials: usize) -> NonZeroUsize {
    NonZeroUsize::new(trials).map_or(NonZeroUsize::MIN, |trials| trials.min(jobs))
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
