//! The most that one evaluation may do: steps, bytes of values, and levels of nesting.
//!
//! One [`Budget`] is shared by everything that belongs to one evaluation: nested expressions, the expressions of a
//! template, those of an assertion. So no nesting multiplies it.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::Value;

use crate::error::EvaluationError;
use crate::scope::Scope;

/// The steps that an evaluation may take. A step is a node of the expression, an element that a function looks at, or
/// `TEXT_PER_STEP` bytes of text: a release build takes them in about half a second.
pub const MOST_STEPS: u64 = 5_000_000;

/// The bytes that the values of an evaluation may take, with the values that its scope binds.
pub const MOST_BYTES: usize = 64 << 20;

/// The levels that a value may be nested by an expression.
pub const MOST_LEVELS: usize = 256;

/// The bytes of text that a function looks at in one step.
const TEXT_PER_STEP: usize = 16;

/// The bytes that an entry of an object takes beside its key and value.
const PER_ENTRY: usize = 40;

type Result<T = ()> = std::result::Result<T, EvaluationError>;

/// The steps and bytes that an evaluation has left.
#[derive(Debug)]
pub struct Budget {
    limits: (u64, usize),
    steps: Cell<u64>,
    bytes: Cell<usize>,
}

impl Budget {
    /// Returns the budget of an evaluation that sees `scope`: [`MOST_STEPS`], and [`MOST_BYTES`] without what the scope
    /// holds already.
    #[must_use]
    pub fn new(scope: &Scope) -> Budget {
        Budget::with_limits(MOST_STEPS, MOST_BYTES, scope)
    }

    /// Returns a budget of other limits, for tests.
    ///
    /// ```
    /// use crosscut_expr::{Budget, Expression, Scope};
    /// use serde_json::json;
    ///
    /// let scope = Scope::new();
    /// let expression = Expression::parse("map(&@, @)").unwrap();
    /// let budget = Budget::with_limits(2, 1_000, &scope);
    /// let error = expression.evaluate_within(&budget, &json!([1, 2, 3, 4, 5]), &scope).unwrap_err();
    /// assert!(error.is_over_budget());
    /// ```
    #[must_use]
    pub fn with_limits(steps: u64, bytes: usize, scope: &Scope) -> Budget {
        Budget {
            limits: (steps, bytes),
            steps: Cell::new(steps),
            bytes: Cell::new(bytes.saturating_sub(scope.held())),
        }
    }

    /// Returns the steps that were taken.
    #[must_use]
    pub fn steps_taken(&self) -> u64 {
        self.limits.0 - self.steps.get()
    }

    /// Takes steps.
    ///
    /// # Errors
    /// [`EvaluationError::TooManySteps`] if fewer are left; then none are left.
    pub fn step(&self, count: u64) -> Result {
        match self.steps.get().checked_sub(count) {
            Some(left) => {
                self.steps.set(left);
                Ok(())
            }
            None => {
                self.steps.set(0);
                Err(EvaluationError::TooManySteps(self.limits.0))
            }
        }
    }

    /// Takes the steps of looking at so many bytes of text.
    pub(crate) fn read(&self, bytes: usize) -> Result {
        self.step(count(bytes / TEXT_PER_STEP))
    }

    /// Checks that a value of so many bytes can still be made.
    ///
    /// # Errors
    /// [`EvaluationError::TooManyBytes`] if it cannot.
    pub(crate) fn room(&self, bytes: usize) -> Result {
        if bytes <= self.bytes.get() {
            return Ok(());
        }
        Err(EvaluationError::TooManyBytes(self.limits.1))
    }

    /// Takes the bytes of a value that is made.
    ///
    /// # Errors
    /// [`EvaluationError::TooManyBytes`] if fewer are left; then none are left.
    pub fn make(&self, bytes: usize) -> Result {
        let room = self.room(bytes);
        self.bytes.set(self.bytes.get().saturating_sub(bytes));
        room
    }

    /// Returns a copy of a value.
    ///
    /// # Errors
    /// [`EvaluationError::TooManyBytes`] if there is no room for it.
    pub fn copy(&self, value: &Value) -> Result<Value> {
        self.make(size(value))?;
        Ok(value.clone())
    }

    /// Returns a copy of a value, if there is room for it. Otherwise the budget stays as it is.
    #[must_use]
    pub fn copy_if_room(&self, value: &Value) -> Option<Value> {
        self.room(size(value)).ok()?;
        self.copy(value).ok()
    }

    /// Returns a value that is owned: a copy, if it was borrowed.
    ///
    /// # Errors
    /// As [`Budget::copy`].
    pub fn owned(&self, value: Cow<'_, Value>) -> Result<Value> {
        match value {
            Cow::Owned(value) => Ok(value),
            Cow::Borrowed(value) => self.copy(value),
        }
    }

    /// Takes the bytes of a value that a function made, and checks its depth.
    pub(crate) fn made(&self, value: Value) -> Result<Value> {
        self.make(size(&value))?;
        self.nested(value)
    }

    /// Checks the depth of a list or map that was made of other values.
    pub(crate) fn nested(&self, value: Value) -> Result<Value> {
        if is_deeper_than(&value, MOST_LEVELS) {
            return Err(EvaluationError::TooDeep);
        }
        Ok(value)
    }
}

/// Converts a number of things into steps.
pub(crate) fn count(things: usize) -> u64 {
    u64::try_from(things).unwrap_or(u64::MAX)
}

/// Returns about how many bytes a value takes.
pub(crate) fn size(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(size).sum(),
            Value::Object(entries) => entries
                .iter()
                .map(|(key, value)| PER_ENTRY + key.len() + size(value))
                .sum(),
        }
}

/// Returns true if a value has more levels than `levels`. Scalars have none.
fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let deeper = |value| levels == 0 || is_deeper_than(value, levels - 1);
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(deeper),
        Value::Object(entries) => levels == 0 || entries.values().any(deeper),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::scalar(json!(1), 0, false)]
    #[case::empty_list(json!([]), 0, true)]
    #[case::empty_list_in_one(json!([]), 1, false)]
    #[case::nested(json!([{"a": [1]}]), 2, true)]
    #[case::nested_enough(json!([{"a": [1]}]), 3, false)]
    fn depth(#[case] value: Value, #[case] levels: usize, #[case] deeper: bool) {
        assert_eq!(is_deeper_than(&value, levels), deeper);
    }

    #[test]
    fn a_budget_that_is_over_stays_over() {
        let budget = Budget::with_limits(3, 100, &Scope::new());
        assert!(budget.step(2).is_ok());
        assert_eq!(budget.step(2), Err(EvaluationError::TooManySteps(3)));
        assert!(budget.step(1).is_err());
        assert!(budget.make(101).is_err());
        assert!(budget.make(1).is_err());
    }

    #[test]
    fn what_a_scope_holds_is_part_of_the_budget() {
        let scope = Scope::new().bind("a", json!("x".repeat(1000)));
        assert!(Budget::with_limits(1, 1000, &scope).make(1).is_err());
        assert!(Budget::with_limits(1, 2000, &scope).make(500).is_ok());
    }
}
