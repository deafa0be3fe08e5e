//! The check of Crossplane's version on a cluster.

use std::collections::BTreeMap;

use crosscut_client::{Api, ApiError};

use crosscut_objects::{ObjectRef, object};
use serde_json::Value;

use super::Finding;

/// The major version that the suite's documents and crosscut's settling need.
const MAJOR: u32 = 2;
const HELP: &str =
    "install Crossplane 2 there, for example by its Helm chart, and wait until it runs";

/// An installed Crossplane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The version of the image; `None` if its Deployment is missing or may not be read.
    image: Option<String>,
    /// True if the definition of composite resource definitions serves `v2`.
    serves_second: bool,
}

/// Looks for Crossplane's definitions and its Deployment. Returns `None` if the definitions are missing.
///
/// # Errors
/// [`ApiError`] if the definition cannot be read.
pub(super) async fn find(api: &Api) -> Result<Option<Found>, ApiError> {
    let name = "compositeresourcedefinitions.apiextensions.crossplane.io";
    let address = ObjectRef::cluster("apiextensions.k8s.io/v1", "CustomResourceDefinition", name);
    let definition = match api.get(address).await {
        Err(error) if error.is_not_found() => return Ok(None),
        definition => definition?,
    };
    let labels = BTreeMap::from([("app".to_owned(), "crossplane".to_owned())]);
    // The user may have no right to list Deployments; the served versions are enough then.
    let deployments = api.list("apps/v1", "Deployment", "", &labels).await;
    Ok(Some(Found {
        image: deployments
            .unwrap_or_default()
            .iter()
            .find_map(|deployment| image(deployment)),
        serves_second: serves(&definition, "v2"),
    }))
}

/// Returns the finding if Crossplane is missing or has another major version.
pub(super) fn judge(found: &Option<Found>) -> Option<Finding> {
    let Some(found) = found else {
        return Some(Finding::new("Crossplane is not installed there", HELP));
    };
    let version = found.image.as_deref();
    match version.and_then(major) {
        Some(MAJOR) => None,
        None if found.serves_second => None,
        _ => {
            let version = version.unwrap_or("1");
            let what = format!("Crossplane {version} runs there, not Crossplane {MAJOR}");
            Some(Finding::new(
                what,
                format!("upgrade it, or use another cluster; {HELP}"),
            ))
        }
    }
}

/// Returns the version of Crossplane's image in a Deployment.
fn image(deployment: &Value) -> Option<String> {
    let containers = object::at(deployment, &["spec", "template", "spec", "containers"])?;
    containers.as_array()?.iter().find_map(|container| {
        let image = object::text(container, &["image"]);
        let (name, _digest) = image.split_once('@').unwrap_or((image, ""));
        let (name, tag) = name.rsplit_once(':')?;
        (name.rsplit('/').next()? == "crossplane")
            .then(|| tag.strip_prefix('v').unwrap_or(tag).to_owned())
    })
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

fn serves(definition: &Value, name: &str) -> bool {
    let versions = definition["spec"]["versions"].as_array();
    versions
        .into_iter()
        .flatten()
        .any(|version| version["name"] == name && version["served"] == true)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::{Found, image, judge};

    #[rstest]
    #[case::tagged("registry.example.org/crossplane/crossplane:v2.2.0", Some("2.2.0"))]
    #[case::with_a_digest("crossplane/crossplane:v1.20.1@sha256:00", Some("1.20.1"))]
    #[case::digest_alone("crossplane/crossplane@sha256:00", None)]
    #[case::with_a_port("localhost:5000/crossplane", None)]
    #[case::something_else("crossplane/provider-kubernetes:v1.2.0", None)]
    fn images_say_their_version(#[case] text: &str, #[case] version: Option<&str>) {
        let deployment = json!({"spec": {"template": {"spec": {"containers": [
            {"name": "sidecar", "image": "proxy:v9.9.9"}, {"name": "crossplane", "image": text},
        ]}}}});
        assert_eq!(image(&deployment).as_deref(), version);
    }

    #[rstest]
    #[case::the_second(Some("2.2.0"), true, None)]
    #[case::the_first(
        Some("1.20.1"),
        false,
        Some("Crossplane 1.20.1 runs there, not Crossplane 2")
    )]
    #[case::a_later_one(
        Some("3.0.0"),
        true,
        Some("Crossplane 3.0.0 runs there, not Crossplane 2")
    )]
    #[case::outside_and_the_second(None, true, None)]
    #[case::outside_and_the_first(None, false, Some("Crossplane 1 runs there, not Crossplane 2"))]
    #[case::a_name_for_a_version(Some("master"), true, None)]
    fn another_major_version_is_refused(
        #[case] image: Option<&str>,
        #[case] serves_second: bool,
        #[case] says: Option<&str>,
    ) {
        let found = Found {
            image: image.map(str::to_owned),
            serves_second,
        };
        let finding = judge(&Some(found));
        assert_eq!(finding.map(|finding| finding.what).as_deref(), says);
    }
}
