//! Defining kinds on a real API server, and waiting until it serves them.

use std::collections::BTreeSet;
use std::time::Duration;

use crosscut_client::Api;

use crosscut_objects::{ObjectRef, object};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::CrossplaneError;

/// The field manager of what is installed; the suite's documents have the same, so that a document of the suite takes
/// the place of what was here before it, and leaves none of its fields.
pub(super) const MANAGER: &str = "crosscut";

/// The time that the API server may take from a definition to serving the kind.
const DEADLINE: Duration = Duration::from_secs(60);
/// Between two looks.
const POLL: Duration = Duration::from_millis(50);
const KIND: &str = "CustomResourceDefinition";
const API_VERSION: &str = "apiextensions.k8s.io/v1";

/// A client for what is installed.
pub(super) fn api(client: &kube::Client) -> Api {
    Api::new(client.clone(), MANAGER)
}

/// Creates the definitions that are not there yet, and waits until their kinds are served. One that is there stays as
/// it is: suites bring their own of some kinds.
///
/// # Errors
/// If the API server refuses one, or does not serve a kind in time.
pub(super) async fn define(api: &Api, definitions: &[Value]) -> Result<(), CrossplaneError> {
    for definition in definitions {
        create_missing(api, definition).await?;
    }
    let mut awaited: BTreeSet<Served> = definitions.iter().flat_map(served).collect();
    let end = Instant::now() + DEADLINE;
    loop {
        awaited = not_served(api, awaited).await?;
        let Some(first) = awaited.first() else {
            return Ok(());
        };
        if Instant::now() >= end {
            return Err(CrossplaneError::NotServed {
                resource: format!("{} of {}", first.plural, first.group_version),
                deadline: DEADLINE,
            });
        }
        sleep(POLL).await;
    }
}

async fn create_missing(api: &Api, definition: &Value) -> Result<(), CrossplaneError> {
    let name = object::name(definition);
    let failed = CrossplaneError::api(format!("define {name}"));
    let there = api.get(ObjectRef::cluster(API_VERSION, KIND, name)).await;
    match there {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => {
            let applied = api.apply(definition, MANAGER).await;
            applied.map(drop).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// A resource in a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Served {
    group_version: String,
    plural: String,
}

/// The resources that a definition makes the API server serve.
fn served(definition: &Value) -> Vec<Served> {
    let text = |path: &[&str]| object::text(definition, path).to_owned();
    let versions = definition["spec"]["versions"].as_array();
    versions
        .into_iter()
        .flatten()
        .filter(|version| version["served"] == true)
        .map(|version| Served {
            group_version: format!(
                "{}/{}",
                text(&["spec", "group"]),
                object::text(version, &["name"])
            ),
            plural: text(&["spec", "names", "plural"]),
        })
        .collect()
}

/// Those which the API server does not serve yet. That a definition is Established is not enough: programs look kinds
/// up in the list of groups, which follows later.
async fn not_served(
    api: &Api,
    awaited: BTreeSet<Served>,
) -> Result<BTreeSet<Served>, CrossplaneError> {
    let groups = document(api, "/apis").await?;
    let mut missing = awaited;
    let versions: BTreeSet<String> = missing
        .iter()
        .map(|served| served.group_version.clone())
        .filter(|version| lists_version(&groups, version))
        .collect();
    for version in versions {
        let resources = document(api, &format!("/apis/{version}")).await?;
        missing
            .retain(|served| served.group_version != version || !lists(&resources, &served.plural));
    }
    Ok(missing)
}

/// A document of discovery; nothing if it does not exist yet.
async fn document(api: &Api, path: &str) -> Result<Value, CrossplaneError> {
    match api.document(path).await {
        Err(error) if error.is_not_found() => Ok(Value::Null),
        answer => answer.map_err(CrossplaneError::api("read what the API server serves")),
    }
}

fn lists_version(groups: &Value, group_version: &str) -> bool {
    let groups = groups["groups"].as_array();
    let mut versions = groups
        .into_iter()
        .flatten()
        .filter_map(|group| group["versions"].as_array())
        .flatten();
    versions.any(|version| version["groupVersion"] == group_version)
}

fn lists(resources: &Value, plural: &str) -> bool {
    let resources = resources["resources"].as_array();
    resources
        .into_iter()
        .flatten()
        .any(|resource| resource["name"] == plural)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definition_serves_what_it_says() {
        let definition = json!({"spec": {
            "group": "example.org",
            "names": {"plural": "things"},
            "versions": [
                {"name": "v1", "served": true},
                {"name": "v1beta1", "served": false},
                {"name": "v2", "served": true},
            ],
        }});
        let resource = |version: &str| Served {
            group_version: format!("example.org/{version}"),
            plural: "things".to_owned(),
        };
        assert_eq!(served(&definition), [resource("v1"), resource("v2")]);
    }

    #[test]
    fn discovery_is_read() {
        let groups = json!({"groups": [{"versions": [{"groupVersion": "example.org/v1"}]}]});
        assert!(lists_version(&groups, "example.org/v1"));
        assert!(!lists_version(&groups, "example.org/v2"));
        let resources = json!({"resources": [{"name": "things/status"}, {"name": "others"}]});
        assert!(lists(&resources, "others"));
        assert!(!lists(&resources, "things"));
    }
}
