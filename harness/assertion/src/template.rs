//! Templates: documents whose `(expression)` strings stand for values.

use crosscut_expr::{EvaluationError, Scope};
use crosscut_yaml::{Kind, Node, Span};
use serde_json::{Map, Value};

use crate::grammar::{self, Statement};
use crate::problem::{Problem, UNSUPPORTED};

/// The document with every string that is wholly an `(expression)` replaced by its value. Keys are never replaced.
///
/// # Errors
/// Every [`Problem`]: expressions that do not parse or cannot be evaluated.
pub fn template(node: &Node, scope: &Scope) -> Result<Value, Vec<Problem>> {
    let mut problems = Vec::new();
    let value = evaluated(node, scope, &mut problems);
    if problems.is_empty() {
        Ok(value)
    } else {
        Err(problems)
    }
}

/// The names that a template takes from its surroundings and where, without evaluating it; and every [`Problem`] of
/// expressions that do not parse.
#[must_use]
pub fn template_variables(node: &Node) -> (Vec<(String, Span)>, Vec<Problem>) {
    let (mut names, mut problems) = (Vec::new(), Vec::new());
    variables(node, &mut names, &mut problems);
    (names, problems)
}

fn variables(node: &Node, names: &mut Vec<(String, Span)>, problems: &mut Vec<Problem>) {
    match &node.kind {
        Kind::Sequence(items) => items
            .iter()
            .for_each(|item| variables(item, names, problems)),
        Kind::Mapping(entries) => entries
            .iter()
            .for_each(|entry| variables(&entry.value, names, problems)),
        Kind::String(text) => match grammar::statement(text, node.span) {
            Ok(Statement::Text(_)) => {}
            Ok(Statement::Expression(expression)) => {
                let free = expression.free_variables().into_iter();
                names.extend(free.map(|name| (name, node.span)));
            }
            Err(problem) => problems.push(problem),
        },
        _ => {}
    }
}

fn evaluated(node: &Node, scope: &Scope, problems: &mut Vec<Problem>) -> Value {
    match &node.kind {
        Kind::Sequence(items) => items
            .iter()
            .map(|item| evaluated(item, scope, problems))
            .collect(),
        Kind::Mapping(entries) => {
            let pairs = entries.iter().map(|entry| {
                (
                    entry.key.text.clone(),
                    evaluated(&entry.value, scope, problems),
                )
            });
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        Kind::String(text) => string(text, node, scope).unwrap_or_else(|problem| {
            problems.push(problem);
            Value::Null
        }),
        _ => node.to_value(),
    }
}

fn string(text: &str, node: &Node, scope: &Scope) -> Result<Value, Problem> {
    match grammar::statement(text, node.span)? {
        Statement::Text(text) => Ok(Value::String(text)),
        Statement::Expression(expression) => expression
            .evaluate(&Value::Null, scope)
            .map_err(|error| unevaluated(&error, node.span)),
    }
}

fn unevaluated(error: &EvaluationError, span: Span) -> Problem {
    let code = match error {
        EvaluationError::Unsupported(_) => UNSUPPORTED,
        _ => "template::evaluation",
    };
    Problem::new(code, error.to_string(), span)
}
