//! The need of a suite for Crossplane.

use crosscut_yaml::Node;

use crate::lint::{for_each_use, is_of_crossplane};
use crate::model::{Side, Suite};

/// Returns true if a suite has composition functions, or if it installs or names a kind of Crossplane's own.
///
/// A suite without any runs on a cluster without Crossplane.
#[must_use]
pub fn uses_crossplane(suite: &Suite) -> bool {
    let of_providers = suite
        .providers
        .iter()
        .flat_map(|provider| &provider.install);
    let installs = suite
        .install
        .iter()
        .chain(of_providers)
        .filter_map(|resource| resource.node.get("apiVersion").and_then(Node::as_str))
        .any(is_of_crossplane);
    let mut names = false;
    for_each_use(suite, Side::Control, &mut |api_version, _, _| {
        names |= is_of_crossplane(api_version);
    });
    !suite.functions.is_empty() || installs || names
}
