//! `Object` of provider-kubernetes: a manifest that is kept applied to the target.
//!
//! Left out, and named where it is asked for: `connectionDetails`, and queries for readiness that cannot be evaluated.

mod current;
mod readiness;
mod references;
mod written;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crosscut_client::{Api, ApiError, Deletion};
use crosscut_objects::Event;

use crosscut_controller::{Action, Context, Controller, ReconcileError};
use crosscut_objects::{ObjectRef, object};

use crosscut_objects::Key;
use serde_json::{Value, json};

use crate::conditions::Condition;
use crate::connect::connect;
use crate::events::NewEvent;
use crate::lifecycle::{Doing, MISSING, Managed, POLL, POLL_UNREADY};
use crate::settings::Targets;
use crate::usage;

use current::Current;
use readiness::Readiness;
use references::ResolveError;

/// The time after which is looked again after something was begun.
const SOON: Action = Action::RequeueAfter(Duration::from_secs(1));

/// Said where the target's object is missing that was made just now.
const PENDING: NewEvent<'static> = NewEvent {
    warning: false,
    reason: "PendingExternalResource",
    message: "Waiting for external resource existence to be confirmed",
};

const GROUPS: [&str; 2] = ["kubernetes.m.crossplane.io", "kubernetes.crossplane.io"];

/// Applies manifests to targets.
pub(crate) struct Objects {
    targets: Arc<dyn Targets>,
    current: Current,
}

impl Objects {
    pub(crate) fn new(targets: Arc<dyn Targets>) -> Objects {
        Objects {
            targets,
            current: Current::default(),
        }
    }
}

#[async_trait]
impl Controller for Objects {
    fn name(&self) -> &str {
        "stand-in/object"
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        let resource = &event.resource;
        let ours = resource.kind == "Object" && GROUPS.contains(&resource.group.as_str());
        ours.then(|| Key::of(event)).into_iter().collect()
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        let read = Managed::read(context, "provider-kubernetes", key).await?;
        let Some(mut managed) = read else {
            return Ok(Action::AwaitChange);
        };
        if managed.is_paused() {
            return managed.pause().await;
        }
        if object::is_being_deleted(&managed.object) && !managed.may("Delete") {
            references::release(&managed).await?;
            written::remove_finalizer(&mut managed).await?;
            return Ok(Action::AwaitChange);
        }
        // The program writes its status whole, also before it has seen anything.
        if managed.object["status"]["atProvider"].is_null() {
            let nothing = json!({ "manifest": null });
            object::set(&mut managed.object, &["status", "atProvider"], nothing);
        }
        let name = object::name(&managed.object).to_owned();
        written::name_outside(&mut managed, &name).await?;
        usage::track(&managed).await?;
        let connected = connect(
            &managed.api,
            context.connection(),
            &self.targets,
            &managed.object,
        );
        let target = match connected.await {
            Ok(client) => Api::new(client, &format!("provider-kubernetes/{name}")),
            Err(error) => {
                return managed.fail_to(Doing::Connect, &error.to_string()).await;
            }
        };
        keep(&mut managed, &target, &self.current).await
    }
}

/// The manifest, with what its references add where that is wanted: what is referred to may be gone before it.
async fn manifest(managed: &Managed, resolve: bool) -> Result<Value, ResolveError> {
    let mut manifest = managed.object["spec"]["forProvider"]["manifest"].clone();
    if resolve {
        references::resolve(&managed.api, &managed.object, &mut manifest).await?;
    }
    if object::name(&manifest).is_empty() {
        object::set(
            &mut manifest,
            &["metadata", "name"],
            json!(object::name(&managed.object)),
        );
    }
    Ok(manifest)
}

/// Looks at the target's object, and does what is to be done about it.
async fn keep(
    managed: &mut Managed,
    target: &Api,
    current: &Current,
) -> Result<Action, ReconcileError> {
    let deleting = object::is_being_deleted(&managed.object);
    if wants_connection_details(&managed.object) && !deleting {
        let name = object::name(&managed.object);
        managed.lacks(format!("connectionDetails of Objects (Object {name})"));
        let message =
            "spec.connectionDetails is unsupported by crosscut's stand-in for provider-kubernetes";
        return managed.fail("Unsupported", message).await;
    }
    let manifest = match manifest(managed, !deleting).await {
        Ok(manifest) => manifest,
        Err(error) => {
            let why = format!("cannot resolve resource references: {error}");
            return managed.fail_to(Doing::Observe, &why).await;
        }
    };
    let before = match find(target, &manifest).await {
        // What is to be deleted, and is of no kind any more, is gone.
        Err(error) if deleting && error.is_no_match() => None,
        Err(error) => {
            let why = format!("cannot get object: {error}");
            return managed.fail_to(Doing::Observe, &why).await;
        }
        Ok(before) => before,
    };
    if before.is_none() && managed.may_only_observe() {
        return managed.fail_to(Doing::Observe, MISSING).await;
    }
    if before.is_none()
        && let Some(left) = written::grace(managed)
    {
        managed.say(PENDING).await?;
        return Ok(Action::RequeueAfter(left));
    }
    if deleting {
        current.forget(managed);
        return delete(managed, target, before).await;
    }
    if !written::add_finalizer(managed).await? {
        references::hold(managed).await?;
    }
    match before {
        None if managed.may("Create") => create(managed, target, current, &manifest).await,
        Some(before) if managed.may("Update") => {
            update(managed, target, current, &manifest, &before).await
        }
        before => observed(managed, before.as_deref(), false).await,
    }
}

