//! Structural schemas: a CustomResourceDefinition's `openAPIV3Schema`, applied to objects.
//!
//! A compiled [`Structural`] prunes unknown fields, sets defaults and validates, with the texts of kube-apiserver 1.34.
//! [`crd`] has the rules of definitions. kube-cel evaluates CEL rules behind the interface in `cel`; rules that it
//! cannot evaluate are [listed](Validation::unevaluated). Requests, storage and merging are in other crates.

mod build;
mod cel;
pub mod crd;
mod default;
mod field_error;
mod format;
mod node;
mod prune;
mod structural;
mod structure;
mod validate;

pub use cel::{Query, Unevaluated, query};
pub use field_error::{FieldError, FieldErrorKind};
pub use structural::{Structural, Validation};
