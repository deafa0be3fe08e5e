//! Structural schemas: what a CustomResourceDefinition's `openAPIV3Schema` does to an object.
//!
//! A compiled [`Structural`] prunes unknown fields, fills in defaults and validates, with the texts of
//! kube-apiserver 1.34; [`crd`] holds the rules for definitions themselves. CEL rules are evaluated by
//! kube-cel behind the seam in `cel`; those that it cannot evaluate are [named](Validation::unevaluated). Requests, storage and merging are not known here.

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
