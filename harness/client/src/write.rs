//! Writes and deletions of objects.

use std::sync::Arc;

use crosscut_objects::{FieldValidation, ObjectRef};
use serde_json::Value;

/// The options of a deletion.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deletion<'a> {
    /// The propagation policy: `Foreground`, `Background` or `Orphan`. Empty for the kind's default.
    pub propagation: &'a str,
    /// The UID of the object. An object with the same name and another UID is not deleted.
    pub uid: Option<&'a str>,
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
    /// The body is a strategic merge patch of Kubernetes, which only kinds with Go types support.
    StrategicMergePatch,
    /// The body is applied by server-side apply.
    Apply {
        /// True to take over the fields of other managers, which otherwise are a conflict.
        force: bool,
    },
}

/// A request that writes one object.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// The object.
    pub address: ObjectRef<'a>,
    /// The subresource to write, such as `status`; empty for the object itself.
    pub subresource: &'a str,
    /// The kind of the write.
    pub change: Change,
    /// The body: the object, the patch or the operations.
    pub body: &'a Value,
    /// The field manager; `None` for the client's own.
    pub manager: Option<&'a str>,
    /// The treatment of fields that the kind's schema does not know.
    pub validation: FieldValidation,
}

/// The result of a write.
#[derive(Clone, Debug)]
pub struct Written {
    /// The object after the write.
    pub object: Arc<Value>,
    /// The API server's warnings, in order.
    pub warnings: Vec<String>,
}
