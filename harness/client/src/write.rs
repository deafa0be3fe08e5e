//! Writes and deletions of objects.

use std::sync::Arc;

use crosscut_objects::ObjectRef;
use serde_json::Value;

/// The way in which an object is deleted.
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

/// The way in which an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The body is a new object.
    Create,
    /// The body is a JSON merge patch (RFC 7386).
    MergePatch,
    /// The body is a JSON patch (RFC 6902).
    JsonPatch,
    /// The body is a strategic merge patch of Kubernetes, which only kinds with Go types have.
    StrategicMergePatch,
    /// The body is applied on the server.
    Apply {
        /// Takes fields over that others own; otherwise they are a conflict.
        force: bool,
    },
}

/// A request that writes one object.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// The object.
    pub address: ObjectRef<'a>,
    /// The subresource that is written in its place, such as `status`; empty for none.
    pub subresource: &'a str,
    /// The way in which it is written.
    pub change: Change,
    /// The object, the patch or the operations.
    pub body: &'a Value,
    /// The name under which fields are owned; `None` for the client's own.
    pub manager: Option<&'a str>,
    /// What becomes of fields that the kind's schema does not know.
    pub validation: Validation,
}

/// What a write came to.
#[derive(Clone, Debug)]
pub struct Written {
    /// The object as it is now.
    pub object: Arc<Value>,
    /// The warnings that the API server sent with it, in order.
    pub warnings: Vec<String>,
}
