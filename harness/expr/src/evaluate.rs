//! The value of a tree.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::ast::{Comparison, Node, Operator};
use crate::error::EvaluationError;
use crate::scope::Scope;
use crate::value::{compare_numbers, equal, is_true, number, type_name};

/// No value may get longer than this by one expression.
const MOST_ITEMS: usize = 1_000_000;

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) root: &'a Value,
    pub(crate) scope: &'a Scope,
}

type Result<T = Value> = std::result::Result<T, EvaluationError>;

/// The value of `node` on `current`.
pub(crate) fn evaluate(node: &Node, current: &Value, context: Context<'_>) -> Result {
    match node {
        Node::Current => Ok(current.clone()),
        Node::Root => Ok(context.root.clone()),
        Node::Literal(value) => Ok(value.clone()),
        Node::Variable(name) => context
            .scope
            .get(name)
            .cloned()
            .ok_or_else(|| EvaluationError::UnknownVariable(name.clone())),
        Node::Field(name) => Ok(current.get(name).cloned().unwrap_or_default()),
        Node::Index(index) => Ok(at(current, *index)),
        Node::Slice { start, stop, step } => Ok(slice(current, *start, *stop, *step)),
        Node::Sub(left, right) => match evaluate(left, current, context)? {
            Value::Null => Ok(Value::Null),
            value => evaluate(right, &value, context),
        },
        Node::Pipe(left, right) => evaluate(right, &evaluate(left, current, context)?, context),
        Node::Or(..) | Node::And(..) | Node::Not(_) | Node::Compare(..) => {
            logic(node, current, context)
        }
        Node::Calculate(..) | Node::Negate(_) | Node::Positive(_) => {
            arithmetic(node, current, context)
        }
        Node::Flatten(inner) => Ok(flatten(evaluate(inner, current, context)?)),
        Node::Project(..) | Node::ProjectValues(..) | Node::Filter { .. } => {
            projection(node, current, context)
        }
        Node::List(items) => items
            .iter()
            .map(|item| evaluate(item, current, context))
            .collect(),
        Node::Map(entries) => entries
            .iter()
            .map(|(key, item)| Ok((key.clone(), evaluate(item, current, context)?)))
            .collect::<Result<Map<String, Value>>>()
            .map(Value::Object),
        Node::Call {
            function,
            arguments,
        } => function.call(arguments, current, context),
        // A reference outside of a function that takes one has no value.
        Node::Reference(_) => Ok(Value::Null),
        Node::Let { bindings, body } => {
            let mut scope = context.scope.clone();
            for (name, bound) in bindings {
                // Bindings do not see each other: all are evaluated in the surrounding scope.
                scope = scope.bind(name.clone(), evaluate(bound, current, context)?);
            }
            evaluate(
                body,
                current,
                Context {
                    scope: &scope,
                    ..context
                },
            )
        }
    }
}

fn logic(node: &Node, current: &Value, context: Context<'_>) -> Result {
    match node {
        Node::Or(left, right) => match evaluate(left, current, context)? {
            value if is_true(&value) => Ok(value),
            _ => evaluate(right, current, context),
        },
        Node::And(left, right) => match evaluate(left, current, context)? {
            value if is_true(&value) => evaluate(right, current, context),
            value => Ok(value),
        },
        Node::Not(inner) => Ok(Value::Bool(!is_true(&evaluate(inner, current, context)?))),
        Node::Compare(comparison, left, right) => {
            let (left, right) = (
                evaluate(left, current, context)?,
                evaluate(right, current, context)?,
            );
            Ok(compare(*comparison, &left, &right))
        }
        _ => Ok(Value::Null),
    }
}

/// Order is for numbers only; of anything else it is null.
fn compare(comparison: Comparison, left: &Value, right: &Value) -> Value {
    match comparison {
        Comparison::Equal => return Value::Bool(equal(left, right)),
        Comparison::NotEqual => return Value::Bool(!equal(left, right)),
        _ => {}
    }
    let (Value::Number(left), Value::Number(right)) = (left, right) else {
        return Value::Null;
    };
    let Some(order) = compare_numbers(left, right) else {
        return Value::Null;
    };
    Value::Bool(match comparison {
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })
}

fn arithmetic(node: &Node, current: &Value, context: Context<'_>) -> Result {
    match node {
        Node::Calculate(operator, left, right) => {
            let (left, right) = (
                evaluate(left, current, context)?,
                evaluate(right, current, context)?,
            );
            calculate(*operator, &left, &right)
        }
        Node::Negate(inner) => calculate(
            Operator::Subtract,
            &Value::from(0),
            &evaluate(inner, current, context)?,
        ),
        Node::Positive(inner) => calculate(
            Operator::Add,
            &Value::from(0),
            &evaluate(inner, current, context)?,
        ),
        _ => Ok(Value::Null),
    }
}

