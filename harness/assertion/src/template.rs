//! Templates: documents whose `(expression)` strings stand for values.

use crosscut_expr::Scope;
use crosscut_yaml::{Kind, Node};
use serde_json::{Map, Value};

use crate::grammar::{self, Statement};
use crate::problem::Problem;

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
            .map_err(|error| Problem::new("template::evaluation", error.to_string(), node.span)),
    }
}
