//! `Object` of provider-kubernetes: a manifest that is kept applied to the target.
//!
//! Left out, and refused where it is asked for: `connectionDetails` and readiness by CEL query.

mod readiness;
mod references;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crosscut_apiserver::Event;
use crosscut_client::{Address, Api, ApiError, Deletion, Mapper, object};
use crosscut_controller::{After, Context, Controller, Key, ReconcileError};
use serde_json::{Value, json};

use crate::conditions::Condition;
use crate::connect::connect;
use crate::lifecycle::{Doing, MISSING, Managed, POLL, POLL_UNREADY};
use crate::settings::Targets;

const GROUPS: [&str; 2] = ["kubernetes.m.crossplane.io", "kubernetes.crossplane.io"];

/// Applies manifests to targets.
pub(crate) struct Objects {
    mapper: Arc<Mapper>,
    target_mapper: Arc<Mapper>,
    targets: Arc<dyn Targets>,
}

impl Objects {
    pub(crate) fn new(mapper: Arc<Mapper>, targets: Arc<dyn Targets>) -> Objects {
        Objects {
            mapper,
            target_mapper: Arc::default(),
            targets,
        }
    }
}

#[async_trait]
impl Controller for Objects {
    fn name(&self) -> &str {
        "stand-in/object"
    }

    fn interested(&self, event: &Event) -> Vec<Key> {
        let resource = &event.resource;
        let ours = resource.kind == "Object" && GROUPS.contains(&resource.group.as_str());
        ours.then(|| Key::of(event)).into_iter().collect()
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<After, ReconcileError> {
        let read = Managed::read(context, &self.mapper, "provider-kubernetes", key).await?;
        let Some(mut managed) = read else {
            return Ok(After::Nothing);
        };
        if managed.is_paused() {
            return managed.pause().await;
        }
        if object::is_being_deleted(&managed.object) && !managed.may("Delete") {
            references::release(&managed).await?;
            managed.remove_finalizer().await?;
            return Ok(After::Nothing);
        }
        let name = object::name(&managed.object).to_owned();
        managed.name_outside(&name).await?;
        let target = match connect(
            &managed.api,
            context.connection(),
            &self.targets,
            &managed.object,
        )
        .await
        {
            Ok(client) => Api::new(
                &client,
                &self.target_mapper,
                &format!("provider-kubernetes/{name}"),
            ),
            Err(error) => {
                return managed.fail_to(Doing::Connect, &error).await;
            }
        };
        if object::is_being_deleted(&managed.object) {
            return delete(&mut managed, &target).await;
        }
        keep(&mut managed, &target).await
    }
}

/// The manifest with what its references add.
async fn manifest(managed: &Managed) -> Result<Value, String> {
    let mut manifest = managed.object["spec"]["forProvider"]["manifest"].clone();
    references::resolve(&managed.api, &managed.object, &mut manifest).await?;
    if object::name(&manifest).is_empty() {
        object::set(
            &mut manifest,
            &["metadata", "name"],
            json!(object::name(&managed.object)),
        );
    }
    Ok(manifest)
}

/// Brings the target's object to what the manifest says.
async fn keep(managed: &mut Managed, target: &Api) -> Result<After, ReconcileError> {
    if let Some(what) = unsupported(&managed.object) {
        let message =
            format!("{what} is unsupported by crosscut's stand-in for provider-kubernetes");
        return managed.fail("Unsupported", &message).await;
    }
    let manifest = match manifest(managed).await {
        Ok(manifest) => manifest,
        Err(error) => {
            let message = format!("cannot resolve references: {error}");
            return managed
                .fail("CannotResolveResourceReferences", &message)
                .await;
        }
    };
    let before = match find(target, &manifest).await {
        Ok(before) => before,
        Err(error) => {
            let why = format!("cannot get object: {error}");
            return managed.fail_to(Doing::Observe, &why).await;
        }
    };
    if before.is_none() && managed.may_only_observe() {
        return managed.fail_to(Doing::Observe, MISSING).await;
    }
    managed.add_finalizer().await?;
    references::hold(managed).await?;
    let live = match apply(managed, target, &manifest, before.as_ref()).await {
        Ok(live) => live,
        Err(error) => {
            let why = format!("cannot apply object: {error}");
            return managed.fail_to(Doing::write(before.is_some()), &why).await;
        }
    };
    observed(managed, live.as_ref(), before.as_ref()).await
}

/// What the object does not have here.
fn unsupported(object: &Value) -> Option<&'static str> {
    let details = object["spec"]["connectionDetails"].as_array();
    if details.is_some_and(|details| !details.is_empty()) {
        return Some("spec.connectionDetails");
    }
    let policy = object::text(object, &["spec", "readiness", "policy"]);
    (policy == "DeriveFromCelQuery").then_some("readiness.policy DeriveFromCelQuery")
}

