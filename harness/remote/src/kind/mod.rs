//! Clusters that kind creates: a control plane, and a target if a trial needs one.
//!
//! crosscut runs kind, docker and helm as commands, because there is no library for them. Crossplane runs in the
//! cluster, by its chart, or beside it as a process. The user's kubeconfig is never changed: each cluster has one in
//! the folder of the run. A cluster is deleted after the run, unless it is kept for the next run with the same
//! settings.

mod cluster;
mod clusters;
mod command;
mod crossplane;
mod error;
mod names;
mod packages;
mod whole;

pub use cluster::{Kind, KindSettings};
pub use error::KindError;
