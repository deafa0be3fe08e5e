//! Functions that need something from outside: the present, the environment, a cluster. And those that Chainsaw
//! knows and crosscut does not yet: they parse, so that documents can be carried over, and say so when evaluated.

use serde_json::{Value, json};

use super::arguments::Call;
use super::{Function, MANY, Outcome, function};
use crate::error::EvaluationError;

pub(super) const FUNCTIONS: &[Function] = &[
    function("env", 1, 1, |call| {
        Ok(json!(
            call.context()
                .scope
                .variable(call.string(0)?)
                .unwrap_or_default()
        ))
    }),
    function("time_now", 0, 0, now),
    function("time_now_utc", 0, 0, now),
    function("parse_yaml", 1, 1, unsupported),
    function("random", 1, 1, unsupported),
    function("semver_compare", 2, 2, unsupported),
    function("time_add", 2, 2, unsupported),
    function("time_after", 2, 2, unsupported),
    function("time_before", 2, 2, unsupported),
    function("time_between", 3, 3, unsupported),
    function("time_diff", 2, 2, unsupported),
    function("time_parse", 2, 2, unsupported),
    function("time_since", 3, 3, unsupported),
    function("time_to_cron", 1, 1, unsupported),
    function("time_truncate", 2, 2, unsupported),
    function("time_utc", 1, 1, unsupported),
    function("x509_decode", 1, 1, unsupported),
    function("x_k8s_exists", 5, 5, unsupported),
    function("x_k8s_get", 5, 5, unsupported),
    function("x_k8s_list", 3, 4, unsupported),
    function("x_k8s_resource_exists", 3, 3, unsupported),
    function("x_k8s_server_version", 0, MANY, unsupported),
    function("x_metrics_decode", 1, 1, unsupported),
];

/// RFC 3339, in UTC whatever the machine's zone: verdicts must not depend on it.
fn now(call: &Call<'_>) -> Outcome {
    match call.context().scope.now() {
        Some(now) => Ok(Value::String(
            now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        )),
        None => unsupported(call),
    }
}

fn unsupported(call: &Call<'_>) -> Outcome {
    Err(EvaluationError::Unsupported(call.function.to_owned()))
}
