//! The interface to the CEL evaluator: the compiled rules of one node, and their evaluation.
//!
//! The evaluator is kube-cel. It has no type checker and no cost budget, and lacks some functions and macros of
//! kube-apiserver. A rule that it cannot evaluate, or perhaps not within bounds, is [unevaluated](Unevaluated): the
//! rule rejects no object, and the caller gets the rule with the reason.

mod bound;
mod lacking;
mod query;
mod run;
mod shape;

use std::fmt;

use kube_cel::cel::ExecutionError;
use kube_cel::{CompiledSchema, ErrorKind, ValidationError, compile_schema, validate_compiled};
use serde_json::{Map, Value, json};

use crate::field_error::{FieldError, FieldErrorKind};
use crate::structural::Validation;
use bound::Size;
pub use query::{Query, query};
use shape::Unfit;

/// The field that holds a node's rules.
pub(crate) const RULES: &str = "x-kubernetes-validations";

/// A rule that was not evaluated, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unevaluated {
    /// The rule as the definition has it.
    pub rule: String,
    /// The reason why it cannot be evaluated, as a sentence: `it uses dyn()`.
    pub reason: String,
}

impl fmt::Display for Unevaluated {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short: String = self.rule.chars().take(SHOWN).collect();
        let more = if short.len() < self.rule.len() {
            "…"
        } else {
            ""
        };
        write!(
            to,
            "an evaluator for the CEL rule {short:?}{more} ({})",
            self.reason
        )
    }
}

/// The reason of a rule that may not end, or may need too much memory.
const UNBOUNDED: &str = "it may take more steps or memory than the evaluator is allowed to";

/// The number of characters of a rule that are displayed.
const SHOWN: usize = 120;

/// The rules of one node.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The types, with all rules that can be evaluated.
    compiled: CompiledSchema,
    /// The schema of the types, to compile single rules.
    types: Value,
    /// The rules that can be evaluated, in the order of `compiled`.
    fit: Vec<Fit>,
    /// The other rules, each with true if it applies only to changes.
    unfit: Vec<(Unevaluated, bool)>,
}

/// A rule that can be evaluated.
#[derive(Debug)]
struct Fit {
    source: Value,
    /// The nesting depth of its expressions.
    depth: usize,
}

impl Rules {
    /// Compiles the rules at the top of a schema. Returns `None` if there are none.
    ///
    /// # Errors
    /// Returns the reasons why kube-apiserver rejects the definition, with its messages as far as they are known.
    pub(crate) fn compile(schema: &Value) -> Result<Option<Rules>, Vec<String>> {
        let rules = schema[RULES].as_array().map_or(&[][..], Vec::as_slice);
        if rules.is_empty() {
            return Ok(None);
        }
        let types = bare(schema);
        let mut all = Rules {
            compiled: compile_schema(&types),
            types,
            fit: Vec::new(),
            unfit: Vec::new(),
        };
        let mut refused = Vec::new();
        for rule in rules {
            match compiled(rule) {
                Ok((alone, depth)) => {
                    all.compiled.validations.extend(alone.validations);
                    let source = rule.clone();
                    all.fit.push(Fit { source, depth });
                }
                Err(Unfit::Refused(reason)) => refused.push(reason),
                Err(Unfit::Unevaluated(reason)) => {
                    all.unfit.push((of(rule, reason), is_about_changes(rule)));
                }
            }
        }
        if refused.is_empty() {
            Ok(Some(all))
        } else {
            Err(refused)
        }
    }

