//! What provider documents say about managed resources, in the stand-ins' terms.

use crosscut_standins::{ConnectionDetails, ManagedRule as StandInRule, ManagedSettings};
use crosscut_suite::model::{ConnectionSecret, ExternalName, ManagedRule};

/// The rules in their order; `kubeconfig` leads to the trial's target. The stand-ins know no documents, so that they
/// can be used without.
pub fn managed_settings(rules: &[ManagedRule], kubeconfig: &str) -> ManagedSettings {
    ManagedSettings {
        rules: rules
            .iter()
            .map(|rule| stand_in_rule(rule, kubeconfig))
            .collect(),
    }
}

fn stand_in_rule(rule: &ManagedRule, kubeconfig: &str) -> StandInRule {
    StandInRule {
        group: rule.group.clone(),
        kind: rule.kind.clone(),
        ready: rule.ready,
        external_name_from_name: rule.external_name == ExternalName::Name,
        status: rule.status.clone(),
        connection: rule.connection_secret.as_ref().map(|secret| match secret {
            ConnectionSecret::TargetKubeconfig => {
                ConnectionDetails::from([("kubeconfig".to_owned(), kubeconfig.to_owned())])
            }
        }),
    }
}
