//! Merging Kubernetes objects: JSON merge patch, JSON patch, and server-side apply with managed fields.
//!
//! Server-side apply follows structured-merge-diff as kube-apiserver 1.34 stacks it: a [`Type`] says
//! which maps and lists merge and which are atomic, [`apply`] and [`update`] give the merged object together
//! with its `metadata.managedFields`. Nothing here knows of requests, of storage, or of a clock; what a
//! schema allows is `crosscut-schema`'s business.

mod apply;
mod compare;
mod conflict;
mod element;
mod error;
mod extract;
mod field_set;
mod fields;
pub mod go_text;
mod json_patch;
mod last_applied;
mod literal;
mod managed;
mod manager;
mod merge;
mod merge_patch;
mod object_meta;
mod openapi;
mod prune;
mod reconcile;
mod types;
mod update;
mod validate;

pub use apply::apply;
pub use conflict::Conflict;
pub use error::{ApplyError, PatchError};
pub use extract::owned_fields;
pub use json_patch::json_patch;
pub use manager::{Operation, Writer};
pub use merge_patch::merge_patch;
pub use types::Type;
pub use update::update;