/// Makes the target's object, with a trace of it before and after.
async fn create(
    managed: &mut Managed,
    target: &Api,
    current: &Current,
    manifest: &Value,
) -> Result<Action, ReconcileError> {
    written::say(managed, written::PENDING).await?;
    let made = target.apply(manifest, &manager(managed)).await;
    let outcome = match &made {
        Ok(live) => {
            current.remember(managed, manifest, live);
            written::SUCCEEDED
        }
        Err(_) => written::FAILED,
    };
    written::say(managed, outcome).await?;
    managed.set(Condition::CREATING);
    if let Err(error) = made {
        let why = format!("cannot create object: {error}");
        return managed.fail_to(Doing::Create, &why).await;
    }
    managed.set(Condition::SYNCED);
    managed.save().await?;
    managed.did(Doing::Create).await?;
    Ok(SOON)
}

/// Brings the target's object to what the manifest says.
async fn update(
    managed: &mut Managed,
    target: &Api,
    current: &Current,
    manifest: &Value,
    before: &Value,
) -> Result<Action, ReconcileError> {
    let manager = manager(managed);
    let is_current = current.ask(managed, target, manifest, before, &manager);
    match is_current.await {
        Ok(true) => return observed(managed, Some(before), false).await,
        Ok(false) => {}
        Err(error) => {
            let why = format!("cannot get desired state: cannot dry run SSA: {error}");
            return managed.fail_to(Doing::Observe, &why).await;
        }
    }
    match target.apply(manifest, &manager).await {
        Ok(now) => {
            current.remember(managed, manifest, &now);
            observed(managed, Some(&now), true).await
        }
        Err(error) => {
            let why = format!("cannot apply object: {error}");
            managed.fail_to(Doing::Update, &why).await
        }
    }
}

fn manager(managed: &Managed) -> String {
    format!("provider-kubernetes/{}", object::name(&managed.object))
}

fn wants_connection_details(object: &Value) -> bool {
    let details = object["spec"]["connectionDetails"].as_array();
    details.is_some_and(|details| !details.is_empty())
}

async fn find(target: &Api, manifest: &Value) -> Result<Option<Arc<Value>>, ApiError> {
    match target.read(ObjectRef::of(manifest)).await {
        Ok(live) => Ok(Some(live)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes what was seen into the status. What was changed just now counts as seen at the next look.
async fn observed(
    managed: &mut Managed,
    live: Option<&Value>,
    changed: bool,
) -> Result<Action, ReconcileError> {
    managed.set(Condition::SYNCED);
    let Some(live) = live else {
        managed.save().await?;
        return Ok(POLL_UNREADY);
    };
    object::set(
        &mut managed.object,
        &["status", "atProvider", "manifest"],
        live.clone(),
    );
    let policy = object::text(&managed.object, &["spec", "readiness", "policy"]).to_owned();
    let asked = object::text(&managed.object, &["spec", "readiness", "celQuery"]);
    match readiness::readiness(&policy, asked, live) {
        Readiness::Ready if changed && readiness::is_of_the_apply(&policy) => {}
        Readiness::Ready => managed.set_plain(Condition::AVAILABLE),
        Readiness::Unready => managed.set_plain(Condition::UNAVAILABLE),
        Readiness::Failed(why) => managed.set_plain(Condition::unavailable(&why)),
        Readiness::Unknown(why) => {
            let name = object::name(&managed.object);
            managed.lacks(format!(
                "an evaluator for the celQuery of Object {name} ({why})"
            ));
            managed.set_plain(Condition::UNAVAILABLE);
        }
    }
    managed.save().await?;
    if changed {
        managed.did(Doing::Update).await?;
    }
    Ok(if managed.is("Ready") {
        POLL
    } else {
        POLL_UNREADY
    })
}

/// Deletes the target's object, waits until it is gone, and lets go.
async fn delete(
    managed: &mut Managed,
    target: &Api,
    live: Option<Arc<Value>>,
) -> Result<Action, ReconcileError> {
    // Others may have a last look at it before anything is deleted.
    let others = managed.object["metadata"]["finalizers"].as_array();
    if others.is_some_and(|finalizers| finalizers.len() > 1) {
        return Ok(SOON);
    }
    let Some(live) = live else {
        references::release(managed).await?;
        written::remove_finalizer(managed).await?;
        return Ok(Action::AwaitChange);
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
    Ok(SOON)
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
    match target.delete(ObjectRef::of(live), how).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}
