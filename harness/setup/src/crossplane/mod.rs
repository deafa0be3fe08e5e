//! The real Crossplane on a real API server, as processes: the core, the functions that it calls, and the real
//! provider-kubernetes.
//!
//! Crossplane runs with its External package runtime: functions are served by this process over mutual TLS and made
//! known as revisions of packages that do not exist. Webhooks are on, so Usages protect for real. There is no RBAC
//! manager, and nothing of packages works; providers other than provider-kubernetes are stood in for elsewhere.

mod arguments;
mod core_process;
mod error;
mod functions;
mod install;
mod listener;
mod manifests;
mod provider_kubernetes;
mod webhook;

pub use core_process::{CrossplaneSettings, Place, RealCrossplane};
pub use error::CrossplaneError;
pub use manifests::definitions_of;
pub use provider_kubernetes::{ProviderKubernetes, ProviderKubernetesSettings};
