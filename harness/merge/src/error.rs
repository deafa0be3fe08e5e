//! What can be wrong with a patch or an applied configuration.

use crate::conflict::{Conflict, summary};

/// A JSON patch could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// The patch is no list of operations (kube-apiserver: 400).
    #[error("{0}")]
    Malformed(String),
    /// An operation does not fit the object, or a `test` failed (kube-apiserver: 422).
    #[error("{0}")]
    DoesNotApply(String),
}

/// A configuration could not be applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// Other managers own fields that the configuration changes (kube-apiserver: 409).
    #[error("{}", summary(.0))]
    Conflicts(Vec<Conflict>),
    /// The configuration, or the live object, does not have the type (kube-apiserver: 500):
    /// `failed to create typed patch object (…): .spec.x: field not declared in schema`.
    #[error("{0}")]
    Invalid(String),
}