    /// Evaluates the rules with a value at `path`, and adds the errors. Rules about changes need `old`.
    pub(crate) fn check(
        &self,
        value: &Value,
        old: Option<&Value>,
        path: &str,
        found: &mut Validation,
    ) {
        let applies = |(_, changes): &&(Unevaluated, bool)| old.is_some() || !changes;
        let unfit = self.unfit.iter().filter(applies);
        found
            .unevaluated
            .extend(unfit.map(|(rule, _)| rule.clone()));
        let size = old.map_or(Size::default(), Size::of).or(Size::of(value));
        let bounded = self
            .compiled
            .validations
            .iter()
            .map(|rule| is_bounded(rule, size));
        let bounded: Vec<bool> = bounded.collect();
        if bounded.iter().all(|bounded| *bounded) {
            let depth = self.fit.iter().map(|rule| rule.depth).max().unwrap_or(0);
            evaluate(&self.compiled, depth, value, old, path, found);
            return;
        }
        for (rule, bounded) in self.fit.iter().zip(bounded) {
            if bounded {
                self.check_alone(rule, value, old, path, found);
            } else {
                found
                    .unevaluated
                    .push(of(&rule.source, UNBOUNDED.to_owned()));
            }
        }
    }

    /// Evaluates one rule separately.
    fn check_alone(
        &self,
        rule: &Fit,
        value: &Value,
        old: Option<&Value>,
        path: &str,
        found: &mut Validation,
    ) {
        let mut schema = self.types.clone();
        schema[RULES] = json!([rule.source]);
        let compiled = run::on_stack(rule.depth, || compile_schema(&schema));
        match compiled {
            Some(compiled) => evaluate(&compiled, rule.depth, value, old, path, found),
            None => found
                .unevaluated
                .push(of(&rule.source, run::BROKE.to_owned())),
        }
    }
}

/// Adds each rule of a schema that cannot be evaluated with any value once.
pub(crate) fn unevaluated(schema: &Value, found: &mut Vec<Unevaluated>) {
    for rule in schema[RULES].as_array().into_iter().flatten() {
        if let Err(Unfit::Unevaluated(reason)) = compiled(rule) {
            let rule = of(rule, reason);
            if !found.contains(&rule) {
                found.push(rule);
            }
        }
    }
    let properties = schema["properties"].as_object().into_iter().flatten();
    let properties = properties.map(|(_, schema)| schema);
    let others = [&schema["additionalProperties"], &schema["items"]];
    for below in properties.chain(others).filter(|below| below.is_object()) {
        unevaluated(below, found);
    }
}

/// Returns true if a rule applies only when there is an old value. The rule need not be valid.
fn is_about_changes(rule: &Value) -> bool {
    let text = rule["rule"].as_str().unwrap_or_default();
    text.contains("oldSelf") && rule["optionalOldSelf"] != Value::Bool(true)
}

fn of(rule: &Value, reason: String) -> Unevaluated {
    let rule = rule["rule"].as_str().unwrap_or_default().to_owned();
    Unevaluated { rule, reason }
}

/// Compiles one rule without types. Returns its nesting depth too.
fn compiled(rule: &Value) -> Result<(CompiledSchema, usize), Unfit> {
    if rule["optionalOldSelf"] == Value::Bool(true) {
        // kube-cel passes the old value itself to such rules, not an optional.
        return Err(Unfit::Unevaluated("it uses optionalOldSelf".to_owned()));
    }
    let texts = [&rule["rule"], &rule["messageExpression"]];
    let mut weight = 0;
    for text in texts.into_iter().filter_map(Value::as_str) {
        weight = weight.max(shape::check(text)?);
    }
    let schema = json!({ RULES: [rule] });
    let compiled = run::on_stack(weight, || {
        let compiled = compile_schema(&schema);
        let depth = depth(&compiled);
        (compiled, depth)
    });
    let Some((compiled, depth)) = compiled else {
        return Err(Unfit::Unevaluated(run::BROKE.to_owned()));
    };
    Ok((compiled, depth?))
}

/// Returns the nesting depth of the rules.
fn depth(compiled: &CompiledSchema) -> Result<usize, Unfit> {
    let mut deepest = 0;
    for rule in &compiled.validations {
        let rule = match rule {
            Ok(rule) => rule,
            Err(error) => return Err(parse_failure(&error.to_string())),
        };
        let programs = [Some(&rule.program), rule.message_program.as_ref()];
        for program in programs.into_iter().flatten() {
            let depth = lacking::check(program.expression()).map_err(Unfit::Unevaluated)?;
            deepest = deepest.max(depth);
        }
    }
    Ok(deepest)
}

