//! The functions of the language: their names, how many arguments they take, and calling them.
//!
//! One module a subject: [`arrays`], [`numbers`], [`objects`], [`patterns`], [`strings`], [`text`] for encodings, and
//! [`elsewhere`] for what needs something that is not here.

mod amounts;
mod arguments;
mod arrays;
mod certificates;
mod chance;
mod elsewhere;
mod metrics;
mod numbers;
mod objects;
mod patterns;
mod strings;
mod text;
mod times;
mod versions;

use serde_json::Value;

use crate::ast::Node;
use crate::error::EvaluationError;
use crate::evaluate::Context;
use crate::functions::arguments::Call;

type Outcome = Result<Value, EvaluationError>;

/// A function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    least: usize,
    most: usize,
    run: fn(&Call<'_>) -> Outcome,
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.name == other.name
    }
}

/// Any number of arguments.
const MANY: usize = usize::MAX;

const fn function(
    name: &'static str,
    least: usize,
    most: usize,
    run: fn(&Call<'_>) -> Outcome,
) -> Function {
    Function {
        name,
        least,
        most,
        run,
    }
}

/// A call of a function that needs what is not here.
fn unsupported(call: &Call<'_>) -> EvaluationError {
    EvaluationError::Unsupported(call.function.to_owned())
}

/// The tables of all functions.
fn all() -> impl Iterator<Item = &'static Function> {
    let tables = [
        arrays::FUNCTIONS,
        certificates::FUNCTIONS,
        chance::FUNCTIONS,
        elsewhere::FUNCTIONS,
        metrics::FUNCTIONS,
        numbers::FUNCTIONS,
        objects::FUNCTIONS,
    ];
    tables
        .into_iter()
        .chain([
            patterns::FUNCTIONS,
            strings::FUNCTIONS,
            text::FUNCTIONS,
            times::FUNCTIONS,
            versions::FUNCTIONS,
        ])
        .flatten()
}

/// The function of a name.
pub(crate) fn named(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name == name)
}

/// The function whose name is most like `name`.
pub(crate) fn nearest(name: &str) -> &'static str {
    let common = |other: &str| {
        let shared = |length: usize| {
            let part = |text: &str| {
                text.as_bytes()
                    .windows(length)
                    .map(<[u8]>::to_vec)
                    .collect::<Vec<_>>()
            };
            let parts = part(other);
            part(name)
                .iter()
                .filter(|piece| parts.contains(piece))
                .count()
        };
        let length = name.len().abs_diff(other.len());
        (2 * shared(2) + shared(1)).saturating_sub(length)
    };
    all()
        .max_by_key(|function| common(function.name))
        .map_or("length", |function| function.name)
}

impl Function {
    /// Whether the function takes this many arguments.
    pub(crate) fn accepts(&self, count: usize) -> Result<(), String> {
        if (self.least..=self.most).contains(&count) {
            return Ok(());
        }
        let wanted = match (self.least, self.most) {
            (least, MANY) => format!("at least {least}"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        Err(format!(
            "{} takes {wanted} arguments, not {count}",
            self.name
        ))
    }

    /// Calls the function.
    pub(crate) fn call<'v>(
        &self,
        arguments: &'v [Node],
        current: &'v Value,
        context: Context<'v>,
    ) -> Outcome {
        let call = Call::evaluated(self.name, arguments, current, context)?;
        context.budget.made((self.run)(&call)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once() {
        let mut names: Vec<&str> = all().map(|function| function.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn the_nearest_function_is_the_one_that_was_meant() {
        assert_eq!(nearest("lenght"), "length");
        assert_eq!(nearest("start_with"), "starts_with");
    }
}
