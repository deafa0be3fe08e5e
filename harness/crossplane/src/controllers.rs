//! The controllers of one control plane, and what they need.

use std::sync::Arc;

use crosscut_apiserver::Admission;
use crosscut_controller::Controller;

use crate::composite::Composites;
use crate::composition::{Compositions, Revisions};
use crate::definition::Definitions;
use crate::function::Functions;
use crate::usage::{Kind, UsageAdmission, Usages};

/// What the controllers cannot know by themselves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The functions that Compositions name.
    pub functions: Arc<Functions>,
}

/// Crossplane's controllers, for one control plane. They remember what they saw there, so each plane needs its own.
pub fn controllers(settings: Settings) -> Vec<Arc<dyn Controller>> {
    vec![
        Arc::new(Definitions::new()),
        Arc::new(Compositions::new()),
        Arc::new(Revisions::new()),
        Arc::new(Composites::new(settings.functions)),
        Arc::new(Usages::new(Kind::Usage)),
        Arc::new(Usages::new(Kind::ClusterUsage)),
    ]
}

/// Refuses to delete what a Usage or ClusterUsage says is in use; to be given to the control plane's API server.
pub fn usage_admission() -> Arc<dyn Admission> {
    Arc::new(UsageAdmission)
}
