//! The embedded control plane.

use std::sync::Arc;

use crosscut_cluster::Cluster;
use crosscut_embedded::Embedded;
use crosscut_setup::FunctionSettings;

use super::{Common, launcher};

pub(super) fn make(common: Common<'_>) -> Arc<dyn Cluster> {
    let settings = FunctionSettings {
        state_root: std::env::temp_dir(),
        launcher: launcher(),
        progress: common.progress,
        on_output: common.on_output,
    };
    let suite = Arc::clone(&common.plan.suite);
    Arc::new(Embedded::with_functions(suite, settings))
}
