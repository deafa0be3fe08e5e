//! What expressions of a trial can see.

use crosscut_assertion::template;
use crosscut_expr::Scope;
use crosscut_suite::Trial;
use crosscut_suite::model::{Binding, Place};
use serde_json::{Value, json};

/// A template or binding that could not be evaluated.
#[derive(Debug)]
pub(crate) struct TemplateError {
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// Whether it asks for what is not here.
    pub(crate) unsupported: bool,
}

/// `$provider`, `$values`, `$namespace` (the one that the trial's lease has) and the scenario's bindings.
///
/// # Errors
/// Where a binding's value cannot be evaluated.
pub(crate) fn trial_scope(trial: &Trial, namespace: &str) -> Result<Scope, TemplateError> {
    let scope = Scope::new()
        .bind("provider", json!(trial.provider.name))
        .bind("values", trial.provider.values.clone())
        .bind("namespace", json!(namespace))
        .bind("scenario", json!(trial.scenario.name));
    with_bindings(scope, &trial.scenario.bindings)
}

/// `scope` with `bindings`, in order: a value sees the earlier ones.
///
/// # Errors
/// Where a binding's value cannot be evaluated.
pub(crate) fn with_bindings(
    mut scope: Scope,
    bindings: &[Binding],
) -> Result<Scope, TemplateError> {
    for binding in bindings {
        let value = evaluate(&binding.value, &binding.place, &scope)?;
        scope = scope.bind(binding.name.clone(), value);
    }
    Ok(scope)
}

/// A template's value: `(expression)` strings are evaluated.
///
/// # Errors
/// The first expression that cannot be evaluated.
pub(crate) fn evaluate(
    node: &crosscut_yaml::Node,
    place: &Place,
    scope: &Scope,
) -> Result<Value, TemplateError> {
    template(node, scope).map_err(|problems| match problems.into_iter().next() {
        Some(problem) => TemplateError {
            place: place.with_span(problem.span),
            unsupported: problem.is_unsupported(),
            message: problem.message,
            help: problem.help,
        },
        None => TemplateError {
            place: place.clone(),
            message: "the template could not be evaluated".to_owned(),
            help: None,
            unsupported: false,
        },
    })
}
