//! Shared code of tests: temporary projects, a redactor for volatile values, a function that misbehaves, one that
//! composes with KCL, a lock for fixed ports, and the search for reference data.
//!
//! For tests only. No product crate depends on this one.

mod alone;
mod in_process;
mod kcl;
mod project;
mod redact;
mod reference;
pub mod stub;

pub use alone::alone_with_fixed_ports;
pub use in_process::in_process;
pub use kcl::function_kcl;
pub use project::Project;
pub use redact::redact;
pub use reference::{REFERENCE, project_root, reference_data};
