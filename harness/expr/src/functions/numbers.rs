//! Functions on numbers.

use serde_json::{Value, json};

use super::amounts;
use super::arguments::Call;
use super::{Function, Outcome, function};
use crate::ast::Operator;
use crate::value::number;

pub(super) const FUNCTIONS: &[Function] = &[
    function("abs", 1, 1, |call| rounded(call, f64::abs)),
    function("add", 2, 2, |call| calculated(call, Operator::Add)),
    function("avg", 1, 1, avg),
    function("ceil", 1, 1, |call| rounded(call, f64::ceil)),
    function("divide", 2, 2, |call| calculated(call, Operator::Divide)),
    function("floor", 1, 1, |call| rounded(call, f64::floor)),
    function("modulo", 2, 2, |call| calculated(call, Operator::Modulo)),
    function("multiply", 2, 2, |call| {
        calculated(call, Operator::Multiply)
    }),
    function("round", 2, 2, round),
    function("subtract", 2, 2, |call| {
        calculated(call, Operator::Subtract)
    }),
    function("sum", 1, 1, sum),
    function("to_number", 1, 1, to_number),
];

fn finite(call: &Call<'_>, value: f64) -> Outcome {
    number(value).ok_or_else(|| call.invalid("the result is no finite number"))
}

fn rounded(call: &Call<'_>, how: fn(f64) -> f64) -> Outcome {
    finite(call, how(call.number(0)?))
}

fn calculated(call: &Call<'_>, operator: Operator) -> Outcome {
    amounts::calculated(call, operator, (call.value(0)?, 0), (call.value(1)?, 1))
}

fn avg(call: &Call<'_>) -> Outcome {
    let numbers = call.numbers(0)?;
    if numbers.is_empty() {
        return Ok(Value::Null);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "an array has far fewer than 2^53 elements"
    )]
    let count = numbers.len() as f64;
    finite(call, numbers.iter().sum::<f64>() / count)
}

/// The sum of nothing is 0, as JMESPath has it.
fn sum(call: &Call<'_>) -> Outcome {
    let mut items = call.array(0)?.iter();
    let Some(first) = items.next() else {
        return Ok(json!(0));
    };
    amounts::check(call, first, 0)?;
    items.try_fold(first.clone(), |total, item| {
        amounts::calculated(call, Operator::Add, (&total, 0), (item, 0))
    })
}

fn round(call: &Call<'_>) -> Outcome {
    let digits = i32::try_from(call.integer(1)?).map_err(|_| call.invalid("too many digits"))?;
    if digits < 0 {
        return Err(call.invalid("the number of digits is negative"));
    }
    let factor = 10_f64.powi(digits);
    finite(call, (call.number(0)? * factor).round() / factor)
}

fn to_number(call: &Call<'_>) -> Outcome {
    Ok(match call.value(0)? {
        Value::Number(found) => Value::Number(found.clone()),
        Value::String(text) => text
            .parse::<f64>()
            .ok()
            .and_then(number)
            .unwrap_or_default(),
        _ => Value::Null,
    })
}
