//! The controller of CustomResourceDefinitions: accepts names, sets `Established`, and deletes the objects of a
//! deleted definition.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use crosscut_client::{Api, Deletion};
use crosscut_objects::{Change, Event};

use crosscut_objects::object;
use serde_json::{Value, json};

use super::approval::{self, approval};
use super::requests::{api, failed, find, set_condition};
use crate::context::Context;
use crate::controller::{Action, Controller, ReconcileError};
use crosscut_objects::Key;

const API_VERSION: &str = "apiextensions.k8s.io/v1";
const KIND: &str = "CustomResourceDefinition";
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// The controller of CustomResourceDefinitions.
pub struct CustomResourceDefinitions;

#[async_trait]
impl Controller for CustomResourceDefinitions {
    fn name(&self) -> &str {
        "custom-resource-definitions"
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        let resource = &event.resource;
        if resource.group == "apiextensions.k8s.io" && resource.kind == KIND {
            return vec![Key::of(event)];
        }
        // The object may be the last one of a definition that is being deleted.
        if event.change == Change::Deleted && !resource.group.is_empty() {
            return vec![key(&format!("{}.{}", resource.plural, resource.group))];
        }
        Vec::new()
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        let api = api(context, "kube-apiserver");
        let Some(definition) = find(&api, key).await? else {
            return self.names_are_free(&api, context).await;
        };
        if object::is_being_deleted(&definition) {
            if object::has_finalizer(&definition, CLEANUP) {
                empty(&api, context, Arc::unwrap_or_clone(definition)).await?;
            }
            return Ok(Action::AwaitChange);
        }
        let definition = Arc::unwrap_or_clone(definition);
        let definition = approve(&api, context, definition).await?;
        name_and_establish(&api, context, definition).await?;
        Ok(Action::AwaitChange)
    }
}

/// Sets the approval condition of a definition in one of Kubernetes' own groups.
async fn approve(
    api: &Api,
    context: &Context,
    mut definition: Value,
) -> Result<Value, ReconcileError> {
    let Some((status, reason, message)) = approval(&definition) else {
        return Ok(definition);
    };
    let condition = [approval::CONDITION, status, reason, &message];
    if !set_condition(&mut definition, condition, context.now()) {
        return Ok(definition);
    }
    let updated = api.update_status(&definition).await.map_err(failed)?;
    Ok(Arc::unwrap_or_clone(updated))
}

impl CustomResourceDefinitions {
    /// Reconciles definitions with conflicting names, after a definition was deleted.
    async fn names_are_free(&self, api: &Api, context: &Context) -> Result<Action, ReconcileError> {
        let all = api.list(API_VERSION, KIND, "", &Default::default()).await;
        for definition in all.map_err(failed)? {
            if !is_true(&definition, "NamesAccepted") && !object::is_being_deleted(&definition) {
                name_and_establish(api, context, Arc::unwrap_or_clone(definition)).await?;
            }
        }
        Ok(Action::AwaitChange)
    }
}

fn key(name: &str) -> Key {
    Key {
        group: "apiextensions.k8s.io".to_owned(),
        version: "v1".to_owned(),
        kind: KIND.to_owned(),
        namespace: None,
        name: name.to_owned(),
    }
}

/// Accepts the names and then sets Established, in two writes, as kube-apiserver's two controllers do.
async fn name_and_establish(
    api: &Api,
    context: &Context,
    mut definition: Value,
) -> Result<(), ReconcileError> {
    let others = api
        .list(API_VERSION, KIND, "", &Default::default())
        .await
        .map_err(failed)?;
    let (accepted, conflict) = accept(&definition, &others);
    let now = context.now();
    let mut changed = definition["status"]["acceptedNames"] != accepted;
    let (status, reason, message) = match &conflict {
        None => ("True", "NoConflicts", "no conflicts found".to_owned()),
        Some((reason, name)) => ("False", *reason, format!("\"{name}\" is already in use")),
    };
    changed |= set_condition(
        &mut definition,
        ["NamesAccepted", status, reason, &message],
        now,
    );
    if !is_true(&definition, "Established") {
        let installing = match conflict {
            None => ("Installing", "the initial names have been accepted"),
            Some(_) => ("NotAccepted", "not all names are accepted"),
        };
        let condition = ["Established", "False", installing.0, installing.1];
        changed |= set_condition(&mut definition, condition, now);
    }
    if changed {
        object::set(&mut definition, &["status", "acceptedNames"], accepted);
        let updated = api.update_status(&definition).await.map_err(failed)?;
        definition = Arc::unwrap_or_clone(updated);
    }
    if is_true(&definition, "NamesAccepted") && !is_true(&definition, "Established") {
        let message = "the initial names have been accepted";
        let condition = ["Established", "True", "InitialNamesAccepted", message];
        set_condition(&mut definition, condition, now);
        api.update_status(&definition).await.map_err(failed)?;
    }
    Ok(())
}