async fn find(target: &Api, manifest: &Value) -> Result<Option<Value>, ApiError> {
    match target.get(Address::of(manifest)).await {
        Ok(live) => Ok(Some(live)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Server-side apply, as far as the policies allow it; an apply that changes nothing writes nothing.
async fn apply(
    managed: &Managed,
    target: &Api,
    manifest: &Value,
    before: Option<&Value>,
) -> Result<Option<Value>, ApiError> {
    let allowed = match before {
        Some(_) => managed.may("Update"),
        None => managed.may("Create"),
    };
    if !allowed {
        return Ok(before.cloned());
    }
    let manager = format!("provider-kubernetes/{}", object::name(&managed.object));
    let applied = target.apply(manifest, &manager).await?;
    Ok(Some(Arc::unwrap_or_clone(applied)))
}

/// Writes what was seen into the status.
async fn observed(
    managed: &mut Managed,
    live: Option<&Value>,
    before: Option<&Value>,
) -> Result<After, ReconcileError> {
    let Some(live) = live else {
        managed.set(Condition::CREATING);
        managed.set(Condition::SYNCED);
        managed.save().await?;
        return Ok(POLL_UNREADY);
    };
    object::set(
        &mut managed.object,
        &["status", "atProvider", "manifest"],
        live.clone(),
    );
    let policy = object::text(&managed.object, &["spec", "readiness", "policy"]).to_owned();
    let ready = readiness::is_ready(&policy, live);
    managed.set(if ready {
        Condition::AVAILABLE
    } else {
        Condition::UNAVAILABLE
    });
    managed.set(Condition::SYNCED);
    managed.save().await?;
    if before != Some(live) {
        managed.did(Doing::write(before.is_some())).await?;
    }
    Ok(if ready { POLL } else { POLL_UNREADY })
}

/// Deletes the target's object, waits until it is gone, and lets go.
async fn delete(managed: &mut Managed, target: &Api) -> Result<After, ReconcileError> {
    let manifest = match manifest(managed).await {
        Ok(manifest) => manifest,
        // What it refers to may be gone before it.
        Err(_) => managed.object["spec"]["forProvider"]["manifest"].clone(),
    };
    let live = match find(target, &manifest).await {
        Err(error) if error.is_no_match() => None,
        Err(error) => {
            let why = format!("cannot get object: {error}");
            return managed.fail_to(Doing::Observe, &why).await;
        }
        Ok(live) => live,
    };
    let Some(live) = live else {
        references::release(managed).await?;
        managed.remove_finalizer().await?;
        return Ok(After::Nothing);
    };
    managed.set(Condition::DELETING);
    if !object::is_being_deleted(&live) {
        if let Err(error) = request_deletion(managed, target, &live).await {
            let why = format!("cannot delete object: {error}");
            return managed.fail_to(Doing::Delete, &why).await;
        }
        managed.did(Doing::Delete).await?;
    }
    managed.set(Condition::SYNCED);
    managed.save().await?;
    Ok(After::In(Duration::from_secs(1)))
}

async fn request_deletion(managed: &Managed, target: &Api, live: &Value) -> Result<(), ApiError> {
    let policy = ["spec", "forProvider", "deletionPropagationPolicy"];
    let propagation = match object::text(&managed.object, &policy) {
        "" => "Background",
        policy => policy,
    };
    let how = Deletion {
        propagation,
        uid: Some(object::uid(live)),
    };
    match target.delete(Address::of(live), how).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}
