//! The meaning of the keys under which an API server stores objects in etcd.

use std::collections::BTreeSet;

/// The path of custom resource definitions, followed by PLURAL.GROUP.
const DEFINITIONS: &str = "apiextensions.k8s.io/customresourcedefinitions/";
/// The path of the API groups that the server serves, followed by VERSION.GROUP.
const SERVICES: &str = "apiregistration.k8s.io/apiservices/";

/// The treatment of a key that was changed since the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// The key gets its old value, or is deleted if it is new.
    Restored,
    /// The key is deleted if it is new, and left otherwise. A restored event would not expire.
    DeletedOnly,
    /// The key is left because it belongs to the API server. This includes the keys that the server creates and removes
    /// with definitions. If they were deleted with their definition, the server would create them again until it sees
    /// that the definition is gone.
    Left,
}

/// The rules for the treatment of keys under one prefix.
pub(super) struct Rules<'a> {
    prefix: &'a str,
    /// The API groups of custom resource definitions, in the store or in the checkpoint.
    groups: BTreeSet<String>,
}

impl<'a> Rules<'a> {
    pub(super) fn new<'k>(prefix: &'a str, keys: impl Iterator<Item = &'k [u8]>) -> Self {
        let groups = keys.filter_map(|key| group(key, prefix, DEFINITIONS));
        Self {
            prefix,
            groups: groups.collect(),
        }
    }

    pub(super) fn treatment(&self, key: &[u8]) -> Treatment {
        let text = String::from_utf8_lossy(key);
        let path = text.strip_prefix(self.prefix).unwrap_or(&text);
        let starts = |with: &str| path.starts_with(with);
        let follows =
            || group(key, self.prefix, SERVICES).is_some_and(|group| self.groups.contains(&group));
        if starts("masterleases/") || starts("leases/kube-system/") || follows() {
            Treatment::Left
        } else if starts("events/") {
            Treatment::DeletedOnly
        } else {
            Treatment::Restored
        }
    }
}

/// Returns the API group in the key of an object whose name is a word, a dot and the group.
fn group(key: &[u8], prefix: &str, kind: &str) -> Option<String> {
    let key = std::str::from_utf8(key).ok()?;
    let name = key.strip_prefix(prefix)?.strip_prefix(kind)?;
    name.split_once('.').map(|(_, group)| group.to_owned())
}

/// Returns true if the key belongs to an object in the namespace, or to the namespace itself.
///
/// Built-in kinds are stored as RESOURCE/NAMESPACE/NAME or, a few, RESOURCE/PART/NAMESPACE/NAME. Namespaced custom
/// kinds are stored as GROUP/RESOURCE/NAMESPACE/NAME, cluster-wide ones as GROUP/RESOURCE/NAME. A group of a custom
/// kind has a dot, and the name of a built-in resource has none.
pub(super) fn is_in_namespace(key: &[u8], prefix: &str, namespace: &str) -> bool {
    let key = String::from_utf8_lossy(key);
    let Some(path) = key.strip_prefix(prefix) else {
        return false;
    };
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["namespaces", name] => *name == namespace,
        [resource, within, _] => !resource.contains('.') && *within == namespace,
        [_, _, within, _] => *within == namespace,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::is_in_namespace;

    #[rstest]
    #[case::of_a_builtin("configmaps/shop/a", true)]
    #[case::of_a_service("services/specs/shop/a", true)]
    #[case::of_a_custom_kind("test.io/widgets/shop/a", true)]
    #[case::itself("namespaces/shop", true)]
    #[case::of_another("configmaps/shop-2/a", false)]
    #[case::named_like_it("configmaps/default/shop", false)]
    #[case::a_resource_named_like_it("shop/default/a", false)]
    #[case::a_builtin_without_namespace("clusterroles/shop", false)]
    #[case::a_custom_kind_without_namespace("test.io/shop/a", false)]
    #[case::a_custom_kind_named_like_it("test.io/shop/default/a", false)]
    #[case::an_object_named_like_it("test.io/widgets/default/shop", false)]
    fn namespaces(#[case] path: &str, #[case] expected: bool) {
        let key = format!("/s1/{path}");
        assert_eq!(is_in_namespace(key.as_bytes(), "/s1/", "shop"), expected);
        assert!(!is_in_namespace(key.as_bytes(), "/s2/", "shop"));
    }
}
