//! What the keys mean under which an API server stores objects in etcd.

use std::collections::BTreeSet;

/// The place where custom resource definitions are: PLURAL.GROUP.
const DEFINITIONS: &str = "apiextensions.k8s.io/customresourcedefinitions/";
/// The place where the API server keeps which groups it serves: VERSION.GROUP.
const SERVICES: &str = "apiregistration.k8s.io/apiservices/";

/// What is done with a key that is not as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It is brought back.
    Restored,
    /// It is deleted if it is new, and else left: an event expires, and one that is written back would not.
    DeletedOnly,
    /// It is left as it is: the API server's own. That includes what it makes and removes by itself as definitions come
    /// and go; deleted with its definition, it would be made again until the server sees that the definition is gone.
    Left,
}

/// How keys are treated.
pub(super) struct Rules<'a> {
    prefix: &'a str,
    /// The API groups of custom resource definitions, now or then.
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

/// The API group in the key of an object that is called by something, a dot, and a group.
fn group(key: &[u8], prefix: &str, kind: &str) -> Option<String> {
    let key = std::str::from_utf8(key).ok()?;
    let name = key.strip_prefix(prefix)?.strip_prefix(kind)?;
    name.split_once('.').map(|(_, group)| group.to_owned())
}

/// Returns true if a key is of an object in the namespace, or of the namespace itself.
///
/// Built-in kinds are stored as RESOURCE/NAMESPACE/NAME or, a few, RESOURCE/PART/NAMESPACE/NAME, custom ones as
/// GROUP/RESOURCE/NAMESPACE/NAME. Custom kinds without namespaces are GROUP/RESOURCE/NAME: their group has a dot,
/// which no name of a built-in resource has.
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
