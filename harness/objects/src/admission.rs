//! The interface for admission: checks that run in process before a write is stored.
//!
//! An admission check replaces a validating webhook. Mutating webhooks are not supported.

use std::sync::Arc;

use serde_json::Value;

use crate::event::Resource;
use crate::lack::Lack;

/// The kind of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The object is new.
    Create,
    /// The object replaces an older one, by an update, a patch or an apply.
    Update,
    /// The object is to be deleted.
    Delete,
}

/// A write to check.
pub struct Review<'a> {
    /// The kind of the write.
    pub operation: Operation,
    /// The resource of the object.
    pub resource: &'a Resource,
    /// The subresource that is written, such as `status`.
    pub subresource: Option<&'a str>,
    /// The propagation policy of a deletion, such as `Foreground`.
    pub propagation: Option<&'a str>,
    /// The object after the write; `None` for a deletion.
    pub object: Option<&'a Value>,
    /// The object before the write; `None` for a creation.
    pub old: Option<&'a Value>,
    /// The store before the write.
    pub store: &'a dyn Read,
}

/// A reader of the store, for use during a write.
pub trait Read {
    /// Returns one object, in its storage version.
    fn get(
        &self,
        group: &str,
        plural: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Option<Arc<Value>>;
    /// Returns all objects of a kind, in one namespace or in all, sorted by namespace and name.
    fn list(&self, group: &str, plural: &str, namespace: Option<&str>) -> Vec<Arc<Value>>;
}

/// The refusal of a write, as in the API server's Status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP code.
    pub code: u16,
    /// The Status's reason, such as `Forbidden`; may be empty.
    pub reason: &'static str,
    /// The Status's message.
    pub message: String,
    /// The change that the check writes to the object when it refuses the write.
    pub patch: Option<Patch>,
}

/// A JSON merge patch (RFC 7386) of the object of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// The field manager.
    pub manager: &'static str,
    /// The patch.
    pub merge: Value,
}

/// A check of writes. It must return at once, because it holds up the store.
pub trait Admission: Send + Sync {
    /// Accepts or refuses the write.
    ///
    /// # Errors
    /// Returns a [`Refusal`], which becomes the response to the client.
    fn review(&self, review: &Review<'_>) -> Result<(), Refusal>;

    /// Returns the lack of a kind that is not served, if the program that this check replaces would define the kind.
    fn lack(&self, _api_version: &str, _kind: &str, _store: &dyn Read) -> Option<Lack> {
        None
    }
}
