//! Clusters that kind makes: a control plane, and a target where a trial needs one.
//!
//! kind, docker and helm are commands here: there is no library for them. Crossplane runs in the cluster, by its chart,
//! or beside it as a process. The user's kubeconfig is never touched: each cluster has one in the folder of the run. A
//! cluster is gone after the run, unless it is kept for the next one with the same settings.

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
