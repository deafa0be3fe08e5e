//! Clusters that the kind command makes.

use std::sync::Arc;

use crosscut_cluster::Cluster;
use crosscut_live::LiveLimits;
use crosscut_remote::kind::{Kind, KindSettings};

use super::{Common, SystemClock, assets, launcher};

pub(super) fn make(common: Common<'_>) -> Arc<dyn Cluster> {
    let clusters = &common.arguments.clusters;
    let settings = KindSettings {
        assets: assets(common.arguments),
        image: clusters.node_image.clone(),
        keep: clusters.keep,
        state_root: std::env::temp_dir(),
        logs_root: std::env::temp_dir(),
        clock: Arc::new(SystemClock),
        limits: LiveLimits::default(),
        progress: common.progress,
        launcher: launcher(),
        on_output: common.on_output,
    };
    let plan = common.plan;
    let suite = Arc::clone(&plan.suite);
    Arc::new(Kind::new(suite, &plan.trials, settings))
}
