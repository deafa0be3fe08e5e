//! Kinds that are not served yet: their definition was applied or composed, but is not established.

use std::time::Duration;

use crosscut_cluster::SettleError;
use crosscut_objects::object;
use crosscut_suite::model::Side;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::api::Api;
use crate::session::Session;
use crate::target::Target;

/// The pause between two polls.
const POLL: Duration = Duration::from_millis(100);
/// The time that a definition with accepted names may take to be served: kube-apiserver needs seconds.
const WITHIN: Duration = Duration::from_secs(15);

/// Waits until the clusters are at rest, and then for a definition of the kind. Returns true if the kind is
/// served.
///
/// # Errors
/// [`SettleError`] if the clusters do not settle.
pub(super) async fn wait_for(
    api_version: &str,
    kind: &str,
    side: Side,
    session: &mut Session,
) -> Result<bool, SettleError> {
    session.settle().await?;
    let end = Instant::now() + WITHIN;
    loop {
        let api = session.api(side);
        if api.client().is_namespaced(api_version, kind).await.is_ok() {
            return Ok(true);
        }
        if !is_defined(api_version, kind, api).await || Instant::now() >= end {
            return Ok(false);
        }
        sleep(POLL).await;
    }
}

/// Returns true if a definition has the kind in this version, and its names are not rejected.
async fn is_defined(api_version: &str, kind: &str, api: &Api) -> bool {
    let Some(definitions) = Target::all("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    else {
        return false;
    };
    // Without the permission to read definitions, none is known.
    let definitions = api.find(&definitions).await.unwrap_or_default();
    definitions
        .iter()
        .any(|definition| defines(definition, api_version, kind))
}

fn defines(definition: &Value, api_version: &str, kind: &str) -> bool {
    let spec = |path: &[&str]| object::text(definition, path).to_owned();
    let is_kind = spec(&["spec", "group"]) == object::group_of(api_version)
        && spec(&["spec", "names", "kind"]) == kind;
    let list = |path: &[&str]| {
        object::at(definition, path)
            .and_then(Value::as_array)
            .cloned()
    };
    let versions = list(&["spec", "versions"]).unwrap_or_default();
    let is_version = |version: &Value| {
        object::text(version, &["name"]) == object::version_of(api_version)
            && version.get("served") == Some(&Value::Bool(true))
    };
    let conditions = list(&["status", "conditions"]).unwrap_or_default();
    let is_refused = |condition: &Value| {
        object::text(condition, &["type"]) == "NamesAccepted"
            && object::text(condition, &["status"]) == "False"
    };
    is_kind
        && versions.iter().any(is_version)
        && !conditions.iter().any(is_refused)
        && !object::is_being_deleted(definition)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::defines;

    #[rstest]
    #[case::it("example.org/v1", "Kit", "True", true)]
    #[case::another_kind("example.org/v1", "Kite", "True", false)]
    #[case::another_group("example.com/v1", "Kit", "True", false)]
    #[case::a_version_that_is_not_served("example.org/v2", "Kit", "True", false)]
    #[case::a_version_that_is_not_there("example.org/v3", "Kit", "True", false)]
    #[case::names_that_are_taken("example.org/v1", "Kit", "False", false)]
    fn what_a_definition_defines(
        #[case] api_version: &str,
        #[case] kind: &str,
        #[case] accepted: &str,
        #[case] expected: bool,
    ) {
        let definition = json!({
            "spec": {
                "group": "example.org",
                "names": {"kind": "Kit"},
                "versions": [{"name": "v1", "served": true}, {"name": "v2", "served": false}],
            },
            "status": {"conditions": [{"type": "NamesAccepted", "status": accepted}]},
        });
        assert_eq!(defines(&definition, api_version, kind), expected);
    }
}
