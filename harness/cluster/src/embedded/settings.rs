//! What provider documents say about managed resources, in the stand-ins' terms.

use crosscut_standins::{ConnectionDetails, ManagedRule as StandInRule, ManagedSettings};
use crosscut_suite::model::{ConnectionSecret, ExternalName, ManagedRule};

use super::targets::kubeconfig;

/// The rules in their order. The stand-ins know no documents, so that they can be used without.
pub(super) fn managed_settings(rules: &[ManagedRule]) -> ManagedSettings {
    ManagedSettings {
        rules: rules.iter().map(rule).collect(),
    }
}

fn rule(rule: &ManagedRule) -> StandInRule {
    StandInRule {
        group: rule.group.clone(),
        kind: rule.kind.clone(),
        ready: rule.ready,
        external_name_from_name: rule.external_name == ExternalName::Name,
        status: rule.status.clone(),
        connection: rule.connection_secret.as_ref().map(|secret| match secret {
            ConnectionSecret::TargetKubeconfig => {
                ConnectionDetails::from([("kubeconfig".to_owned(), kubeconfig())])
            }
        }),
    }
}
