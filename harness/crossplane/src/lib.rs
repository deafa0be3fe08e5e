//! Crossplane's behaviour (core 2.2.0) as controllers: definitions, compositions and their revisions, composite
//! resources, usages, and the functions that compositions call.
//!
//! The controllers use only a `kube::Client`, so they run with any API server that serves
//! [`custom_resource_definitions`]. Packages, providers, managed resource definitions, operations and claims are not
//! implemented. The stand-ins act in place of providers. The caller starts the functions, which are found by name.
//!
//! - [`controllers`] returns the controllers of one control plane, [`admission`] the plugins of its API server;
//! - [`Functions`](crosscut_functions::Functions) has the function of each `functionRef.name` of a Composition.

mod composite;
mod composition;
mod condition;
mod controllers;
mod correlation;
mod crds;
mod definition;
mod error;
mod names;
mod object;
mod recorder;
mod unserved;
mod usage;
mod work;

pub use composite::ANNOTATION_NAME;
pub use controllers::{Settings, admission, controllers};
pub use crds::custom_resource_definitions;
pub use object::is_paused;
pub use usage::{LABEL_IN_USE, is_usage_of};
