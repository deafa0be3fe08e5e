//! The kinds of a control plane with Crossplane that crosscut does not serve: Crossplane's own kinds without a
//! controller here, and claims.

use crosscut_objects::{Admission, Lack, Read, Refusal, Review};
use serde_json::Value;

use crate::object;

/// The kinds of Crossplane 2.2.0 (cluster/crds) that have no controller here, by apiVersion.
const KINDS: [(&str, &[&str]); 5] = [
    (
        "apiextensions.crossplane.io/v1beta1",
        &["EnvironmentConfig", "Usage"],
    ),
    (
        "apiextensions.crossplane.io/v1alpha1",
        &[
            "ManagedResourceActivationPolicy",
            "ManagedResourceDefinition",
            "Usage",
        ],
    ),
    (
        "ops.crossplane.io/v1alpha1",
        &["CronOperation", "Operation", "WatchOperation"],
    ),
    (
        "pkg.crossplane.io/v1",
        &[
            "Configuration",
            "ConfigurationRevision",
            "Function",
            "FunctionRevision",
            "Provider",
            "ProviderRevision",
        ],
    ),
    (
        "pkg.crossplane.io/v1beta1",
        &[
            "DeploymentRuntimeConfig",
            "Function",
            "FunctionRevision",
            "ImageConfig",
            "Lock",
        ],
    ),
];

/// The kinds of Crossplane that are served here.
const SERVED: [&str; 5] = [
    "ClusterUsage",
    "CompositeResourceDefinition",
    "Composition",
    "CompositionRevision",
    "Usage (protection.crossplane.io)",
];

/// An admission plugin that names Crossplane's unserved kinds. The plugin refuses no write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UnservedKinds;

impl Admission for UnservedKinds {
    fn review(&self, _: &Review<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn lack(&self, api_version: &str, kind: &str, store: &dyn Read) -> Option<Lack> {
        let of_crossplane = KINDS
            .iter()
            .any(|(version, kinds)| *version == api_version && kinds.contains(&kind));
        if of_crossplane {
            return Some(Lack::kind(api_version, kind, "Crossplane's", &SERVED));
        }
        let group = object::group_of(api_version);
        store
            .list(
                "apiextensions.crossplane.io",
                "compositeresourcedefinitions",
                None,
            )
            .iter()
            .find(|definition| {
                object::text(definition, &["spec", "group"]) == group
                    && object::text(definition, &["spec", "claimNames", "kind"]) == kind
            })
            .map(|definition| Lack::of(claims(definition)))
    }
}

/// Returns the name of a CompositeResourceDefinition's claims, for messages.
pub(crate) fn claims(definition: &Value) -> String {
    format!(
        "claims ({} of CompositeResourceDefinition {})",
        object::text(definition, &["spec", "claimNames", "kind"]),
        object::name(definition)
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;
    use serde_json::json;

    use super::*;

    /// A store with one definition that offers claims.
    struct Definitions;

    impl Read for Definitions {
        fn get(&self, _: &str, _: &str, _: Option<&str>, _: &str) -> Option<Arc<Value>> {
            None
        }

        fn list(&self, _: &str, plural: &str, _: Option<&str>) -> Vec<Arc<Value>> {
            assert_eq!(plural, "compositeresourcedefinitions");
            vec![Arc::new(json!({
                "metadata": {"name": "xboats.example.org"},
                "spec": {"group": "example.org", "names": {"kind": "XBoat"}, "claimNames": {"kind": "Boat"}},
            }))]
        }
    }

    // Source: the CRDs of Crossplane 2.2.0.
    #[rstest]
    #[case::environment(
        "apiextensions.crossplane.io/v1beta1",
        "EnvironmentConfig",
        Some("the kind EnvironmentConfig of apiextensions.crossplane.io/v1beta1")
    )]
    #[case::package(
        "pkg.crossplane.io/v1",
        "Provider",
        Some("the kind Provider of pkg.crossplane.io/v1")
    )]
    #[case::claim(
        "example.org/v1",
        "Boat",
        Some("claims (Boat of CompositeResourceDefinition xboats.example.org)")
    )]
    #[case::misspelt("apiextensions.crossplane.io/v1", "Compositon", None)]
    #[case::of_nobody("example.org/v1", "Ship", None)]
    #[case::of_another_group("example.com/v1", "Boat", None)]
    fn what_a_kind_is(
        #[case] api_version: &str,
        #[case] kind: &str,
        #[case] expected: Option<&str>,
    ) {
        let lack = UnservedKinds.lack(api_version, kind, &Definitions);
        assert_eq!(lack.as_ref().map(|lack| lack.what.as_str()), expected);
    }
}
