//! The compiled schema that the API server works with.

use serde_json::Value;

use crate::build::build;
use crate::cel::Unevaluated;
use crate::field_error::FieldError;
use crate::node::Node;
use crate::{default, prune, structure, validate};

/// One compiled `openAPIV3Schema`.
#[derive(Debug)]
pub struct Structural {
    root: Node,
}

/// What a validation found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Validation {
    /// The mistakes; the object is valid when there are none.
    pub errors: Vec<FieldError>,
    /// What the server should warn of.
    pub warnings: Vec<String>,
    /// The CEL rules that were not judged: without them the object is neither valid nor invalid.
    pub unevaluated: Vec<Unevaluated>,
}

impl Structural {
    /// Compiles the schema of a version.
    ///
    /// # Errors
    /// All that keeps it from being structural, with fields below `spec.validation.openAPIV3Schema`. A CEL rule that
    /// only the evaluator here does not support is none of it: see [`crate::crd::unevaluated`].
    pub fn compile(schema: &Value) -> Result<Structural, Vec<FieldError>> {
        let errors = structure::check(schema, structure::SHARED_SCHEMA);
        if errors.is_empty() {
            Ok(Structural {
                root: build(schema),
            })
        } else {
            Err(errors)
        }
    }

    /// Removes the fields that the schema does not know; gives their paths, as `spec.x`, sorted.
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        prune::prune(&self.root, object)
    }

    /// Drops nulls where none is allowed and fills in defaults.
    pub fn default(&self, object: &mut Value) {
        default::default(&self.root, object, true);
    }

    /// Validates an object that has been pruned and defaulted. With `old`, what was there before and has
    /// not changed is not held against it (ratcheting), and rules may compare the two.
    pub fn validate(&self, object: &Value, old: Option<&Value>) -> Validation {
        validate::validate(&self.root, object, old)
    }
}
