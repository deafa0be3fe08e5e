//! Existing clusters of the user: a context of a kubeconfig, and a second one for the target.
//!
//! Crossplane, functions and providers are installed already and are not changed; crosscut starts none. A cluster that
//! is not on this machine is not changed before its user agrees.

mod cluster;
mod consent;
mod read;

pub use cluster::{KubeconfigCluster, KubeconfigSettings};
pub use consent::{Ask, Consent};
pub use read::{Files, read};
