//! The controllers of one control plane, and what they need.

use std::sync::Arc;

use crosscut_apiserver::Admission;
use crosscut_controller::Controller;

use crate::composite::Composites;
use crate::composition::{Compositions, Revisions};
use crate::definition::Definitions;
use crate::function::Functions;
use crate::usage::{Kind, UsageAdmission, Usages};
use crosscut_client::Mapper;

/// What the controllers cannot know by themselves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The functions that Compositions name.
    pub functions: Arc<Functions>,
}

/// Crossplane's controllers, for one control plane. They remember what they saw there, so each plane needs its own.
pub fn controllers(settings: Settings) -> Vec<Arc<dyn Controller>> {
    let mapper = Arc::new(Mapper::default());
    vec![
        Arc::new(Definitions::new(Arc::clone(&mapper))),
        Arc::new(Compositions::new(Arc::clone(&mapper))),
        Arc::new(Revisions::new(Arc::clone(&mapper))),
        Arc::new(Composites::new(Arc::clone(&mapper), settings.functions)),
        Arc::new(Usages::new(Kind::Usage, Arc::clone(&mapper))),
        Arc::new(Usages::new(Kind::ClusterUsage, mapper)),
    ]
}

/// Refuses to delete what a Usage or ClusterUsage says is in use; to be given to the control plane's API server.
pub fn usage_admission() -> Arc<dyn Admission> {
    Arc::new(UsageAdmission)
}
