//! The check that the suite's functions are installed, so that Crossplane can call them.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use crosscut_client::{Api, ApiError};

use crosscut_objects::object;
use crosscut_suite::model::Suite;
use serde_json::Value;

use super::Finding;

const API_VERSION: &str = "pkg.crossplane.io/v1";

/// Returns a finding for each function that Crossplane cannot call. Crossplane needs an active revision with an
/// endpoint.
///
/// # Errors
/// [`ApiError`] if the revisions cannot be listed.
pub(super) async fn missing(api: &Api, suite: &Suite) -> Result<Vec<Finding>, ApiError> {
    let mut findings = Vec::new();
    for function in &suite.functions {
        let labels = BTreeMap::from([(
            "pkg.crossplane.io/package".to_owned(),
            function.name.clone(),
        )]);
        let revisions = match api.list(API_VERSION, "FunctionRevision", "", &labels).await {
            Err(error) if error.is_no_match() || error.is_not_found() => Vec::new(),
            revisions => revisions?,
        };
        findings.extend(judge(&function.name, &revisions));
    }
    Ok(findings)
}

fn judge(name: &str, revisions: &[impl Borrow<Value>]) -> Option<Finding> {
    let active = revisions
        .iter()
        .map(Borrow::borrow)
        .find(|revision| object::text(revision, &["spec", "desiredState"]) == "Active");
    let Some(active) = active else {
        return Some(Finding::new(
            format!("the function {name} is not installed there"),
            format!("install its package as a Function called {name}"),
        ));
    };
    if !object::text(active, &["status", "endpoint"]).is_empty() {
        return None;
    }
    let revision = object::name(active);
    Some(Finding::new(
        format!("the function {name} is installed there and is not served"),
        format!("see kubectl describe functionrevision {revision}"),
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::judge;

    fn revision(state: &str, endpoint: &str) -> Value {
        json!({"metadata": {"name": "f-1"}, "spec": {"desiredState": state}, "status": {"endpoint": endpoint}})
    }

    #[rstest]
    #[case::served(&[revision("Inactive", ""), revision("Active", "https://f:9443")], None)]
    #[case::absent(&[], Some("the function f is not installed there"))]
    #[case::switched_off(&[revision("Inactive", "https://f:9443")], Some("the function f is not installed there"))]
    #[case::not_running(&[revision("Active", "")], Some("the function f is installed there and is not served"))]
    fn functions_are_judged_by_their_active_revision(
        #[case] revisions: &[Value],
        #[case] says: Option<&str>,
    ) {
        let finding = judge("f", revisions);
        assert_eq!(finding.map(|finding| finding.what).as_deref(), says);
    }
}
