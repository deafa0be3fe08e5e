//! Crossplane's behaviour (core 2.2.0) as controllers: definitions, compositions and their revisions, composite
//! resources, usages, and the functions that compositions call.
//!
//! The controllers do all their work through a `kube::Client`, so they run against any API server that serves
//! [`custom_resource_definitions`]. What they are not: packages, providers, managed resource definitions, operations,
//! claims. Providers' behaviour is the stand-ins' part; functions are started by whoever runs this, and found by name.
//!
//! - [`controllers`] makes the controllers of one control plane, [`admission`] its part in the API server;
//! - [`Functions`](crosscut_functions::Functions) holds the function of each `functionRef.name` of a Composition.

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
