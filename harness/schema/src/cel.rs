//! The seam to the CEL evaluator: the rules of one node, compiled, and what they say of a value.
//!
//! kube-cel evaluates. It has no type checker and lacks some macros; a rule that it cannot compile makes
//! the definition refused, so that no rule is ever skipped in silence.

use kube_cel::{CompiledSchema, ErrorKind, ValidationError, compile_schema, validate_compiled};
use serde_json::{Map, Value};

use crate::field_error::{FieldError, FieldErrorKind};

/// The field that holds a node's rules.
pub(crate) const RULES: &str = "x-kubernetes-validations";

/// The rules of one node.
#[derive(Debug)]
pub(crate) struct Rules(CompiledSchema);

impl Rules {
    /// Compiles the rules that a schema has at its top; nothing where it has none.
    pub(crate) fn compile(schema: &Value) -> Result<Option<Rules>, Vec<String>> {
        let Some(rules) = schema
            .get(RULES)
            .filter(|rules| rules.as_array().is_some_and(|list| !list.is_empty()))
        else {
            return Ok(None);
        };
        let mut alone = bare(schema);
        if let Some(alone) = alone.as_object_mut() {
            alone.insert(RULES.to_owned(), rules.clone());
        }
        let compiled = compile_schema(&alone);
        let errors = compiled.compilation_errors();
        if !errors.is_empty() {
            return Err(errors.iter().map(ToString::to_string).collect());
        }
        Ok(Some(Rules(compiled)))
    }

    /// What the rules say against a value at `path`; rules about changes need `old`.
    pub(crate) fn check(&self, value: &Value, old: Option<&Value>, path: &str) -> Vec<FieldError> {
        match validate_compiled(&self.0, value, old) {
            Ok(()) => Vec::new(),
            Err(errors) => errors
                .into_vec()
                .into_iter()
                .map(|error| field_error(&error, value, path))
                .collect(),
        }
    }
}

/// A schema without its rules, its defaults and its logic: what is left is the types that CEL needs.
fn bare(schema: &Value) -> Value {
    let Value::Object(map) = schema else {
        return schema.clone();
    };
    let dropped = [
        RULES,
        "default",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "description",
    ];
    let kept = map
        .iter()
        .filter(|(name, _)| !dropped.contains(&name.as_str()));
    let below = |name: &str, value: &Value| match (name, value) {
        ("properties", Value::Object(properties)) => {
            let properties = properties
                .iter()
                .map(|(name, schema)| (name.clone(), bare(schema)));
            Value::Object(properties.collect::<Map<_, _>>())
        }
        ("items" | "additionalProperties", schema) => bare(schema),
        (_, value) => value.clone(),
    };
    kept.map(|(name, value)| (name.clone(), below(name, value)))
        .collect()
}

/// The error as kube-apiserver reports it: with the kind of the value in its place.
fn field_error(error: &ValidationError, value: &Value, path: &str) -> FieldError {
    let field = format!("{path}{}", within(&error.field_path));
    let kind = match error.reason.as_deref() {
        Some("FieldValueForbidden") => FieldErrorKind::Forbidden,
        Some("FieldValueRequired") => FieldErrorKind::Required,
        Some("FieldValueDuplicate") => FieldErrorKind::Duplicate,
        _ => FieldErrorKind::Invalid,
    };
    let detail = match error.kind {
        ErrorKind::ValidationFailure => error.message.clone(),
        _ => format!("{} evaluating rule: {}", reason(&error.message), error.rule),
    };
    FieldError::new(kind, field, sort_of(value), detail)
}

/// The evaluator's reason in cel-go's words, where the two differ.
fn reason(message: &str) -> String {
    let key = ["No such key: ", "no such key: "]
        .iter()
        .find_map(|start| message.split_once(start))
        .map(|(_, key)| key.trim_end_matches(['.', '\'', '"']));
    match key {
        Some(key) => format!("no such key: {key}"),
        None => message.to_owned(),
    }
}

/// A path relative to the node, with the dot that joins it.
fn within(path: &str) -> String {
    if path.is_empty() || path.starts_with(['.', '[']) {
        path.to_owned()
    } else {
        format!(".{path}")
    }
}

/// The OpenAPI type of a value, which stands for the value in messages about rules.
fn sort_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
