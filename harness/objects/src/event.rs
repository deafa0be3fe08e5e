//! The events of the store's log: one for each change, in order.

use std::sync::Arc;

use serde_json::Value;

use crate::object;

/// A kind of object as it is stored and served.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version. In an event, the version in which the object is stored.
    pub version: String,
    /// The resource's name in paths, such as `releases`.
    pub plural: String,
    /// The kind, such as `Release`.
    pub kind: String,
    /// True if the objects are namespaced.
    pub namespaced: bool,
}

impl Resource {
    /// Returns `group/version`, or the version alone in the core group.
    ///
    /// ```
    /// use crosscut_objects::Resource;
    ///
    /// let pods = Resource {
    ///     group: String::new(),
    ///     version: "v1".to_owned(),
    ///     plural: "pods".to_owned(),
    ///     kind: "Pod".to_owned(),
    ///     namespaced: true,
    /// };
    /// assert_eq!(pods.api_version(), "v1");
    /// ```
    #[must_use]
    pub fn api_version(&self) -> String {
        object::api_version_of(&self.group, &self.version)
    }
}

/// The kind of a change of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The object was created.
    Added,
    /// The object was replaced by a newer version.
    Modified,
    /// The object was deleted; the event has its last state.
    Deleted,
}

/// One change of the store.
#[derive(Clone, Debug)]
pub struct Event {
    /// The store's revision after the change, which is the object's resourceVersion.
    pub revision: u64,
    /// The kind of the change.
    pub change: Change,
    /// The resource of the object, in its storage version.
    pub resource: Arc<Resource>,
    /// The object after the change, or before it was deleted.
    pub object: Arc<Value>,
    /// The object before the change; `None` if it was added.
    pub previous: Option<Arc<Value>>,
}
