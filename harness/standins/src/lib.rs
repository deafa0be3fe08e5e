//! Stand-ins for Crossplane's providers: what they do to Kubernetes objects, without any cloud behind them.
//!
//! `Object` of provider-kubernetes really applies its manifest to the target that its ProviderConfig leads to.
//! `Release` of provider-helm resolves its chart and values by the provider's rules and records what would be
//! installed. Every other managed resource gets its external name, its references and the status that it is given.
//! Nothing here knows documents, suites, or how a target is run; a kubeconfig is all that leads to one
//! ([`Targets`]). Sources: provider-kubernetes 1.2, provider-helm 1.1, crossplane-runtime 2.0.

mod conditions;
mod connect;
mod events;
mod lifecycle;
mod managed;
mod object;
mod path;
mod provider_config;
mod release;
mod settings;
mod usage;

use std::sync::Arc;

use crosscut_controller::Controller;

pub use settings::{
    ConnectionDetails, ManagedRule, ManagedSettings, Settings, TargetError, Targets,
};

/// The stand-ins, for the control plane that Crossplane composes on.
#[must_use]
pub fn controllers(settings: Settings) -> Vec<Arc<dyn Controller>> {
    let targets = settings.targets;
    vec![
        Arc::new(provider_config::ProviderConfigs),
        Arc::new(object::Objects::new(Arc::clone(&targets))),
        Arc::new(release::Releases::new(targets)),
        Arc::new(managed::ManagedResources::new(settings.managed)),
    ]
}
