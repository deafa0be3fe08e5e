//! JMESPath Community expressions, with the functions that Chainsaw's assertions use.
//!
//! The dialect is that of Chainsaw 0.2.14: JMESPath with `let`, arithmetic, `$name` variables and slices of strings,
//! and the function packs of kyverno-json and kyverno. It differs where Chainsaw's behaviour depends on chance or
//! ends the process: `keys` and `values` are sorted, `at` out of range is an error, numbers are numbers whether they
//! are integers or floats, and `$` is the value that the expression is evaluated on.
//!
//! Pure: no clock, no environment, no cluster. What needs one of them reads it from the [`Scope`] or says that it is
//! unsupported.

mod ast;
mod error;
mod evaluate;
mod free;
mod functions;
mod lexer;
mod parser;
mod scope;
mod value;

use std::collections::BTreeSet;

use serde_json::Value;

pub use error::{EvaluationError, ParseError};
pub use scope::Scope;
pub use value::equal;

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    root: ast::Node,
}

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// [`ParseError`] with the place of the first mistake; unknown functions and wrong numbers of arguments are found
    /// here, too.
    pub fn parse(text: &str) -> Result<Expression, ParseError> {
        Ok(Expression {
            text: text.to_owned(),
            root: parser::parse(text)?,
        })
    }

    /// The expression's value on `current`, which `@` and `$` stand for.
    ///
    /// # Errors
    /// [`EvaluationError`] where a function is given what it does not take, or a name is not bound.
    pub fn evaluate(&self, current: &Value, scope: &Scope) -> Result<Value, EvaluationError> {
        evaluate::evaluate(
            &self.root,
            current,
            evaluate::Context {
                root: current,
                scope,
            },
        )
    }

    /// The names that the expression uses and does not bind itself, without their `$`.
    #[must_use]
    pub fn free_variables(&self) -> BTreeSet<String> {
        free::variables(&self.root)
    }

    /// The fields that the expression names right behind such a name: `(name, field)` for `$name.field`.
    #[must_use]
    pub fn fields(&self) -> BTreeSet<(String, String)> {
        free::fields(&self.root)
    }

    /// The expression as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}
