//! The variables that expressions of a trial can read.

use crosscut_assertion::{Problem, template_within};
use crosscut_expr::{Budget, Scope};
use crosscut_suite::Trial;
use crosscut_suite::model::{Binding, Place};
use serde_json::{Value, json};

/// A template or binding that could not be evaluated.
#[derive(Debug)]
pub(crate) struct TemplateError {
    /// A code in path form.
    pub(crate) code: &'static str,
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// True if the expression needs a feature that crosscut does not have.
    pub(crate) unsupported: bool,
}

impl TemplateError {
    /// Returns the error for a problem in the document at `place`.
    pub(crate) fn of(problem: Problem, place: &Place) -> TemplateError {
        TemplateError {
            code: problem.code,
            place: place.with_span(problem.span),
            unsupported: problem.is_unsupported(),
            message: problem.message,
            help: problem.help,
        }
    }
}

/// Returns the scope of a trial: `$provider`, `$values`, `$namespace` (that of the trial's lease), the `handed`
/// variables, and the scenario's bindings.
///
/// # Errors
/// [`TemplateError`] if a binding's value cannot be evaluated.
pub(crate) fn trial_scope(
    scope: Scope,
    trial: &Trial,
    namespace: &str,
    handed: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<Scope, TemplateError> {
    let mut scope = scope
        .bind("provider", json!(trial.provider.name))
        .bind("values", trial.provider.values.clone())
        .bind("namespace", json!(namespace))
        .bind("scenario", json!(trial.scenario.name));
    for (name, value) in handed {
        scope = scope.bind(name, value);
    }
    with_bindings(scope, &trial.scenario.bindings)
}

/// Returns `scope` with `bindings`, in order: a value sees the earlier ones.
///
/// # Errors
/// [`TemplateError`] if a binding's value cannot be evaluated.
pub(crate) fn with_bindings(
    mut scope: Scope,
    bindings: &[Binding],
) -> Result<Scope, TemplateError> {
    // All bindings share one budget: with a budget each, many bindings could be too large together.
    let budget = Budget::new(&scope);
    for binding in bindings {
        let value = within(
            &budget,
            &binding.value,
            &binding.place,
            &Value::Null,
            &scope,
        )?;
        scope = scope.bind(binding.name.clone(), value);
    }
    Ok(scope)
}

/// Returns a template's value, with its `(expression)` strings evaluated.
///
/// # Errors
/// The first expression that cannot be evaluated.
pub(crate) fn evaluate(
    node: &crosscut_yaml::Node,
    place: &Place,
    scope: &Scope,
) -> Result<Value, TemplateError> {
    evaluate_on(node, place, &Value::Null, scope)
}

/// Returns a template's value, with its expressions evaluated on a given value.
///
/// # Errors
/// As [`evaluate`].
pub(crate) fn evaluate_on(
    node: &crosscut_yaml::Node,
    place: &Place,
    current: &Value,
    scope: &Scope,
) -> Result<Value, TemplateError> {
    within(&Budget::new(scope), node, place, current, scope)
}

fn within(
    budget: &Budget,
    node: &crosscut_yaml::Node,
    place: &Place,
    current: &Value,
    scope: &Scope,
) -> Result<Value, TemplateError> {
    template_within(budget, node, current, scope).map_err(|problems| {
        match problems.into_iter().next() {
            Some(problem) => TemplateError::of(problem, place),
            None => TemplateError {
                code: "template::evaluation",
                place: place.clone(),
                message: "the template could not be evaluated".to_owned(),
                help: None,
                unsupported: false,
            },
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crosscut_expr::Scope;
    use crosscut_suite::model::{Binding, Place, Source};
    use crosscut_yaml::{Limits, parse};
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{evaluate, with_bindings};

    /// Returns the bindings of a mapping, in order.
    fn bindings(text: &str) -> Vec<Binding> {
        let document = parse(text, &Limits::default()).unwrap().remove(0);
        let source = Arc::new(Source {
            name: "scenario.yaml".to_owned(),
            shown: "scenario.yaml".to_owned(),
            text: text.to_owned(),
        });
        let place = Place {
            source,
            span: document.span,
        };
        let entries = document.entries().unwrap().iter();
        entries
            .map(|entry| Binding {
                name: entry.key.text.clone(),
                value: entry.value.clone(),
                place: place.with_span(entry.value.span),
            })
            .collect()
    }

    /// Returns the last binding's value, with the earlier ones in scope.
    fn last(text: &str) -> Result<Value, (String, usize, bool)> {
        let mut bindings = bindings(text);
        let last = bindings.pop().unwrap();
        let scope = Scope::new().bind("values", json!({"a": 1, "text": "t"}));
        with_bindings(scope, &bindings)
            .and_then(|scope| evaluate(&last.value, &last.place, &scope))
            .map_err(|error| {
                let line = error.place.position().line;
                (error.message, line, error.unsupported)
            })
    }

    #[rstest]
    #[case::text("x: plain", json!("plain"))]
    #[case::number_stays_a_number("x: ($values.a)", json!(1))]
    #[case::deep("x: {b: [($values.text), {c: (@)}]}", json!({"b": ["t", {"c": null}]}))]
    #[case::earlier("x: 2\nz: ($x)", json!(2))]
    #[case::shadows("x: 2\nvalues: 3\nz: ($values)", json!(3))]
    #[case::missing_field("x: ($values.nothing)", Value::Null)]
    #[case::escaped("x: \\(a)\\", json!("(a)"))]
    #[case::a_key_stays_a_key("x: {(a): 1}", json!({"(a)": 1}))]
    fn a_template(#[case] text: &str, #[case] expected: Value) {
        assert_eq!(last(text), Ok(expected));
    }

    #[rstest]
    #[case::not_bound("x: 1\nz:\n  - 2\n  - ($q)", "nothing binds $q", 4, false)]
    #[case::of_an_earlier_binding(
        "x: (join('-', $values))\nz: 1",
        "join: argument 2 must be an array, not an object",
        1,
        false
    )]
    #[case::unsupported("x: (random('a'))", "the function random is not supported", 1, true)]
    fn what_cannot_be_evaluated(
        #[case] text: &str,
        #[case] message: &str,
        #[case] line: usize,
        #[case] unsupported: bool,
    ) {
        assert_eq!(last(text), Err((message.to_owned(), line, unsupported)));
    }
}
