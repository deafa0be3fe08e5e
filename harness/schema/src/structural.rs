//! The compiled schema of a version.

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

/// The result of a validation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Validation {
    /// The errors. A valid object has none.
    pub errors: Vec<FieldError>,
    /// The warnings for the client.
    pub warnings: Vec<String>,
    /// The CEL rules that were not evaluated. If there are any, an object without errors may still be invalid.
    pub unevaluated: Vec<Unevaluated>,
}

impl Structural {
    /// Compiles the schema of a version.
    ///
    /// # Errors
    /// Returns the reasons why the schema is not structural, with fields below `spec.validation.openAPIV3Schema`. A CEL
    /// rule that only this evaluator lacks is no error: see [`crate::crd::unevaluated`].
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

    /// Removes the fields that the schema does not declare. Returns their paths, as `spec.x`, sorted.
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

    /// Drops nulls that are not allowed, and sets defaults.
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

    /// Validates a pruned and defaulted object. With `old`, values that have not changed are not validated again
    /// (ratcheting), and rules may compare the object with `old`.
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
