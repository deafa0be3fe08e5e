//! Clusters that the user has: a context of a kubeconfig, and a second one for the target.
//!
//! Crossplane, functions and providers are there already, and so they stay: nothing is started here. A cluster that is
//! not on this machine is not touched before its user agrees.

mod cluster;
mod consent;
mod read;

pub use cluster::{KubeconfigCluster, KubeconfigSettings};
pub use consent::{Ask, Consent};
pub use read::{Files, read};
