//! The controller of namespaces: deletes all objects of a namespace that is being deleted, then finalizes the
//! namespace.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use crosscut_client::{Api, Deletion};
use crosscut_objects::{Change, Event};

use crosscut_objects::object;
use serde_json::{Value, json};

use super::requests::{api, failed, find, set_condition};
use crate::context::Context;
use crate::controller::{Action, Controller, ReconcileError};
use crosscut_objects::Key;

/// The controller of namespaces.
pub struct Namespaces;

#[async_trait]
impl Controller for Namespaces {
    fn name(&self) -> &str {
        "namespaces"
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        let resource = &event.resource;
        if resource.group.is_empty() && resource.kind == "Namespace" {
            return vec![Key::of(event)];
        }
        let last_of_its_namespace = event.change == Change::Deleted && resource.namespaced;
        if last_of_its_namespace {
            return vec![key(object::namespace(&event.object))];
        }
        Vec::new()
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        let api = api(context, "kube-controller-manager");
        let Some(namespace) = find(&api, key).await? else {
            return Ok(Action::AwaitChange);
        };
        if object::is_being_deleted(&namespace) {
            empty(&api, context, Arc::unwrap_or_clone(namespace)).await?;
        }
        Ok(Action::AwaitChange)
    }
}

fn key(name: &str) -> Key {
    Key {
        group: String::new(),
        version: "v1".to_owned(),
        kind: "Namespace".to_owned(),
        namespace: None,
        name: name.to_owned(),
    }
}

async fn empty(api: &Api, context: &Context, mut namespace: Value) -> Result<(), ReconcileError> {
    let name = object::name(&namespace).to_owned();
    let mut left = RemainingContent::default();
    for Listed {
        api_version,
        kind,
        resource,
    } in namespaced_kinds(api).await?
    {
        let objects = list(api, &api_version, &kind, &name).await?;
        for object in objects
            .iter()
            .filter(|object| !object::is_being_deleted(object))
        {
            delete(api, object).await?;
        }
        if !objects.is_empty() {
            left.add(&resource, &list(api, &api_version, &kind, &name).await?);
        }
    }
    if set_conditions(&mut namespace, &left, context.now()) {
        let updated = api.update_status(&namespace).await.map_err(failed)?;
        namespace = Arc::unwrap_or_clone(updated);
    }
    if left.resources.is_empty() {
        finalize(context, &mut namespace).await?;
    }
    Ok(())
}

/// A namespaced kind.
struct Listed {
    api_version: String,
    kind: String,
    /// `plural.group`, as the conditions name it; the core group is empty.
    resource: String,
}

/// Returns every namespaced kind whose objects can be deleted, in its preferred version.
async fn namespaced_kinds(api: &Api) -> Result<Vec<Listed>, ReconcileError> {
    let mut paths = vec!["/api/v1".to_owned()];
    let groups = api.document("/apis").await.map_err(failed)?;
    for group in groups["groups"].as_array().into_iter().flatten() {
        let preferred = object::text(group, &["preferredVersion", "groupVersion"]);
        paths.push(format!("/apis/{preferred}"));
    }
    let mut kinds = Vec::new();
    for path in paths {
        let list = api.document(&path).await.map_err(failed)?;
        let api_version = object::text(&list, &["groupVersion"]).to_owned();
        for resource in list["resources"].as_array().into_iter().flatten() {
            let name = object::text(resource, &["name"]);
            let whole = !name.contains('/');
            let verbs = resource["verbs"].as_array().into_iter().flatten();
            let deletable = verbs.into_iter().any(|verb| verb == "delete");
            if whole && deletable && resource["namespaced"] == true {
                let group = api_version.split_once('/').map_or("", |(group, _)| group);
                kinds.push(Listed {
                    kind: object::kind(resource).to_owned(),
                    resource: format!("{name}.{group}"),
                    api_version: api_version.clone(),
                });
            }
        }
    }
    Ok(kinds)
}

