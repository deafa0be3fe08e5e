//! Garbage collection by owner references (kube-controller-manager 1.34's garbagecollector).

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use crosscut_client::{Api, Deletion};
use crosscut_objects::Event;

use crosscut_objects::{ObjectRef, object};
use serde_json::{Value, json};

use super::graph::Graph;
use super::requests::{api, failed, find};
use crate::context::Context;
use crate::controller::{Action, Controller, ReconcileError};
use crosscut_objects::Key;

/// The finalizer of a foreground deletion, which waits until the dependents are deleted.
pub const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of an orphaning deletion, which removes the owner from the dependents.
pub const ORPHAN: &str = "orphan";

/// The garbage collector: deletes objects without owners, and completes foreground and orphaning
/// deletions.
#[derive(Default)]
pub struct GarbageCollector {
    graph: Mutex<Graph>,
}

#[async_trait]
impl Controller for GarbageCollector {
    fn name(&self) -> &str {
        "garbage-collector"
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        if event.resource.kind == "Event" {
            return Vec::new();
        }
        let mut graph = self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        graph.take(event)
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        let api = api(context, "kube-controller-manager");
        let Some(item) = find(&api, key).await? else {
            return Ok(Action::AwaitChange);
        };
        if object::is_being_deleted(&item) {
            self.end_deletion(&api, &item).await?;
            return Ok(Action::AwaitChange);
        }
        self.collect(&api, &item).await?;
        Ok(Action::AwaitChange)
    }
}

/// The states of an object's owners.
#[derive(Default)]
struct Owners {
    /// The number of existing owners that do not wait for their dependents.
    solid: usize,
    /// The uids of deleted owners.
    gone: Vec<String>,
    /// The uids of owners that wait until their dependents are deleted.
    waiting: Vec<String>,
}

impl GarbageCollector {
    fn dependents(&self, uid: &str) -> Vec<Key> {
        let graph = self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        graph.dependents_of(uid)
    }

    /// Deletes an object whose owners are all deleted or waiting; otherwise removes the references to
    /// such owners.
    async fn collect(&self, api: &Api, item: &Value) -> Result<(), ReconcileError> {
        if object::owners(item).is_empty() {
            return Ok(());
        }
        let owners = self.owners(api, item).await?;
        if owners.solid > 0 {
            let stale: Vec<String> = owners.gone.into_iter().chain(owners.waiting).collect();
            return disown(api, item, &stale).await;
        }
        let has_dependents = !self.dependents(object::uid(item)).is_empty();
        let propagation = if !owners.waiting.is_empty() && has_dependents
            || object::has_finalizer(item, FOREGROUND)
        {
            "Foreground"
        } else if object::has_finalizer(item, ORPHAN) {
            "Orphan"
        } else {
            "Background"
        };
        let how = Deletion {
            propagation,
            uid: Some(object::uid(item)),
        };
        match api.delete(ObjectRef::of(item), how).await {
            Err(error) if !error.is_not_found() && !error.is_conflict() => Err(failed(error)),
            _ => Ok(()),
        }
    }

    async fn owners(&self, api: &Api, item: &Value) -> Result<Owners, ReconcileError> {
        let mut owners = Owners::default();
        for reference in object::owners(item) {
            let uid = object::text(reference, &["uid"]).to_owned();
            match owner(api, item, reference).await? {
                None => owners.gone.push(uid),
                Some(owner) => {
                    let waits = object::is_being_deleted(&owner)
                        && object::has_finalizer(&owner, FOREGROUND);
                    if waits {
                        owners.waiting.push(uid);
                    } else {
                        owners.solid += 1;
                    }
                }
            }
        }
        Ok(owners)
    }

    /// Removes the garbage collector's finalizers once their work is done.
    async fn end_deletion(&self, api: &Api, item: &Value) -> Result<(), ReconcileError> {
        let uid = object::uid(item);
        if object::has_finalizer(item, ORPHAN) {
            for key in self.dependents(uid) {
                if let Some(dependent) = find(api, &key).await? {
                    disown(api, &dependent, &[uid.to_owned()]).await?;
                }
            }
            return release(api, item, ORPHAN).await;
        }
        if !object::has_finalizer(item, FOREGROUND) {
            return Ok(());
        }
        for key in self.dependents(uid) {
            if let Some(dependent) = find(api, &key).await?
                && blocks(&dependent, uid)
            {
                return Ok(());
            }
        }
        release(api, item, FOREGROUND).await
    }
}

/// Returns the owner of a reference, if it exists in the right namespace.
async fn owner(
    api: &Api,
    item: &Value,
    reference: &Value,
) -> Result<Option<Arc<Value>>, ReconcileError> {
    let key = Key {
        group: object::group_of(object::api_version(reference)).to_owned(),
        version: object::version_of(object::api_version(reference)).to_owned(),
        kind: object::kind(reference).to_owned(),
        namespace: Some(object::namespace(item).to_owned()),
        name: object::text(reference, &["name"]).to_owned(),
    };
    let found = find(api, &key).await?;
    Ok(found.filter(|owner| object::uid(owner) == object::text(reference, &["uid"])))
}

fn blocks(dependent: &Value, owner: &str) -> bool {
    object::owners(dependent).iter().any(|reference| {
        object::text(reference, &["uid"]) == owner && reference["blockOwnerDeletion"] == true
    })
}

/// Removes owners from an object's references.
async fn disown(api: &Api, item: &Value, owners: &[String]) -> Result<(), ReconcileError> {
    if owners.is_empty() {
        return Ok(());
    }
    let kept: Vec<&Value> = object::owners(item)
        .iter()
        .filter(|reference| {
            !owners
                .iter()
                .any(|uid| uid == object::text(reference, &["uid"]))
        })
        .collect();
    if kept.len() == object::owners(item).len() {
        return Ok(());
    }
    let patch = json!({ "metadata": { "ownerReferences": kept, "uid": object::uid(item) } });
    settle(api.merge_patch(ObjectRef::of(item), &patch).await)
}

async fn release(api: &Api, item: &Value, finalizer: &str) -> Result<(), ReconcileError> {
    let mut item = item.clone();
    object::remove_finalizer(&mut item, finalizer);
    let patch = json!({ "metadata": {
        "finalizers": item["metadata"]["finalizers"],
        "resourceVersion": item["metadata"]["resourceVersion"],
    } });
    settle(api.merge_patch(ObjectRef::of(&item), &patch).await)
}

/// Converts the result of a request; a missing object is a success.
fn settle(outcome: Result<Arc<Value>, crosscut_client::ApiError>) -> Result<(), ReconcileError> {
    match outcome {
        Err(error) if !error.is_not_found() => Err(failed(error)),
        _ => Ok(()),
    }
}
