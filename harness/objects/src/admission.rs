//! The seam for admission: checks that run in process before a write is stored.
//!
//! It stands in for validating webhooks; mutating ones are not supported.

use std::sync::Arc;

use serde_json::Value;

use crate::event::Resource;
use crate::lack::Lack;

/// What a write does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The object is new.
    Create,
    /// The object replaces an older one, by an update, a patch or an apply.
    Update,
    /// The object is to be deleted.
    Delete,
}

/// A write that asks to be let in.
pub struct Review<'a> {
    /// What the write does.
    pub operation: Operation,
    /// The object's kind.
    pub resource: &'a Resource,
    /// The subresource that is written, such as `status`.
    pub subresource: Option<&'a str>,
    /// The propagation policy that a deletion asks for, such as `Foreground`.
    pub propagation: Option<&'a str>,
    /// The object as it would be; `None` for a deletion.
    pub object: Option<&'a Value>,
    /// The object as it is; `None` for a creation.
    pub old: Option<&'a Value>,
    /// The rest of the store, as it is before the write.
    pub store: &'a dyn Read,
}

/// Reads the store while a write waits.
pub trait Read {
    /// One object, in its storage version.
    fn get(
        &self,
        group: &str,
        plural: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Option<Arc<Value>>;
    /// All objects of a kind, of one namespace or of all, by namespace and name.
    fn list(&self, group: &str, plural: &str, namespace: Option<&str>) -> Vec<Arc<Value>>;
}

/// The reason why a write is refused, as the API server's Status says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP code.
    pub code: u16,
    /// The Status's reason, such as `Forbidden`; may be empty.
    pub reason: &'static str,
    /// The Status's message.
    pub message: String,
    /// The change that the program writes into the object when its check refuses the write.
    pub patch: Option<Patch>,
}

/// A JSON merge patch (RFC 7386) of the object that a write is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// The field manager.
    pub manager: &'static str,
    /// The patch.
    pub merge: Value,
}

/// A check of writes. It must answer at once: the store waits.
pub trait Admission: Send + Sync {
    /// Lets the write in or refuses it.
    ///
    /// # Errors
    /// [`Refusal`], which becomes the answer to the client.
    fn review(&self, review: &Review<'_>) -> Result<(), Refusal>;

    /// Returns the lack that a kind is which is not served here, if the program for which this check stands would
    /// define the kind.
    fn lack(&self, _api_version: &str, _kind: &str, _store: &dyn Read) -> Option<Lack> {
        None
    }
}
