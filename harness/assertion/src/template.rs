//! Templates: documents whose `(expression)` strings stand for values.

use crosscut_expr::{EvaluationError, Expression, Scope};
use crosscut_yaml::{Kind, Node, Span};
use serde_json::{Map, Value};

use crate::grammar::{self, Statement};
use crate::problem::{Problem, UNSUPPORTED};

/// The document with every string that is wholly an `(expression)` replaced by its value. Keys are never replaced.
///
/// # Errors
/// Every [`Problem`]: expressions that do not parse or cannot be evaluated.
pub fn template(node: &Node, scope: &Scope) -> Result<Value, Vec<Problem>> {
    template_on(node, &Value::Null, scope)
}

/// The same with a value that the expressions are evaluated on.
///
/// # Errors
/// As [`template`].
pub fn template_on(node: &Node, current: &Value, scope: &Scope) -> Result<Value, Vec<Problem>> {
    let mut problems = Vec::new();
    let value = evaluated(node, current, scope, &mut problems);
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
    for_each_expression(node, &mut |expression, span| match expression {
        Ok(expression) => {
            let free = expression.free_variables().into_iter();
            names.extend(free.map(|name| (name, span)));
        }
        Err(problem) => problems.push(problem),
    });
    (names, problems)
}

/// Every `$name.field` of a template as name and field, and where. Expressions that do not parse have none.
#[must_use]
pub fn template_fields(node: &Node) -> Vec<(String, String, Span)> {
    let mut fields = Vec::new();
    for_each_expression(node, &mut |expression, span| {
        let named = expression.map(|expression| expression.fields());
        let named = named.unwrap_or_default().into_iter();
        fields.extend(named.map(|(name, field)| (name, field, span)));
    });
    fields
}

fn for_each_expression(node: &Node, visit: &mut dyn FnMut(Result<Expression, Problem>, Span)) {
    match &node.kind {
        Kind::Sequence(items) => items
            .iter()
            .for_each(|item| for_each_expression(item, visit)),
        Kind::Mapping(entries) => entries
            .iter()
            .for_each(|entry| for_each_expression(&entry.value, visit)),
        Kind::String(text) => match grammar::statement(text, node.span) {
            Ok(Statement::Text(_)) => {}
            Ok(Statement::Expression(expression)) => visit(Ok(expression), node.span),
            Err(problem) => visit(Err(problem), node.span),
        },
        _ => {}
    }
}

fn evaluated(node: &Node, current: &Value, scope: &Scope, problems: &mut Vec<Problem>) -> Value {
    match &node.kind {
        Kind::Sequence(items) => items
            .iter()
            .map(|item| evaluated(item, current, scope, problems))
            .collect(),
        Kind::Mapping(entries) => {
            let pairs = entries.iter().map(|entry| {
                (
                    entry.key.text.clone(),
                    evaluated(&entry.value, current, scope, problems),
                )
            });
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        Kind::String(text) => string(text, node, current, scope).unwrap_or_else(|problem| {
            problems.push(problem);
            Value::Null
        }),
        _ => node.to_value(),
    }
}

fn string(text: &str, node: &Node, current: &Value, scope: &Scope) -> Result<Value, Problem> {
    match grammar::statement(text, node.span)? {
        Statement::Text(text) => Ok(Value::String(text)),
        Statement::Expression(expression) => expression
            .evaluate(current, scope)
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