async fn list(
    api: &Api,
    api_version: &str,
    kind: &str,
    namespace: &str,
) -> Result<Vec<Arc<Value>>, ReconcileError> {
    match api
        .list(api_version, kind, namespace, &Default::default())
        .await
    {
        Err(error) if error.is_no_match() || error.is_missing_route() => Ok(Vec::new()),
        listed => listed.map_err(failed),
    }
}

async fn delete(api: &Api, object: &Value) -> Result<(), ReconcileError> {
    let how = Deletion {
        propagation: "Background",
        uid: None,
    };
    match api
        .delete(crosscut_objects::ObjectRef::of(object), how)
        .await
    {
        Err(error) if !error.is_not_found() => Err(failed(error)),
        _ => Ok(()),
    }
}

/// The remaining content of a namespace: the number of objects of each resource, and of objects with each finalizer.
#[derive(Default)]
struct RemainingContent {
    resources: BTreeMap<String, usize>,
    finalizers: BTreeMap<String, usize>,
}

impl RemainingContent {
    fn add(&mut self, resource: &str, objects: &[Arc<Value>]) {
        if objects.is_empty() {
            return;
        }
        *self.resources.entry(resource.to_owned()).or_default() += objects.len();
        for object in objects {
            let finalizers = object["metadata"]["finalizers"].as_array();
            for finalizer in finalizers.into_iter().flatten().filter_map(Value::as_str) {
                *self.finalizers.entry(finalizer.to_owned()).or_default() += 1;
            }
        }
    }
}

/// Returns the sorted text of a list of names with their counts.
fn counted(counts: &BTreeMap<String, usize>, what: fn(&str, usize) -> String) -> String {
    let mut texts: Vec<String> = counts
        .iter()
        .map(|(name, count)| what(name, *count))
        .collect();
    texts.sort();
    texts.join(", ")
}

/// Sets the five conditions of kube-controller-manager 1.34 (namespace_controller, status conditions); returns true if
/// any changed. A failed discovery, parse or deletion ends the reconcile instead of setting a condition.
fn set_conditions(namespace: &mut Value, left: &RemainingContent, now: jiff::Timestamp) -> bool {
    let content = counted(&left.resources, |resource, count| {
        format!("{resource} has {count} resource instances")
    });
    let content = format!("Some resources are remaining: {content}");
    let finalizers = counted(&left.finalizers, |finalizer, count| {
        format!("{finalizer} in {count} resource instances")
    });
    let finalizers =
        format!("Some content in the namespace has finalizers remaining: {finalizers}");
    let all = [
        [
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ],
        [
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ],
        [
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ],
        if left.resources.is_empty() {
            [
                "NamespaceContentRemaining",
                "False",
                "ContentRemoved",
                "All content successfully removed",
            ]
        } else {
            [
                "NamespaceContentRemaining",
                "True",
                "SomeResourcesRemain",
                &content,
            ]
        },
        if left.finalizers.is_empty() {
            [
                "NamespaceFinalizersRemaining",
                "False",
                "ContentHasNoFinalizers",
                "All content-preserving finalizers finished",
            ]
        } else {
            [
                "NamespaceFinalizersRemaining",
                "True",
                "SomeFinalizersRemain",
                &finalizers,
            ]
        },
    ];
    let mut changed = false;
    for condition in all {
        changed |= set_condition(namespace, condition, now);
    }
    changed
}

/// Removes the namespace's own finalizer, which only `/finalize` can do.
async fn finalize(context: &Context, namespace: &mut Value) -> Result<(), ReconcileError> {
    let name = object::name(namespace).to_owned();
    object::set(namespace, &["spec", "finalizers"], json!([]));
    let request = http::Request::put(format!("/api/v1/namespaces/{name}/finalize"))
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(namespace.to_string().into_bytes())
        .map_err(|error| ReconcileError::new(error.to_string()))?;
    match context.connection().http().request::<Value>(request).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(ReconcileError::new(error.to_string())),
    }
}
