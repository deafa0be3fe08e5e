//! Documents: Suite, Provider and Scenario; reading, checking and planning them.
//!
//! [`load`] reads a project and answers a [`Plan`] of trials, or a [`Report`] with every mistake of
//! every document. [`model`] is what everything downstream works with; nothing downstream reads
//! documents again. The reference of the document types, for users, is `docs/scenarios.md`.
//!
//! Reads files through [`Files`]; no environment, no clock, no printing.

mod crossplane;
mod diagnostic;
mod files;
mod lint;
mod load;
pub mod model;
mod nearest;
mod offered;
mod plan;
mod read;
mod relative;
mod variables;

pub use crossplane::uses_crossplane;
pub use diagnostic::{Diagnostic, Report};
pub use files::{Disk, Files, Unread, Walk};
pub use load::{load, load_from};
pub use model::Trial;
pub use nearest::{distance, is_near};
pub use plan::{Plan, Selection};
pub use read::parse_duration;
pub use relative::relative;

/// The apiVersion of every document.
pub const API_VERSION: &str = "crosscut.dev/v1alpha1";
