//! The current objects of an API server, by lists and not by watches.

use std::collections::BTreeSet;

use crosscut_objects::Resource;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DynamicObject, ListParams};
use serde_json::Value;

use super::resources;

/// The number of concurrent lists.
const AT_A_TIME: usize = 8;

/// Returns every object of the watched kinds, with its resource.
///
/// # Errors
/// The error of the first list that fails. A kind that is gone meanwhile has no objects.
pub(super) async fn everything(
    client: &kube::Client,
) -> Result<Vec<(Resource, Value)>, kube::Error> {
    let lists = kinds(client).await?.into_iter().map(|resource| async move {
        let objects = list(client, &resource).await?;
        Ok(objects
            .into_iter()
            .map(|object| (resource.clone(), object))
            .collect::<Vec<_>>())
    });
    stream::iter(lists)
        .buffer_unordered(AT_A_TIME)
        .try_concat()
        .await
}

/// Returns the current revision of the store behind an API server; `None` if its version is no number. All later
/// changes have a higher revision.
///
/// # Errors
/// The error of the list request.
pub(super) async fn revision(client: &kube::Client) -> Result<Option<u64>, kube::Error> {
    let namespaces: kube::Api<Namespace> = kube::Api::all(client.clone());
    let list = namespaces
        .list_metadata(&ListParams::default().limit(1))
        .await?;
    Ok(list
        .metadata
        .resource_version
        .and_then(|version| version.parse().ok()))
}

/// Returns the resources of definitions, each in its storage version, as watches use it, and all other discovered
/// resources. Discovery lists new definitions a little later.
async fn kinds(client: &kube::Client) -> Result<Vec<Resource>, kube::Error> {
    let found = resources::discover(client).await?;
    let is_definition = |resource: &&Resource| {
        resource.group == "apiextensions.k8s.io" && resource.kind == "CustomResourceDefinition"
    };
    let definitions = match found.iter().find(is_definition) {
        Some(definitions) => list(client, definitions).await?,
        None => Vec::new(),
    };
    let mut kinds: Vec<Resource> = definitions.iter().filter_map(resources::defined).collect();
    let defined: BTreeSet<(String, String)> = kinds.iter().map(name).collect();
    let built_in = found
        .into_iter()
        .filter(|one| !defined.contains(&name(one)));
    kinds.extend(built_in);
    Ok(kinds)
}

fn name(resource: &Resource) -> (String, String) {
    (resource.group.clone(), resource.plural.clone())
}

async fn list(client: &kube::Client, resource: &Resource) -> Result<Vec<Value>, kube::Error> {
    let kind = resources::api_resource(resource);
    let api: kube::Api<DynamicObject> = kube::Api::all_with(client.clone(), &kind);
    match api.list(&ListParams::default()).await {
        Ok(list) => Ok(list
            .items
            .iter()
            .filter_map(|object| resources::json(resource, object))
            .collect()),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
