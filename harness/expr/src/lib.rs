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
mod budget;
mod duration;
mod error;
mod evaluate;
mod free;
mod functions;
mod layout;
mod lexer;
mod parser;
mod quantity;
mod scope;
mod surroundings;
mod value;

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

pub use budget::{Budget, MOST_BYTES, MOST_LEVELS, MOST_STEPS};
pub use error::{EvaluationError, ParseError};
pub use scope::Scope;
pub use surroundings::{Clock, Environment, Surroundings, Unset};
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
    ///
    /// ```
    /// use crosscut_expr::Expression;
    ///
    /// assert!(Expression::parse("length(spec.items)").is_ok());
    /// assert!(Expression::parse("spec.").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Expression, ParseError> {
        Ok(Expression {
            text: text.to_owned(),
            root: parser::parse(text)?,
        })
    }

    /// Returns the expression's value on `current`, which `@` and `$` stand for, within a budget of its own.
    ///
    /// # Errors
    /// As [`Expression::evaluate_within`].
    ///
    /// ```
    /// use crosscut_expr::{Expression, Scope};
    /// use serde_json::json;
    ///
    /// let scope = Scope::new().bind("most", json!(2));
    /// let expression = Expression::parse("length(items) <= $most").unwrap();
    /// let value = expression.evaluate(&json!({"items": ["a", "b", "c"]}), &scope).unwrap();
    /// assert_eq!(value, json!(false));
    /// ```
    pub fn evaluate(&self, current: &Value, scope: &Scope) -> Result<Value, EvaluationError> {
        let budget = Budget::new(scope);
        let found = self.evaluate_within(&budget, current, scope)?;
        budget.owned(found)
    }

    /// Returns the expression's value on `current`, which `@` and `$` stand for. What evaluating takes is taken from
    /// `budget`.
    ///
    /// # Errors
    /// [`EvaluationError`] if a function is given what it does not take, a name is not bound, something is not
    /// supported, or the budget does not last.
    pub fn evaluate_within<'v>(
        &'v self,
        budget: &'v Budget,
        current: &'v Value,
        scope: &'v Scope,
    ) -> Result<Cow<'v, Value>, EvaluationError> {
        let context = evaluate::Context {
            root: current,
            scope,
            budget,
        };
        evaluate::evaluate(&self.root, current, context)
    }

    /// The names that the expression uses and does not bind itself, without their `$`.
    ///
    /// ```
    /// use crosscut_expr::Expression;
    ///
    /// let expression = Expression::parse("let $a = @ in join($separator, [$a, $b])").unwrap();
    /// assert!(expression.free_variables().iter().eq(["b", "separator"]));
    /// ```
    #[must_use]
    pub fn free_variables(&self) -> BTreeSet<String> {
        free::variables(&self.root)
    }

    /// The fields that the expression names right behind such a name: `(name, field)` for `$name.field`.
    ///
    /// ```
    /// use crosscut_expr::Expression;
    ///
    /// let expression = Expression::parse("$values.name || $values.id").unwrap();
    /// let fields = [("values", "id"), ("values", "name")].map(|(name, field)| (name.to_owned(), field.to_owned()));
    /// assert!(expression.fields().into_iter().eq(fields));
    /// ```
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
