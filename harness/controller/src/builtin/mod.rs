//! The controllers that every cluster has, as clients of its API server: definitions, namespaces, garbage collection.
//!
//! Source of the behaviour: kube-apiserver and kube-controller-manager 1.34.

mod approval;
mod collector;
mod definitions;
mod graph;
mod namespaces;
mod requests;

use std::sync::Arc;

use crate::controller::Controller;

pub use collector::GarbageCollector;
pub use collector::{FOREGROUND, ORPHAN};
pub use definitions::CustomResourceDefinitions;
pub use namespaces::Namespaces;

/// Returns one of each controller.
#[must_use]
pub fn controllers() -> Vec<Arc<dyn Controller>> {
    vec![
        Arc::new(CustomResourceDefinitions),
        Arc::new(Namespaces),
        Arc::new(GarbageCollector::default()),
    ]
}
