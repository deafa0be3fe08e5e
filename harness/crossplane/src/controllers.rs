//! The controllers of one control plane, and their settings.

use std::sync::Arc;

use crosscut_controller::Controller;
use crosscut_objects::Admission;

use crate::composite::Composites;
use crate::composition::{Compositions, Revisions};
use crate::definition::Definitions;
use crate::unserved::UnservedKinds;
use crate::usage::{Kind, UsageAdmission, Usages};
use crosscut_functions::Functions;

/// The settings of the controllers.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The functions that Compositions name.
    pub functions: Arc<Functions>,
}

/// Returns Crossplane's controllers for one control plane. They keep a cache of its objects, so each control plane
/// needs its own.
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

/// Returns Crossplane's admission plugins for the control plane's API server. They refuse to delete an object that a
/// Usage or ClusterUsage protects, and name Crossplane's kinds that crosscut does not serve.
pub fn admission() -> Vec<Arc<dyn Admission>> {
    vec![Arc::new(UsageAdmission), Arc::new(UnservedKinds)]
}
