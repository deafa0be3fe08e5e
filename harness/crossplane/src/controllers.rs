//! The controllers of one control plane, and what they need.

use std::sync::Arc;

use crosscut_controller::Controller;
use crosscut_objects::Admission;

use crate::composite::Composites;
use crate::composition::{Compositions, Revisions};
use crate::definition::Definitions;
use crate::unserved::UnservedKinds;
use crate::usage::{Kind, UsageAdmission, Usages};
use crosscut_functions::Functions;

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

/// Returns Crossplane's part in the control plane's API server: it refuses to delete what a Usage or ClusterUsage says
/// is in use, and names the kinds that Crossplane would serve and that are not here.
pub fn admission() -> Vec<Arc<dyn Admission>> {
    vec![Arc::new(UsageAdmission), Arc::new(UnservedKinds)]
}
