//! Crossplane's own CustomResourceDefinitions, as far as its controllers here serve them.
//!
//! They are written by hand, with the fields, defaults and rules of Crossplane 2.2.0, and parsed when asked for.
//! Packages, functions, managed resource definitions and operations are not among them: nothing here reconciles those.

use crosscut_yaml::Limits;
use serde_json::Value;

/// The YAML of each CRD, in the order in which they are installed.
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

/// Crossplane's own CRDs: CompositeResourceDefinition (v1 stored, v2), Composition, CompositionRevision, Usage and
/// ClusterUsage. To be created on the control plane before anything of Crossplane's is.
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
                    // Embedded text: the tests of this crate parse every file, so this is never reached in a build that passed them.
                    tracing::error!(file = name, ?errors, "an embedded CRD does not parse");
                    Vec::new()
                }
            },
        )
        .collect()
}
