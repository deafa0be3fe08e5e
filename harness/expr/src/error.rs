//! What is wrong with an expression, or with its evaluation.

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
    /// The expression asks for more than is sensible.
    #[error("the expression is nested too deeply, or its value grows too large")]
    TooMuch,
    /// A function that Chainsaw knows and that is not here.
    #[error("the function {0} is not supported")]
    Unsupported(String),
}

impl EvaluationError {
    pub(crate) fn invalid(function: &str, reason: impl Into<String>) -> Self {
        Self::InvalidValue {
            function: function.to_owned(),
            reason: reason.into(),
        }
    }
}
