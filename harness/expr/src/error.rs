//! What is wrong with an expression, or with its evaluation.

use crate::budget::MOST_LEVELS;

/// An expression that does not parse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong, as a sentence fragment.
    pub message: String,
    /// Where, in bytes into the expression.
    pub offset: usize,
}

impl ParseError {
    pub(crate) fn new(message: impl Into<String>, offset: usize) -> Self {
        Self {
            message: message.into(),
            offset,
        }
    }
}

/// An expression that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// A name that nothing binds.
    #[error("nothing binds ${0}")]
    UnknownVariable(String),
    /// An argument of a type that the function does not take.
    #[error("{function}: argument {argument} must be {expected}, not {found}")]
    WrongType {
        /// The function or operator.
        function: String,
        /// The argument, counted from 1.
        argument: usize,
        /// What it takes.
        expected: &'static str,
        /// What it got.
        found: &'static str,
    },
    /// A value that the function or operator cannot work on.
    #[error("{function}: {reason}")]
    InvalidValue {
        /// The function or operator.
        function: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The evaluation takes more steps than its budget has.
    #[error("the evaluation is over its budget of {0} steps")]
    TooManySteps(u64),
    /// The evaluation makes more bytes of values than its budget has.
    #[error("the evaluation is over its budget of {} of values, with the values that are bound", bytes(*.0))]
    TooManyBytes(usize),
    /// The evaluation nests a value too deeply.
    #[error("the evaluation makes a value of more than {MOST_LEVELS} levels")]
    TooDeep,
    /// An environment variable that may not be read.
    #[error(
        "env: the suite's `env` does not name the variable {0}; add it there, or run with --env-all"
    )]
    VariableNotAllowed(String),
    /// A function that Chainsaw knows and that is not here.
    #[error("the function {0} is not supported")]
    Unsupported(String),
}

/// Returns a number of bytes as people read it.
fn bytes(count: usize) -> String {
    match count >> 20 {
        0 => format!("{count} bytes"),
        mebibytes => format!("{mebibytes} MiB"),
    }
}

impl EvaluationError {
    /// Returns true if the expression is right, but asks for what is not here.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Unsupported(_) | Self::VariableNotAllowed(_))
    }

    /// Returns true if the evaluation ended because its budget did.
    #[must_use]
    pub fn is_over_budget(&self) -> bool {
        matches!(
            self,
            Self::TooManySteps(_) | Self::TooManyBytes(_) | Self::TooDeep
        )
    }

    pub(crate) fn invalid(function: &str, reason: impl Into<String>) -> Self {
        Self::InvalidValue {
            function: function.to_owned(),
            reason: reason.into(),
        }
    }
}
