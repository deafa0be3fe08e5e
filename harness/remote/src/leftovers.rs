//! Objects that killed runs left on a cluster, found by their label, and their deletion.

use std::collections::BTreeMap;

use crosscut_client::Api;

use crosscut_objects::object;
use http::Request;
use serde_json::Value;

use super::access::Access;
use super::ledger::{Created, LABEL};
use super::trial::{api, until_gone};
use crosscut_cluster::ClusterError;

/// An object with the label of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The run that created the object.
    pub run: String,
    created: Created,
}

impl std::fmt::Display for Leftover {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.created.fmt(formatter)
    }
}

/// Objects on a cluster that have the label of one run, or of any run.
pub struct Leftovers {
    api: Api,
    /// The objects that were found, sorted by run and then by kind.
    pub found: Vec<Leftover>,
    /// Kinds that the user may not list, with the reason. Objects of these kinds may be left.
    pub unseen: Vec<String>,
}

/// An object that was not deleted, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept(pub String);

/// A kind of object that can be listed and deleted.
struct Listed {
    api_version: String,
    kind: String,
    path: String,
}

impl Leftovers {
    /// Searches all kinds that the cluster serves. Lists each kind in one version of its group only.
    ///
    /// # Errors
    /// [`ClusterError::Start`] if the cluster does not respond, or its kinds or a list cannot be read.
    pub async fn find(access: &Access, run: Option<&str>) -> Result<Leftovers, ClusterError> {
        access.check().await?;
        let mut leftovers = Leftovers {
            api: api(&access.client),
            found: Vec::new(),
            unseen: Vec::new(),
        };
        for listed in kinds(&leftovers.api).await? {
            leftovers.list(access, &listed, run).await?;
        }
        leftovers
            .found
            .sort_by(|one, other| one.run.cmp(&other.run));
        Ok(leftovers)
    }

    async fn list(
        &mut self,
        access: &Access,
        listed: &Listed,
        run: Option<&str>,
    ) -> Result<(), ClusterError> {
        let selector = match run {
            Some(run) => format!("{LABEL}%3D{run}"),
            None => LABEL.to_owned(),
        };
        let failed = |error: crosscut_cluster::Source| ClusterError::start(error, None);
        let path = format!("{}?labelSelector={selector}", listed.path);
        let request = Request::get(path).body(Vec::new());
        let request = request.map_err(|error| failed(error.into()))?;
        let list: Value = match access.client.request(request).await {
            Ok(list) => list,
            Err(kube::Error::Api(status)) if status.code == 403 => {
                self.unseen.push(format!(
                    "{} of {}: {}",
                    listed.kind, listed.api_version, status.message
                ));
                return Ok(());
            }
            // The kind is not served any more, or has no list.
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 405) => return Ok(()),
            Err(error) => return Err(failed(error.into())),
        };
        for item in list
            .get("items")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.found.extend(leftover(item, listed, run));
        }
        Ok(())
    }

    /// Deletes all objects that were found and waits until they are gone: first other objects, then definitions, then
    /// namespaces. Returns the objects that are not gone.
    pub async fn delete(self) -> Vec<Kept> {
        let created = self.found.into_iter().map(|leftover| leftover.created);
        let (last, first): (Vec<Created>, Vec<Created>) =
            created.partition(|created| created.is_namespace() || created.is_definition());
        let (namespaces, definitions) = last.into_iter().partition(Created::is_namespace);
        let mut kept = Vec::new();
        for created in [first, definitions, namespaces] {
            let left = until_gone(&self.api, created, None).await;
            kept.extend(left.iter().map(|left| Kept(left.to_string())));
        }
        kept
    }
}

/// Returns the object if it has the label. Servers that ignore the selector also return objects without the label.
fn leftover(item: &Value, listed: &Listed, run: Option<&str>) -> Option<Leftover> {
    let label = object::label(item, LABEL);
    if label.is_empty() || run.is_some_and(|run| run != label) {
        return None;
    }
    let mut item = item.clone();
    // Items of lists of built-in kinds have no `apiVersion` and `kind`.
    object::set(
        &mut item,
        &["apiVersion"],
        listed.api_version.clone().into(),
    );
    object::set(&mut item, &["kind"], listed.kind.clone().into());
    Some(Leftover {
        run: label.to_owned(),
        created: Created::of(&item)?,
    })
}

