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
    ///
    /// ```
    /// use crosscut_schema::Structural;
    /// use serde_json::json;
    ///
    /// let schema = json!({"type": "object", "properties": {"size": {"type": "integer"}}});
    /// assert!(Structural::compile(&schema).is_ok());
    /// ```
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
    ///
    /// ```
    /// use crosscut_schema::Structural;
    /// use serde_json::json;
    ///
    /// let schema = json!({"type": "object", "properties": {"size": {"type": "integer"}}});
    /// let schema = Structural::compile(&schema).unwrap();
    /// let mut object = json!({"size": 3, "colour": "blue"});
    /// assert_eq!(schema.prune(&mut object), ["colour"]);
    /// assert_eq!(object, json!({"size": 3}));
    /// ```
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        prune::prune(&self.root, object)
    }

    /// Drops nulls where none is allowed and fills in defaults.
    ///
    /// ```
    /// use crosscut_schema::Structural;
    /// use serde_json::json;
    ///
    /// let schema = json!({"type": "object", "properties": {"size": {"type": "integer", "default": 3}}});
    /// let schema = Structural::compile(&schema).unwrap();
    /// let mut object = json!({});
    /// schema.default(&mut object);
    /// assert_eq!(object, json!({"size": 3}));
    /// ```
    pub fn default(&self, object: &mut Value) {
        default::default(&self.root, object, true);
    }

    /// Validates an object that has been pruned and defaulted. With `old`, what was there before and has
    /// not changed is not held against it (ratcheting), and rules may compare the two.
    ///
    /// ```
    /// use crosscut_schema::Structural;
    /// use serde_json::json;
    ///
    /// let schema = json!({"type": "object", "properties": {"size": {"type": "integer", "maximum": 5}}});
    /// let schema = Structural::compile(&schema).unwrap();
    /// let errors = schema.validate(&json!({"size": 6}), None).errors;
    /// assert_eq!(errors[0].to_string(), "size: Invalid value: 6: size in body should be less than or equal to 5");
    /// ```
    pub fn validate(&self, object: &Value, old: Option<&Value>) -> Validation {
        validate::validate(&self.root, object, old)
    }
}
