//! Which object a request is about, and how it is written or deleted.

use serde_json::Value;

use crate::object;

/// Where an object is.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    /// The apiVersion.
    pub api_version: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// Empty for none; ignored for cluster-scoped kinds.
    pub namespace: &'a str,
    /// The name; empty for all objects of the kind.
    pub name: &'a str,
}

impl<'a> Address<'a> {
    /// The address of the object that a manifest describes.
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

/// How an object is deleted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deletion<'a> {
    /// `Foreground`, `Background` or `Orphan`; empty for the kind's default.
    pub propagation: &'a str,
    /// Deletes only the object with this UID.
    pub uid: Option<&'a str>,
}

/// What becomes of fields that the kind's schema does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// The write is refused.
    Strict,
    /// They are dropped, with a warning; what API servers do unless told.
    #[default]
    Warn,
    /// They are dropped.
    Ignore,
}
