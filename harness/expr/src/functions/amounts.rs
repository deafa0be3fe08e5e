//! Arithmetic on numbers, quantities and durations.
//!
//! Which operators take which amounts, and what they give, is as in kyverno-json's `pkg/jp/kyverno/arithmetic.go`
//! (0.0.4, as Chainsaw 0.2.14 pins it). A text that is both, such as `30m`, is a quantity; beside a duration it is one,
//! too, where Chainsaw fails.

use serde_json::Value;

use super::Outcome;
use super::arguments::Call;
use crate::ast::Operator;
use crate::duration::Duration;
use crate::error::EvaluationError;
use crate::evaluate::calculate;
use crate::quantity::Quantity;
use crate::value::{number, type_name};

/// What can be calculated with.
enum Amount<'v> {
    Number(&'v Value, f64),
    Quantity(Quantity, &'v str),
    Duration(Duration),
}

impl<'v> Amount<'v> {
    fn of(value: &'v Value) -> Option<Amount<'v>> {
        match value {
            Value::Number(found) => Some(Amount::Number(value, found.as_f64()?)),
            Value::String(text) => match Quantity::parse(text) {
                Some(quantity) => Some(Amount::Quantity(quantity, text)),
                None => Duration::parse(text).map(Amount::Duration),
            },
            _ => None,
        }
    }

    /// This amount beside another: as a duration, if it can be one and the other is.
    fn beside(self, other: &Amount<'_>) -> Amount<'v> {
        match (self, other) {
            (Amount::Quantity(quantity, text), Amount::Duration(_)) => {
                Duration::parse(text).map_or(Amount::Quantity(quantity, text), Amount::Duration)
            }
            (same, _) => same,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Amount::Number(..) => "a number",
            Amount::Quantity(..) => "a quantity",
            Amount::Duration(_) => "a duration",
        }
    }
}

fn amount<'v>(
    call: &Call<'_>,
    value: &'v Value,
    argument: usize,
) -> Result<Amount<'v>, EvaluationError> {
    const WANTED: &str = "a number, a quantity or a duration";
    let found = match value {
        Value::String(_) => "another string",
        other => type_name(other),
    };
    Amount::of(value).ok_or_else(|| call.wrong(argument, WANTED, found))
}

/// Checks that a value can be calculated with.
pub(super) fn check(
    call: &Call<'_>,
    value: &Value,
    argument: usize,
) -> Result<(), EvaluationError> {
    amount(call, value, argument).map(drop)
}

/// Calculates with two values, each with the argument that it is of.
pub(super) fn calculated(
    call: &Call<'_>,
    operator: Operator,
    (left, first): (&Value, usize),
    (right, second): (&Value, usize),
) -> Outcome {
    let left = amount(call, left, first)?;
    let right = amount(call, right, second)?.beside(&left);
    let left = left.beside(&right);
    match (&left, &right) {
        (Amount::Number(left, _), Amount::Number(right, divisor)) => {
            numbers(call, operator, (left, right), *divisor)
        }
        (Amount::Quantity(left, _), Amount::Quantity(right, _)) => {
            quantities(call, operator, *left, *right)
        }
        (Amount::Duration(left), Amount::Duration(right)) => {
            durations(call, operator, *left, *right)
        }
        (Amount::Quantity(amount, _), Amount::Number(_, factor)) => {
            scaled_quantity(call, operator, *amount, *factor)
        }
        (Amount::Duration(amount), Amount::Number(_, factor)) => {
            scaled_duration(call, operator, *amount, *factor)
        }
        (Amount::Number(_, factor), Amount::Quantity(amount, _))
            if operator == Operator::Multiply =>
        {
            scaled_quantity(call, operator, *amount, *factor)
        }
        (Amount::Number(_, factor), Amount::Duration(amount)) if operator == Operator::Multiply => {
            scaled_duration(call, operator, *amount, *factor)
        }
        _ => Err(mismatch(call, &left, &right)),
    }
}

fn mismatch(call: &Call<'_>, left: &Amount<'_>, right: &Amount<'_>) -> EvaluationError {
    let (left, right) = (left.kind(), right.kind());
    call.invalid(format!("{left} and {right} do not go together"))
}

fn out_of_range(call: &Call<'_>) -> EvaluationError {
    call.invalid("the result is out of range")
}

fn by_zero(call: &Call<'_>) -> EvaluationError {
    call.invalid("division by zero")
}

fn float(call: &Call<'_>, value: f64) -> Outcome {
    number(value).ok_or_else(|| out_of_range(call))
}

fn numbers(
    call: &Call<'_>,
    operator: Operator,
    (left, right): (&Value, &Value),
    divisor: f64,
) -> Outcome {
    if matches!(operator, Operator::Divide | Operator::Modulo) && divisor == 0.0 {
        return Err(by_zero(call));
    }
    let whole = |value: &Value| value.as_f64().is_some_and(|value| value.fract() == 0.0);
    if operator == Operator::Modulo && !(whole(left) && whole(right)) {
        return Err(call.invalid("both must be integers"));
    }
    calculate(operator, left, right)
}

fn quantities(call: &Call<'_>, operator: Operator, left: Quantity, right: Quantity) -> Outcome {
    let result = match operator {
        Operator::Add => left.add(right),
        Operator::Subtract => left.subtract(right),
        Operator::Divide | Operator::Modulo if right.is_zero() => return Err(by_zero(call)),
        Operator::Divide => return float(call, left.as_f64() / right.as_f64()),
        Operator::Modulo if left.whole().is_none() || right.whole().is_none() => {
            return Err(call.invalid("both must be integers"));
        }
        Operator::Modulo => left.modulo(right),
        _ => return Err(call.invalid("a quantity and a quantity do not go together")),
    };
    let result = result.ok_or_else(|| out_of_range(call))?;
    Ok(Value::from(result.to_string()))
}

fn durations(call: &Call<'_>, operator: Operator, left: Duration, right: Duration) -> Outcome {
    let (left, right) = (left.0, right.0);
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Divide | Operator::Modulo if right == 0 => return Err(by_zero(call)),
        Operator::Divide => {
            let quotient = Duration(left).seconds() / Duration(right).seconds();
            return float(call, quotient);
        }
        Operator::Modulo => left.checked_rem(right),
        _ => return Err(call.invalid("a duration and a duration do not go together")),
    };
    let result = result.ok_or_else(|| out_of_range(call))?;
    Ok(Value::from(Duration(result).to_string()))
}

fn scaled_quantity(call: &Call<'_>, operator: Operator, amount: Quantity, factor: f64) -> Outcome {
    let by = Quantity::parse(&factor.to_string()).ok_or_else(|| out_of_range(call))?;
    let result = match operator {
        Operator::Multiply => amount.multiply(by),
        Operator::Divide if by.is_zero() => return Err(by_zero(call)),
        Operator::Divide => amount.divide(by),
        _ => return Err(call.invalid("a quantity and a number do not go together")),
    };
    let result = result.ok_or_else(|| out_of_range(call))?;
    Ok(Value::from(result.to_string()))
}

fn scaled_duration(call: &Call<'_>, operator: Operator, amount: Duration, factor: f64) -> Outcome {
    let seconds = match operator {
        Operator::Multiply => amount.seconds() * factor,
        Operator::Divide if factor == 0.0 => return Err(by_zero(call)),
        Operator::Divide => amount.seconds() / factor,
        _ => return Err(call.invalid("a duration and a number do not go together")),
    };
    let result = Duration::of_seconds(seconds).ok_or_else(|| out_of_range(call))?;
    Ok(Value::from(result.to_string()))
}