fn is_true(definition: &Value, condition: &str) -> bool {
    let conditions = definition["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|one| one["type"] == condition && one["status"] == "True")
}

/// Returns the names that no other definition of the group has accepted, and a conflict with its reason.
fn accept(definition: &Value, others: &[Arc<Value>]) -> (Value, Option<(&'static str, String)>) {
    let mut resources = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    let group = &definition["spec"]["group"];
    let name = object::name(definition);
    for other in others {
        if other["spec"]["group"] != *group || object::name(other) == name {
            continue;
        }
        let names = &other["status"]["acceptedNames"];
        resources.extend(
            ["plural", "singular"]
                .iter()
                .filter_map(|field| text(names, field)),
        );
        resources.extend(short_names(names));
        kinds.extend(
            ["kind", "listKind"]
                .iter()
                .filter_map(|field| text(names, field)),
        );
    }
    let wanted = &definition["spec"]["names"];
    let before = &definition["status"]["acceptedNames"];
    let mut accepted = wanted.clone();
    let mut conflict = None;
    let checks = [
        ("plural", "PluralConflict", &resources),
        ("singular", "SingularConflict", &resources),
        ("shortNames", "ShortNamesConflict", &resources),
        ("kind", "KindConflict", &kinds),
        ("listKind", "ListKindConflict", &kinds),
    ];
    // Of several conflicts, the last is reported.
    for (field, reason, taken) in checks {
        if let Some(name) = words(wanted, field)
            .into_iter()
            .find(|name| taken.contains(name))
        {
            keep(&mut accepted, before, field);
            conflict = Some((reason, name));
        }
    }
    (accepted, conflict)
}

/// Keeps the earlier name; plural and kind are written even if they were empty.
fn keep(accepted: &mut Value, before: &Value, field: &str) {
    match &before[field] {
        Value::Null if matches!(field, "plural" | "kind") => accepted[field] = json!(""),
        Value::Null => {
            object::remove(accepted, &[field]);
        }
        known => accepted[field] = known.clone(),
    }
}

/// Returns the names of a field, which is one name or a list.
fn words(names: &Value, field: &str) -> Vec<String> {
    match field {
        "shortNames" => short_names(names),
        _ => text(names, field).into_iter().collect(),
    }
}

fn text(names: &Value, field: &str) -> Option<String> {
    names[field]
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn short_names(names: &Value) -> Vec<String> {
    let list = names["shortNames"].as_array().into_iter().flatten();
    list.filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

/// Deletes all objects of a definition that is being deleted; then removes its finalizer.
async fn empty(api: &Api, context: &Context, mut definition: Value) -> Result<(), ReconcileError> {
    let objects = if is_true(&definition, "Established") {
        instances(api, &definition).await?
    } else {
        Vec::new()
    };
    for object in objects
        .iter()
        .filter(|object| !object::is_being_deleted(object))
    {
        let address = crosscut_objects::ObjectRef::of(object);
        match api.delete(address, Deletion::default()).await {
            Err(error) if !error.is_not_found() => return Err(failed(error)),
            _ => {}
        }
    }
    let left = instances_left(api, &definition, &objects).await?;
    let condition = if left {
        [
            "Terminating",
            "True",
            "InstanceDeletionInProgress",
            "CustomResource deletion is in progress",
        ]
    } else {
        [
            "Terminating",
            "False",
            "InstanceDeletionCompleted",
            "removed all instances",
        ]
    };
    if set_condition(&mut definition, condition, context.now()) {
        let updated = api.update_status(&definition).await.map_err(failed)?;
        definition = Arc::unwrap_or_clone(updated);
    }
    if !left {
        object::remove_finalizer(&mut definition, CLEANUP);
        api.update(&definition).await.map_err(failed)?;
    }
    Ok(())
}

async fn instances_left(
    api: &Api,
    definition: &Value,
    seen: &[Arc<Value>],
) -> Result<bool, ReconcileError> {
    if seen.is_empty() {
        return Ok(false);
    }
    Ok(!instances(api, definition).await?.is_empty())
}

async fn instances(api: &Api, definition: &Value) -> Result<Vec<Arc<Value>>, ReconcileError> {
    let versions = definition["spec"]["versions"]
        .as_array()
        .into_iter()
        .flatten();
    let served = versions
        .into_iter()
        .find(|version| version["served"] == true);
    let Some(version) = served.and_then(|version| version["name"].as_str()) else {
        return Ok(Vec::new());
    };
    let group = object::text(definition, &["spec", "group"]);
    let kind = object::text(definition, &["spec", "names", "kind"]);
    let listed = api
        .list(&format!("{group}/{version}"), kind, "", &Default::default())
        .await;
    match listed {
        Err(error) if error.is_no_match() || error.is_missing_route() => Ok(Vec::new()),
        listed => listed.map_err(failed),
    }
}
