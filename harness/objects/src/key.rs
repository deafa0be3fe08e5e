//! The identity of an object.

use std::fmt;

use serde_json::Value;

use crate::event::{Event, Resource};
use crate::object;

/// The identity of an object, such as the object of a reconcile.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The API group; empty for the core group.
    pub group: String,
    /// The API version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The namespace; `None` for cluster-scoped objects.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// Formats the key as `Kind namespace/name`, with the group if there is one.
impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.kind)?;
        if !self.group.is_empty() {
            write!(formatter, ".{}", self.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(formatter, " {namespace}/{}", self.name),
            None => write!(formatter, " {}", self.name),
        }
    }
}

impl Key {
    /// Returns the key of an event's object, in its storage version.
    #[must_use]
    pub fn of(event: &Event) -> Key {
        Key::new(&event.resource, &event.object)
    }

    /// Returns the key of an object of a resource.
    ///
    /// ```
    /// use crosscut_objects::{Key, Resource};
    /// use serde_json::json;
    ///
    /// let widgets = Resource {
    ///     group: "example.org".to_owned(),
    ///     version: "v1".to_owned(),
    ///     plural: "widgets".to_owned(),
    ///     kind: "Widget".to_owned(),
    ///     namespaced: true,
    /// };
    /// let key = Key::new(&widgets, &json!({"metadata": {"namespace": "team", "name": "w"}}));
    /// assert_eq!(key.to_string(), "Widget.example.org team/w");
    /// ```
    #[must_use]
    pub fn new(resource: &Resource, object: &Value) -> Key {
        let namespace = object::namespace(object);
        Key {
            group: resource.group.clone(),
            version: resource.version.clone(),
            kind: resource.kind.clone(),
            namespace: resource.namespaced.then(|| namespace.to_owned()),
            name: object::name(object).to_owned(),
        }
    }

    /// Returns `group/version`, or the version alone in the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        object::api_version_of(&self.group, &self.version)
    }

    /// Returns the name of a controller and the key, as reports identify a reconcile.
    #[must_use]
    pub fn of_controller(&self, controller: &str) -> String {
        format!("{controller} {self}")
    }
}
