//! The value of a tree.
//!
//! Values are borrowed from where they are as long as possible; what is made or copied is counted by the [`Budget`].

mod operators;
mod projections;

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::ast::Node;
use crate::budget::Budget;
use crate::error::EvaluationError;
use crate::scope::Scope;
use crate::value::is_true;

pub(crate) use operators::calculate;

/// The surroundings of an evaluation.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) root: &'a Value,
    pub(crate) scope: &'a Scope,
    pub(crate) budget: &'a Budget,
}

type Result<T> = std::result::Result<T, EvaluationError>;

/// A value, borrowed or made.
pub(crate) type Found<'v> = Cow<'v, Value>;

const NULL: &Value = &Value::Null;

/// Returns the value of `node` on `current`.
pub(crate) fn evaluate<'v>(
    node: &'v Node,
    current: &'v Value,
    context: Context<'v>,
) -> Result<Found<'v>> {
    context.budget.step(1)?;
    match node {
        Node::Current => Ok(Cow::Borrowed(current)),
        Node::Root => Ok(Cow::Borrowed(context.root)),
        Node::Literal(value) => Ok(Cow::Borrowed(value)),
        Node::Variable(name) => variable(name, context),
        Node::Field(name) => Ok(Cow::Borrowed(current.get(name).unwrap_or(NULL))),
        Node::Index(index) => Ok(Cow::Borrowed(projections::at(current, *index))),
        Node::Slice { start, stop, step } => {
            projections::slice(current, (*start, *stop, *step), context)
        }
        Node::Sub(left, right) => sub(left, right, current, context),
        Node::Pipe(left, right) => then(right, evaluate(left, current, context)?, context),
        Node::Or(..)
        | Node::And(..)
        | Node::Not(_)
        | Node::Compare(..)
        | Node::Choose { .. }
        | Node::Calculate(..)
        | Node::Negate(_)
        | Node::Positive(_) => operators::evaluate(node, current, context),
        Node::Flatten(_) | Node::Project(..) | Node::ProjectValues(..) | Node::Filter { .. } => {
            projections::evaluate(node, current, context)
        }
        Node::List(items) => list(items, current, context),
        Node::Map(entries) => map(entries, current, context),
        Node::Call {
            function,
            arguments,
        } => function.call(arguments, current, context).map(Cow::Owned),
        // A reference outside of a function that takes one has no value.
        Node::Reference(_) => Ok(Cow::Borrowed(NULL)),
        Node::Let { bindings, body } => with_bindings(bindings, body, current, context),
    }
}

fn sub<'v>(
    left: &'v Node,
    right: &'v Node,
    current: &'v Value,
    context: Context<'v>,
) -> Result<Found<'v>> {
    match evaluate(left, current, context)? {
        found if found.is_null() => Ok(Cow::Borrowed(NULL)),
        found => then(right, found, context),
    }
}

/// Returns the value of `node` on what another node gave.
pub(crate) fn then<'v>(
    node: &'v Node,
    found: Found<'v>,
    context: Context<'v>,
) -> Result<Found<'v>> {
    match found {
        Cow::Borrowed(value) => evaluate(node, value, context),
        Cow::Owned(value) => match node {
            Node::Current => Ok(Cow::Owned(value)),
            _ => {
                let result = evaluate(node, &value, context)?;
                context.budget.owned(result).map(Cow::Owned)
            }
        },
    }
}

/// Returns true if the value of `node` is neither null, false nor empty.
fn truth(node: &Node, current: &Value, context: Context<'_>) -> Result<bool> {
    let found = evaluate(node, current, context)?;
    Ok(is_true(&found))
}

fn variable<'v>(name: &str, context: Context<'v>) -> Result<Found<'v>> {
    match context.scope.get(name) {
        Some(value) => Ok(Cow::Borrowed(value)),
        None => Err(EvaluationError::UnknownVariable(name.to_owned())),
    }
}

fn list<'v>(items: &'v [Node], current: &'v Value, context: Context<'v>) -> Result<Found<'v>> {
    let mut made = Vec::with_capacity(items.len());
    for item in items {
        let found = evaluate(item, current, context)?;
        context.budget.make(size_of::<Value>())?;
        made.push(context.budget.owned(found)?);
    }
    context.budget.nested(Value::Array(made)).map(Cow::Owned)
}

fn map<'v>(
    entries: &'v [(String, Node)],
    current: &'v Value,
    context: Context<'v>,
) -> Result<Found<'v>> {
    let mut made = Map::new();
    for (key, item) in entries {
        let found = evaluate(item, current, context)?;
        context.budget.make(size_of::<Value>() + key.len())?;
        made.insert(key.clone(), context.budget.owned(found)?);
    }
    context.budget.nested(Value::Object(made)).map(Cow::Owned)
}

/// Bindings do not see each other: all are evaluated in the surrounding scope.
fn with_bindings<'v>(
    bindings: &'v [(String, Node)],
    body: &'v Node,
    current: &'v Value,
    context: Context<'v>,
) -> Result<Found<'v>> {
    let mut scope = context.scope.clone();
    for (name, bound) in bindings {
        let value = evaluate(bound, current, context)?;
        scope = scope.bind_counted(name.clone(), context.budget.owned(value)?);
    }
    let inner = Context {
        scope: &scope,
        ..context
    };
    let result = evaluate(body, current, inner)?;
    context.budget.owned(result).map(Cow::Owned)
}