/// Integers stay integers where the result is one.
pub(crate) fn calculate(operator: Operator, left: &Value, right: &Value) -> Result {
    let operand = |value: &Value, argument| {
        value.as_f64().ok_or_else(|| EvaluationError::WrongType {
            function: operator.symbol().to_owned(),
            argument,
            expected: "a number",
            found: type_name(value),
        })
    };
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64())
        && let Some(result) = whole(operator, left, right)
    {
        return Ok(Value::from(result));
    }
    let (left, right) = (operand(left, 1)?, operand(right, 2)?);
    let result = match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::Modulo => left % right,
        Operator::DivideWhole => (left / right).floor(),
    };
    number(result).ok_or_else(|| {
        EvaluationError::invalid(operator.symbol(), "the result is no finite number")
    })
}

fn whole(operator: Operator, left: i64, right: i64) -> Option<i64> {
    match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Modulo => left.checked_rem(right),
        Operator::Divide | Operator::DivideWhole => None,
    }
}

fn projection(node: &Node, current: &Value, context: Context<'_>) -> Result {
    let (items, then) = match node {
        Node::Project(list, then) => match evaluate(list, current, context)? {
            Value::Array(items) => (items, then),
            // A slice of a string is a string, on which nothing is projected.
            Value::String(text) if is_slice(list) => return Ok(Value::String(text)),
            _ => return Ok(Value::Null),
        },
        Node::ProjectValues(map, then) => match evaluate(map, current, context)? {
            Value::Object(entries) => (entries.into_iter().map(|(_, value)| value).collect(), then),
            _ => return Ok(Value::Null),
        },
        Node::Filter {
            list,
            condition,
            then,
        } => match evaluate(list, current, context)? {
            Value::Array(items) => (matching(items, condition, context)?, then),
            _ => return Ok(Value::Null),
        },
        _ => return Ok(Value::Null),
    };
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let result = evaluate(then, &item, context)?;
        if !result.is_null() {
            results.push(result);
        }
    }
    Ok(Value::Array(results))
}

fn is_slice(node: &Node) -> bool {
    matches!(node, Node::Sub(_, right) if matches!(**right, Node::Slice { .. }))
}

fn matching(items: Vec<Value>, condition: &Node, context: Context<'_>) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for item in items {
        if is_true(&evaluate(condition, &item, context)?) {
            found.push(item);
        }
    }
    Ok(found)
}

fn flatten(value: Value) -> Value {
    let Value::Array(items) = value else {
        return Value::Null;
    };
    let mut flat = Vec::new();
    for item in items {
        match item {
            Value::Array(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    Value::Array(flat)
}

fn at(value: &Value, index: i64) -> Value {
    let Value::Array(items) = value else {
        return Value::Null;
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let index = if index < 0 {
        index.saturating_add(length)
    } else {
        index
    };
    usize::try_from(index)
        .ok()
        .and_then(|index| items.get(index))
        .cloned()
        .unwrap_or_default()
}

fn slice(value: &Value, start: Option<i64>, stop: Option<i64>, step: i64) -> Value {
    match value {
        Value::Array(items) => Value::Array(
            indices(items.len(), start, stop, step)
                .filter_map(|index| items.get(index).cloned())
                .collect(),
        ),
        Value::String(text) => {
            let letters: Vec<char> = text.chars().collect();
            indices(letters.len(), start, stop, step)
                .filter_map(|index| letters.get(index))
                .collect::<String>()
                .into()
        }
        _ => Value::Null,
    }
}

/// The indices of a slice, as Python counts them. `step` is not 0: the parser refuses that.
fn indices(
    length: usize,
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (low, high) = if step < 0 {
        (-1, length - 1)
    } else {
        (0, length)
    };
    let clamp = |bound: i64| {
        if bound < 0 {
            (bound.saturating_add(length)).max(low)
        } else {
            bound.min(high)
        }
    };
    let first = start.map_or(if step < 0 { high } else { low }, clamp);
    let last = stop.map_or(if step < 0 { low } else { high }, clamp);
    std::iter::successors(Some(first), move |index| index.checked_add(step))
        .take_while(move |index| {
            if step < 0 {
                *index > last
            } else {
                *index < last
            }
        })
        .filter_map(|index| usize::try_from(index).ok())
        .take(MOST_ITEMS)
}