/// Returns each kind of object that can be listed and deleted.
async fn kinds(api: &Api) -> Result<Vec<Listed>, ClusterError> {
    let failed = |error| ClusterError::start(error, None);
    let mut versions = BTreeMap::from([("v1".to_owned(), "/api/v1".to_owned())]);
    let groups = api.document("/apis").await.map_err(failed)?;
    for group in groups
        .get("groups")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let listed = group.get("versions").and_then(Value::as_array);
        for version in listed.into_iter().flatten() {
            let version = object::text(version, &["groupVersion"]).to_owned();
            let path = format!("/apis/{version}");
            versions.insert(version, path);
        }
    }
    let mut kinds: BTreeMap<String, Listed> = BTreeMap::new();
    for (api_version, path) in versions {
        let resources = match api.document(&path).await {
            Ok(resources) => resources,
            // The server of an aggregated API does not respond, or the version is gone.
            Err(error) if error.status().is_some() => continue,
            Err(error) => return Err(failed(error)),
        };
        let resources = resources
            .get("resources")
            .and_then(Value::as_array)
            .cloned();
        for resource in resources.unwrap_or_default() {
            let name = object::text(&resource, &["name"]);
            let verbs = resource.get("verbs").and_then(Value::as_array);
            let can = |verb: &str| verbs.is_some_and(|verbs| verbs.iter().any(|one| one == verb));
            if name.contains('/') || !can("list") || !can("delete") {
                continue;
            }
            // An object is the same in all versions of its group.
            let group = object::group_of(&api_version);
            kinds.entry(format!("{name}.{group}")).or_insert(Listed {
                api_version: api_version.clone(),
                kind: object::kind(&resource).to_owned(),
                path: format!("{path}/{name}"),
            });
        }
    }
    Ok(kinds.into_values().collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crosscut_objects::ObjectRef;
    use serde_json::json;

    use super::*;
    use crate::ledger::Ledger;
    use crate::recorded::recorded;
    use crate::testing::InProcess;

    fn map(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}})
    }

    /// Creates a cluster with objects of two runs and of another user.
    async fn shared() -> (InProcess, Access) {
        let cluster = InProcess::new();
        for run in ["one", "two"] {
            let ledger = Arc::new(Ledger::of_run(run));
            let api = api(&recorded(&cluster.client, &ledger));
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("of-{run}")}});
            for object in [&namespace, &map(run)] {
                api.create(object).await.unwrap();
            }
        }
        let plain = api(&cluster.client);
        plain.create(&map("theirs")).await.unwrap();
        let mut other = map("labelled-otherwise");
        other["metadata"]["labels"] = json!({"example.org/run": "one"});
        plain.create(&other).await.unwrap();
        let access = cluster.connection(&[]);
        (cluster, access)
    }

    fn said(leftovers: &Leftovers) -> Vec<String> {
        let line = |one: &Leftover| format!("{} {one}", one.run);
        leftovers.found.iter().map(line).collect()
    }

    #[tokio::test]
    async fn everything_with_the_label_is_found_and_nothing_else() {
        let (_cluster, access) = shared().await;
        let of_all = Leftovers::find(&access, None).await.unwrap();
        assert_eq!(
            said(&of_all),
            [
                "one ConfigMap default/one",
                "one Namespace of-one",
                "two ConfigMap default/two",
                "two Namespace of-two",
            ]
        );
        let of_one = Leftovers::find(&access, Some("one")).await.unwrap();
        assert_eq!(
            said(&of_one),
            ["one ConfigMap default/one", "one Namespace of-one"]
        );
        let of_none = Leftovers::find(&access, Some("three")).await.unwrap();
        assert_eq!(said(&of_none), Vec::<String>::new());
    }

    #[tokio::test]
    async fn what_is_found_is_deleted_and_nothing_else() {
        let (mut cluster, access) = shared().await;
        let leftovers = Leftovers::find(&access, Some("one")).await.unwrap();
        let deleting = tokio::spawn(leftovers.delete());
        while !deleting.is_finished() {
            cluster.settle().await;
            tokio::task::yield_now().await;
        }
        assert_eq!(deleting.await.unwrap(), Vec::<Kept>::new());
        let left = Leftovers::find(&access, None).await.unwrap();
        assert_eq!(
            said(&left),
            ["two ConfigMap default/two", "two Namespace of-two"]
        );
        let plain = api(&cluster.client);
        for name in ["theirs", "labelled-otherwise"] {
            plain.get(ObjectRef::of(&map(name))).await.unwrap();
        }
        assert!(
            plain
                .get(ObjectRef::of(&map("one")))
                .await
                .unwrap_err()
                .is_not_found()
        );
    }
}
