//! The place of an object on a cluster.

use serde_json::Value;

use crate::object;

/// The place of an object.
#[derive(Clone, Copy, Debug)]
pub struct ObjectRef<'a> {
    /// The apiVersion.
    pub api_version: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// Empty for none; ignored for cluster-scoped kinds.
    pub namespace: &'a str,
    /// The name; empty for all objects of the kind.
    pub name: &'a str,
}

impl<'a> ObjectRef<'a> {
    /// The address of the object that a manifest describes.
    ///
    /// ```
    /// use crosscut_objects::ObjectRef;
    /// use serde_json::json;
    ///
    /// let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "team", "name": "colours"}});
    /// let address = ObjectRef::of(&map);
    /// assert_eq!((address.kind, address.namespace, address.name), ("ConfigMap", "team", "colours"));
    /// ```
    #[must_use]
    pub fn of(object: &'a Value) -> Self {
        Self {
            api_version: object::api_version(object),
            kind: object::kind(object),
            namespace: object::namespace(object),
            name: object::name(object),
        }
    }

    /// The address of a cluster-scoped object.
    #[must_use]
    pub fn cluster(api_version: &'a str, kind: &'a str, name: &'a str) -> Self {
        Self {
            api_version,
            kind,
            namespace: "",
            name,
        }
    }
}
