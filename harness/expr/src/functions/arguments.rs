//! A call's arguments, taken as the types that a function wants.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::ast::Node;
use crate::budget::{Budget, count};
use crate::error::EvaluationError;
use crate::evaluate::{Context, Found, evaluate};
use crate::value::type_name;

/// A call whose arguments are evaluated.
pub(crate) struct Call<'a> {
    pub(crate) function: &'static str,
    arguments: Vec<Argument<'a>>,
    context: Context<'a>,
}

enum Argument<'a> {
    Value(Found<'a>),
    /// `&expression`
    Reference(&'a Node),
}

type Result<T> = std::result::Result<T, EvaluationError>;

impl<'a> Call<'a> {
    pub(crate) fn evaluated(
        function: &'static str,
        arguments: &'a [Node],
        current: &'a Value,
        context: Context<'a>,
    ) -> Result<Call<'a>> {
        let arguments = arguments
            .iter()
            .map(|argument| match argument {
                Node::Reference(inner) => Ok(Argument::Reference(inner)),
                other => evaluate(other, current, context).map(Argument::Value),
            })
            .collect::<Result<_>>()?;
        Ok(Call {
            function,
            arguments,
            context,
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.arguments.len()
    }

    pub(crate) fn context(&self) -> Context<'a> {
        self.context
    }

    pub(crate) fn budget(&self) -> &'a Budget {
        self.context.budget
    }

    /// An argument of any type.
    pub(crate) fn value(&self, index: usize) -> Result<&Value> {
        match self.arguments.get(index) {
            Some(Argument::Value(value)) => Ok(value),
            Some(Argument::Reference(_)) => Err(self.wrong(index, "a value", "an expression")),
            None => Err(self.wrong(index, "a value", "missing")),
        }
    }

    /// A string. Looking at it takes steps.
    pub(crate) fn string(&self, index: usize) -> Result<&str> {
        match self.value(index)? {
            Value::String(text) => {
                self.budget().read(text.len())?;
                Ok(text)
            }
            other => Err(self.wrong(index, "a string", type_name(other))),
        }
    }

    /// A string that need not be given.
    pub(crate) fn optional_string(&self, index: usize) -> Result<Option<&str>> {
        if index < self.count() {
            self.string(index).map(Some)
        } else {
            Ok(None)
        }
    }

    pub(crate) fn number(&self, index: usize) -> Result<f64> {
        let value = self.value(index)?;
        value
            .as_f64()
            .ok_or_else(|| self.wrong(index, "a number", type_name(value)))
    }

    /// A number that is an integer.
    pub(crate) fn integer(&self, index: usize) -> Result<i64> {
        let value = self.value(index)?;
        let whole = || {
            value
                .as_f64()
                .and_then(crate::value::number)
                .and_then(|number| number.as_i64())
        };
        value
            .as_i64()
            .or_else(whole)
            .ok_or_else(|| self.wrong(index, "an integer", type_name(value)))
    }

    /// An array. Looking at its elements takes steps.
    pub(crate) fn array(&self, index: usize) -> Result<&[Value]> {
        match self.value(index)? {
            Value::Array(items) => {
                self.budget().step(count(items.len()))?;
                Ok(items)
            }
            other => Err(self.wrong(index, "an array", type_name(other))),
        }
    }

    /// An object. Looking at its entries takes steps.
    pub(crate) fn object(&self, index: usize) -> Result<&Map<String, Value>> {
        match self.value(index)? {
            Value::Object(entries) => {
                self.budget().step(count(entries.len()))?;
                Ok(entries)
            }
            other => Err(self.wrong(index, "an object", type_name(other))),
        }
    }

    /// The elements of an array of strings.
    pub(crate) fn strings(&self, index: usize) -> Result<Vec<&str>> {
        let texts = self
            .array(index)?
            .iter()
            .map(Value::as_str)
            .collect::<Option<Vec<_>>>();
        let texts = texts.ok_or_else(|| {
            self.wrong(index, "an array of strings", "an array of something else")
        })?;
        self.budget()
            .read(texts.iter().map(|text| text.len()).sum())?;
        Ok(texts)
    }

    /// The elements of an array of numbers.
    pub(crate) fn numbers(&self, index: usize) -> Result<Vec<f64>> {
        let numbers = self
            .array(index)?
            .iter()
            .map(Value::as_f64)
            .collect::<Option<_>>();
        numbers
            .ok_or_else(|| self.wrong(index, "an array of numbers", "an array of something else"))
    }

    /// An `&expression` and what it gives on each element of the array in another argument.
    pub(crate) fn applied(
        &self,
        reference: usize,
        array: usize,
    ) -> Result<Vec<(Found<'_>, &Value)>> {
        let node = match self.arguments.get(reference) {
            Some(Argument::Reference(node)) => *node,
            _ => return Err(self.wrong(reference, "an &expression", "a value")),
        };
        let items = self.array(array)?;
        items
            .iter()
            .map(|item| Ok((evaluate(node, item, self.context)?, item)))
            .collect()
    }

    /// A copy of a value.
    pub(crate) fn copy(&self, value: &Value) -> Result<Value> {
        self.budget().copy(value)
    }

    /// A value, copied if it is borrowed.
    pub(crate) fn owned(&self, value: Cow<'_, Value>) -> Result<Value> {
        self.budget().owned(value)
    }

    pub(crate) fn invalid(&self, reason: impl Into<String>) -> EvaluationError {
        EvaluationError::invalid(self.function, reason)
    }

    pub(crate) fn wrong(
        &self,
        index: usize,
        expected: &'static str,
        found: &'static str,
    ) -> EvaluationError {
        EvaluationError::WrongType {
            function: self.function.to_owned(),
            argument: index + 1,
            expected,
            found,
        }
    }
}
