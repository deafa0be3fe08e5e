//! Functions that need the environment or a cluster. Those that need a cluster are not here: they parse, so that
//! documents can be carried over, and say so when they are evaluated.

use serde_json::json;

use super::arguments::Call;
use super::{Function, MANY, Outcome, function, unsupported};
use crate::error::EvaluationError;

pub(super) const FUNCTIONS: &[Function] = &[
    function("env", 1, 1, environment),
    function("x_k8s_exists", 5, 5, refused),
    function("x_k8s_get", 5, 5, refused),
    function("x_k8s_list", 3, 4, refused),
    function("x_k8s_resource_exists", 3, 3, refused),
    function("x_k8s_server_version", 0, MANY, refused),
];

/// The value of an environment variable that may be read; empty if it is not set.
fn environment(call: &Call<'_>) -> Outcome {
    let name = call.string(0)?;
    match call.context().scope.surroundings().variable(name) {
        Some(value) => Ok(json!(value)),
        None => Err(EvaluationError::VariableNotAllowed(name.to_owned())),
    }
}

fn refused(call: &Call<'_>) -> Outcome {
    Err(unsupported(call))
}
