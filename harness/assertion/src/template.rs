//! Templates: documents in which the strings `(expression)` are replaced by values.

use crosscut_expr::{Budget, EvaluationError, Expression, Scope};
use crosscut_yaml::{Kind, Node, Span};
use serde_json::{Map, Value};

use crate::grammar::{self, Statement};
use crate::problem::{Problem, UNSUPPORTED};

/// Returns the document with each string that is an `(expression)` replaced by its value. Keys are never replaced.
///
/// # Errors
/// Returns every [`Problem`]: expressions that do not parse or cannot be evaluated.
///
/// ```
/// use crosscut_assertion::template;
/// use crosscut_expr::Scope;
/// use crosscut_yaml::{Limits, parse};
/// use serde_json::json;
///
/// let node = parse("metadata: {name: ($prefix)}", &Limits::default()).unwrap().remove(0);
/// let scope = Scope::new().bind("prefix", json!("team"));
/// assert_eq!(template(&node, &scope).unwrap(), json!({"metadata": {"name": "team"}}));
/// ```
pub fn template(node: &Node, scope: &Scope) -> Result<Value, Vec<Problem>> {
    template_on(node, &Value::Null, scope)
}

/// Returns the value as [`template`] does, with the expressions evaluated on `current`.
///
/// # Errors
/// Returns problems as [`template`] does.
pub fn template_on(node: &Node, current: &Value, scope: &Scope) -> Result<Value, Vec<Problem>> {
    template_within(&Budget::new(scope), node, current, scope)
}

/// Returns the value as [`template_on`] does, within a budget that several templates share.
///
/// # Errors
/// Returns problems as [`template`] does.
pub fn template_within(
    budget: &Budget,
    node: &Node,
    current: &Value,
    scope: &Scope,
) -> Result<Value, Vec<Problem>> {
    let mut template = Template {
        budget,
        current,
        scope,
        problems: Vec::new(),
    };
    let value = template.value(node);
    if template.problems.is_empty() {
        Ok(value)
    } else {
        Err(template.problems)
    }
}

/// Returns the variables of a template with their places, without evaluating it, and every [`Problem`] of expressions
/// that do not parse.
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

/// Returns the name, the field and the place of each `$name.field` in a template. Skips expressions that do not parse.
///
/// ```
/// use crosscut_assertion::template_fields;
/// use crosscut_yaml::{Limits, parse};
///
/// let node = parse("address: (join(':', ['127.0.0.1', $ports.web]))", &Limits::default()).unwrap().remove(0);
/// let (name, field, _) = template_fields(&node).remove(0);
/// assert_eq!((name.as_str(), field.as_str()), ("ports", "web"));
/// ```
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

/// A template during its evaluation.
struct Template<'t> {
    budget: &'t Budget,
    current: &'t Value,
    scope: &'t Scope,
    problems: Vec<Problem>,
}

impl Template<'_> {
    fn value(&mut self, node: &Node) -> Value {
        match &node.kind {
            Kind::Sequence(items) => items.iter().map(|item| self.value(item)).collect(),
            Kind::Mapping(entries) => {
                let pairs = entries
                    .iter()
                    .map(|entry| (entry.key.text.clone(), self.value(&entry.value)));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
            Kind::String(text) => self.string(text, node.span).unwrap_or_else(|problem| {
                self.problems.push(problem);
                Value::Null
            }),
            _ => node.to_value(),
        }
    }

    fn string(&self, text: &str, span: Span) -> Result<Value, Problem> {
        let expression = match grammar::statement(text, span)? {
            Statement::Text(text) => return Ok(Value::String(text)),
            Statement::Expression(expression) => expression,
        };
        expression
            .evaluate_within(self.budget, self.current, self.scope)
            .and_then(|value| self.budget.owned(value))
            .map_err(|error| unevaluated(&error, span))
    }
}

fn unevaluated(error: &EvaluationError, span: Span) -> Problem {
    let code = if error.is_unsupported() {
        UNSUPPORTED
    } else {
        "template::evaluation"
    };
    Problem::new(code, error.to_string(), span)
}
