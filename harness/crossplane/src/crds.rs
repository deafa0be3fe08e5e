//! Crossplane's own CustomResourceDefinitions, for the kinds that crosscut's controllers reconcile.
//!
//! The files are written by hand, with the fields, defaults and rules of Crossplane 2.2.0, and parsed at each call.
//! Packages, functions, managed resource definitions and operations are not included, since no controller reconciles
//! them.

use crosscut_yaml::Limits;
use serde_json::Value;

/// The YAML of each CRD, in the order of installation.
const FILES: [(&str, &str); 5] = [
    (
        "compositeresourcedefinitions.yaml",
        include_str!("crds/compositeresourcedefinitions.yaml"),
    ),
    ("compositions.yaml", include_str!("crds/compositions.yaml")),
    (
        "compositionrevisions.yaml",
        include_str!("crds/compositionrevisions.yaml"),
    ),
    ("usages.yaml", include_str!("crds/usages.yaml")),
    (
        "clusterusages.yaml",
        include_str!("crds/clusterusages.yaml"),
    ),
];

/// Returns Crossplane's own CRDs: CompositeResourceDefinition (v1 stored, v2), Composition, CompositionRevision, Usage
/// and ClusterUsage. They must be created on the control plane before any object of Crossplane.
///
/// ```
/// let definitions = crosscut_crossplane::custom_resource_definitions();
/// assert!(definitions.iter().all(|one| one["kind"] == "CustomResourceDefinition"));
/// ```
pub fn custom_resource_definitions() -> Vec<Value> {
    FILES
        .iter()
        .flat_map(
            |(name, text)| match crosscut_yaml::parse(text, &Limits::default()) {
                Ok(documents) => documents
                    .iter()
                    .map(crosscut_yaml::Node::to_value)
                    .collect(),
                Err(errors) => {
                    // The tests of this crate parse every embedded file, so this never happens in a tested build.
                    tracing::error!(file = name, ?errors, "an embedded CRD does not parse");
                    Vec::new()
                }
            },
        )
        .collect()
}
