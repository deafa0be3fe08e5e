//! Operators: logic, comparison, choice and arithmetic.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::{Context, Found, NULL, Result, truth};
use crate::ast::{Comparison, Node, Operator};
use crate::error::EvaluationError;
use crate::value::{compare_numbers, equal_counted, is_true, number, type_name};

pub(super) fn evaluate<'v>(
    node: &'v Node,
    current: &'v Value,
    context: Context<'v>,
) -> Result<Found<'v>> {
    let zero = Value::from(0);
    match node {
        Node::Or(left, right) => either(left, right, true, current, context),
        Node::And(left, right) => either(left, right, false, current, context),
        Node::Not(inner) => Ok(made(!truth(inner, current, context)?)),
        Node::Choose { condition, yes, no } => {
            let chosen = if truth(condition, current, context)? {
                yes
            } else {
                no
            };
            super::evaluate(chosen, current, context)
        }
        Node::Compare(comparison, left, right) => {
            let left = super::evaluate(left, current, context)?;
            let right = super::evaluate(right, current, context)?;
            compare(*comparison, &left, &right, context)
        }
        Node::Calculate(operator, left, right) => {
            let left = super::evaluate(left, current, context)?;
            let right = super::evaluate(right, current, context)?;
            calculate(*operator, &left, &right).map(Cow::Owned)
        }
        Node::Negate(inner) => {
            let value = super::evaluate(inner, current, context)?;
            calculate(Operator::Subtract, &zero, &value).map(Cow::Owned)
        }
        Node::Positive(inner) => {
            let value = super::evaluate(inner, current, context)?;
            calculate(Operator::Add, &zero, &value).map(Cow::Owned)
        }
        _ => Ok(Cow::Borrowed(NULL)),
    }
}

/// Returns the first value if its truth is `enough`, else the second.
fn either<'v>(
    first: &'v Node,
    second: &'v Node,
    enough: bool,
    current: &'v Value,
    context: Context<'v>,
) -> Result<Found<'v>> {
    let found = super::evaluate(first, current, context)?;
    if is_true(&found) == enough {
        return Ok(found);
    }
    super::evaluate(second, current, context)
}

fn made<'v>(truth: bool) -> Found<'v> {
    Cow::Owned(Value::Bool(truth))
}

/// Order is for numbers only; of anything else it is null.
fn compare<'v>(
    comparison: Comparison,
    left: &Value,
    right: &Value,
    context: Context<'_>,
) -> Result<Found<'v>> {
    if let Comparison::Equal | Comparison::NotEqual = comparison {
        let mut bytes = 0;
        let same = equal_counted(left, right, &mut bytes);
        context.budget.read(bytes)?;
        return Ok(made(same == (comparison == Comparison::Equal)));
    }
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right),
        _ => None,
    };
    let Some(order) = order else {
        return Ok(Cow::Borrowed(NULL));
    };
    Ok(made(match comparison {
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        _ => order != Ordering::Less,
    }))
}

/// Integers stay integers if the result is one.
pub(crate) fn calculate(operator: Operator, left: &Value, right: &Value) -> Result<Value> {
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
