//! What tests share: temporary projects, a redactor for volatile values, a function that misbehaves, one that composes
//! with KCL, and finding reference data.
//!
//! For tests only. No product crate depends on this one.

mod kcl;
mod project;
mod redact;
mod reference;
pub mod stub;

pub use kcl::function_kcl;
pub use project::Project;
pub use redact::redact;
pub use reference::{project_root, reference_data};
