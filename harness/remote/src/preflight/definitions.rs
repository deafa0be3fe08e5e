//! The check of the providers' definitions: if they exist, and in which versions.

use crosscut_client::{Api, ApiError};

use crosscut_objects::{ObjectRef, object};
use crosscut_suite::model::Resource;
use serde_json::Value;

use super::{Asked, Finding, definitions_of};
use crate::definitions::name_of;

/// The maximum number of names that a finding quotes.
const QUOTED: usize = 5;

/// Returns the definitions to be installed. An existing definition stays if it serves the same versions as the
/// document. Adds a finding if it does not, or if a definition is missing and there are no stand-ins.
///
/// # Errors
/// [`ApiError`] if a definition cannot be read.
pub(super) async fn look(
    asked: &Asked<'_>,
    api: &Api,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Resource>, ApiError> {
    let mut missing = Vec::new();
    let mut unserved = Vec::new();
    for resource in definitions_of(&asked.suite.providers) {
        let wanted = resource.node.to_value();
        let name = object::name(&wanted);
        let address =
            ObjectRef::cluster("apiextensions.k8s.io/v1", "CustomResourceDefinition", name);
        match api.get(address).await {
            Err(error) if error.is_not_found() => missing.push(resource.clone()),
            there => unserved.extend(versions_without(&wanted, &there?)),
        }
    }
    if !unserved.is_empty() {
        findings.push(Finding::new(
            format!(
                "kinds are served in other versions: not as {}",
                some_of(&unserved)
            ),
            "use the versions of the providers that the suite was written for",
        ));
    }
    if asked.stand_ins || missing.is_empty() {
        return Ok(missing);
    }
    let names: Vec<String> = missing.iter().map(name_of).collect();
    findings.push(Finding::new(
        format!("kinds are not defined there: {}", some_of(&names)),
        "install the providers that serve them, or let crosscut stand in for them: standIns: true under \
         clusters.kubeconfig in crosscut.yaml",
    ));
    Ok(Vec::new())
}

/// Returns the wanted versions that are not served, each as `v1 of things.example.org`.
fn versions_without(wanted: &Value, there: &Value) -> Vec<String> {
    let served = served(there);
    self::served(wanted)
        .filter(|version| !served.clone().any(|other| other == *version))
        .map(|version| format!("{version} of {}", object::name(wanted)))
        .collect()
}

fn served(definition: &Value) -> impl Iterator<Item = &str> + Clone {
    let versions = definition["spec"]["versions"].as_array();
    versions
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter(|version| version["served"] == true)
        .map(|version| object::text(version, &["name"]))
}

fn some_of(names: &[String]) -> String {
    let rest = names.len().saturating_sub(QUOTED);
    let quoted = names[..names.len() - rest].join(", ");
    if rest == 0 {
        quoted
    } else {
        format!("{quoted} and {rest} more")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{some_of, versions_without};

    fn definition(versions: &[(&str, bool)]) -> Value {
        let versions: Vec<Value> = versions
            .iter()
            .map(|(name, served)| json!({"name": name, "served": served}))
            .collect();
        json!({"metadata": {"name": "things.example.org"}, "spec": {"versions": versions}})
    }

    #[rstest]
    #[case::the_same(&[("v1", true)], &[])]
    #[case::more(&[("v1", true), ("v2", true)], &[])]
    #[case::no_longer(&[("v1", false), ("v2", true)], &["v1 of things.example.org"])]
    #[case::another(&[("v2", true)], &["v1 of things.example.org"])]
    fn what_is_served_must_be_what_is_wanted(
        #[case] there: &[(&str, bool)],
        #[case] expected: &[&str],
    ) {
        let wanted = definition(&[("v1", true), ("v1beta1", false)]);
        assert_eq!(versions_without(&wanted, &definition(there)), expected);
    }

    #[rstest]
    #[case(1, "0")]
    #[case(5, "0, 1, 2, 3, 4")]
    #[case(7, "0, 1, 2, 3, 4 and 2 more")]
    fn long_lists_are_cut(#[case] count: usize, #[case] expected: &str) {
        let names: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        assert_eq!(some_of(&names), expected);
    }
}
