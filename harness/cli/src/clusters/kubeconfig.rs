//! Clusters that the user has.

use std::path::PathBuf;
use std::sync::Arc;

use crosscut_cluster::Cluster;
use crosscut_live::LiveLimits;
use crosscut_programs::default_root;
use crosscut_remote::kubeconfig::{Consent, Files, KubeconfigCluster, KubeconfigSettings};
use crosscut_setup::Progress;

use super::{Common, SystemClock, ask, assets, launcher};
use crate::arguments::TrialArguments;

pub(super) fn make(common: Common<'_>) -> Arc<dyn Cluster> {
    let suite = Arc::clone(&common.plan.suite);
    let settings = settings(common.arguments, common.progress);
    Arc::new(KubeconfigCluster::new(suite, settings))
}

fn settings(arguments: &TrialArguments, progress: Progress) -> KubeconfigSettings {
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