/// Returns the reason why kube-cel cannot parse a text: it lacks a part of the grammar, or the text is invalid.
fn parse_failure(message: &str) -> Unfit {
    if message.contains("unsupported syntax '") {
        Unfit::Unevaluated("it uses optional fields or elements".to_owned())
    } else if message.contains("Recursion limit") {
        Unfit::Unevaluated("it is nested deeper than the evaluator's parser goes".to_owned())
    } else {
        Unfit::Refused(message.to_owned())
    }
}

fn is_bounded<E>(rule: &Result<kube_cel::CompilationResult, E>, size: Size) -> bool {
    let Ok(rule) = rule else { return false };
    let programs = [Some(&rule.program), rule.message_program.as_ref()];
    let mut programs = programs.into_iter().flatten();
    programs.all(|program| bound::is_bounded(program.expression(), size))
}

/// Evaluates all rules of a compiled schema. All of them must be bounded.
fn evaluate(
    compiled: &CompiledSchema,
    depth: usize,
    value: &Value,
    old: Option<&Value>,
    path: &str,
    found: &mut Validation,
) {
    let Some(outcome) = run::on_stack(depth, || validate_compiled(compiled, value, old)) else {
        let rules = compiled.validations.iter().flatten();
        let broken = rules.map(|rule| Unevaluated {
            rule: rule.rule.rule.clone(),
            reason: run::BROKE.to_owned(),
        });
        found.unevaluated.extend(broken);
        return;
    };
    for error in outcome.err().into_iter().flatten() {
        match gap_of(&error) {
            None => found.errors.push(field_error(&error, value, path)),
            Some(reason) => found.unevaluated.push(Unevaluated {
                rule: error.rule,
                reason,
            }),
        }
    }
}

/// Returns the gap of the evaluator that caused an error, or `None` if kube-apiserver's CEL could have the same error.
/// Wrong types are a gap, because kube-apiserver checks types when the definition is created.
fn gap_of(error: &ValidationError) -> Option<String> {
    match error.kind {
        ErrorKind::ValidationFailure | ErrorKind::InvalidResult => return None,
        _ => {}
    }
    let cause = std::error::Error::source(error);
    match cause.and_then(|cause| cause.downcast_ref::<ExecutionError>()) {
        Some(
            ExecutionError::NoSuchKey(_)
            | ExecutionError::DivisionByZero(_)
            | ExecutionError::RemainderByZero(_)
            | ExecutionError::Overflow(..)
            | ExecutionError::IndexOutOfBounds(_),
        ) => None,
        Some(ExecutionError::FunctionError { message, .. })
            if !message.contains("not supported") =>
        {
            None
        }
        Some(other) => Some(gap(other)),
        None => Some("the evaluator does not get that far".to_owned()),
    }
}

/// Returns the reason why the evaluator fails, without the values, because they may be secret.
fn gap(error: &ExecutionError) -> String {
    match error {
        ExecutionError::UndeclaredReference(name) => format!("it refers to {name}"),
        _ => "a value is of a type that an operator or a function here does not take".to_owned(),
    }
}

/// Returns a schema without its rules, its defaults and its logic, with only the types for CEL.
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

/// Returns the error as kube-apiserver reports it, with the type of the value in place of the value.
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

/// Returns the evaluator's reason in the words of cel-go.
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

/// Returns a path relative to the node, with a dot before it.
fn within(path: &str) -> String {
    if path.is_empty() || path.starts_with(['.', '[']) {
        path.to_owned()
    } else {
        format!(".{path}")
    }
}

/// Returns the OpenAPI type of a value, which replaces the value in messages about rules.
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
