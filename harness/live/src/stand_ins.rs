//! The stand-ins of one trial, as clients of its control plane.

use std::sync::Arc;

use crosscut_standins::Targets;
use crosscut_suite::model::Provider;

use super::{Hidden, LiveLease};
use crosscut_setup::managed_settings;

/// Adds stand-ins to a lease. They ignore the API groups `real`, which real providers serve. `kubeconfig` leads to the
/// trial's target.
pub fn add_stand_ins(
    lease: &mut LiveLease,
    provider: &Provider,
    targets: Arc<dyn Targets>,
    kubeconfig: &str,
    real: &Arc<[String]>,
) {
    let settings = crosscut_standins::Settings {
        targets,
        managed: managed_settings(&provider.managed, kubeconfig),
    };
    for controller in crosscut_standins::controllers(settings) {
        lease.add(Hidden::from(controller, real));
    }
}
