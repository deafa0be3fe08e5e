//! CompositeResourceDefinitions: each becomes a CustomResourceDefinition, and is deleted only after all its objects.
//!
//! Source: Crossplane 2.2.0 (internal/controller/apiextensions/definition). This controller does not start or stop
//! the one of composite resources, which watches the `Established` condition that this controller writes. Claims
//! (`claimNames`) are not offered: the condition `Offered` is False, and a trial that defines them is unsupported.

mod crd;
mod injected;

use std::sync::Arc;

use async_trait::async_trait;
use crosscut_controller::{Action, Context, Controller, ReconcileError};
use crosscut_objects::Event;

use crosscut_objects::Key;
use serde_json::{Value, json};

pub(crate) use crd::composite_resource_crd;

use crate::condition::{self, Condition};
use crate::error::{Error, Wrap, optional};
use crate::object;
use crate::recorder::{NewEvent, Recorder};
use crate::unserved::claims;
use crate::work::{REQUEUE, Work, is_about, key_of, outcome, owner_key};
use crosscut_client::Deletion;

use crosscut_objects::ObjectRef;

pub(crate) const API_VERSION: &str = "apiextensions.crossplane.io/v1";
pub(crate) const KIND: &str = "CompositeResourceDefinition";

const FINALIZER: &str = "defined.apiextensions.crossplane.io";
const CRD: (&str, &str) = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
const RENDER: &str = "RenderCRD";
const ESTABLISH: &str = "EstablishComposite";
const TERMINATE: &str = "TerminateComposite";

/// The scope of a definition's composite resources, which also decides the place of Crossplane's own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Namespaced,
    Cluster,
    LegacyCluster,
}

impl Scope {
    pub(crate) fn of(definition: &Value) -> Self {
        match object::text(definition, &["spec", "scope"]) {
            "Namespaced" => Self::Namespaced,
            "Cluster" => Self::Cluster,
            _ => Self::LegacyCluster,
        }
    }
}

/// Returns the version in which Crossplane reads and writes the composite resources: the referenceable one.
pub(crate) fn referenceable_version(definition: &Value) -> &str {
    object::at(definition, &["spec", "versions"])
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|version| version.get("referenceable") == Some(&Value::Bool(true)))
        .map_or("", |version| object::text(version, &["name"]))
}

/// Returns the apiVersion and kind of the composite resources.
pub(crate) fn composite_type(definition: &Value) -> (String, &str) {
    let group = object::text(definition, &["spec", "group"]);
    (
        format!("{group}/{}", referenceable_version(definition)),
        object::text(definition, &["spec", "names", "kind"]),
    )
}

/// The controller of CompositeResourceDefinitions.
pub(crate) struct Definitions {
    recorder: Recorder,
}

impl Definitions {
    pub(crate) fn new() -> Self {
        let component = "defined/compositeresourcedefinition.apiextensions.crossplane.io";
        Self {
            recorder: Recorder::new(component),
        }
    }
}

#[async_trait]
impl Controller for Definitions {
    fn name(&self) -> &str {
        "defined/compositeresourcedefinition.apiextensions.crossplane.io"
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        if is_about(event, API_VERSION, KIND) {
            return vec![key_of(event)];
        }
        if is_about(event, CRD.0, CRD.1) {
            return owner_key(event, API_VERSION, KIND).into_iter().collect();
        }
        Vec::new()
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        let work = Work::new(context, &self.recorder);
        outcome(reconcile(&work, &key.name).await)
    }
}

async fn reconcile(work: &Work<'_>, name: &str) -> Result<Action, Error> {
    let found = optional(
        work.api
            .get(ObjectRef::cluster(API_VERSION, KIND, name))
            .await,
    );
    let Some(definition) = found.context("cannot get CompositeResourceDefinition")? else {
        return Ok(Action::AwaitChange);
    };
    let crd = composite_resource_crd(&definition)
        .context("cannot render composite resource CustomResourceDefinition");
    let crd = reported(work, &definition, RENDER, crd).await?;
    if object::is_being_deleted(&definition) {
        return terminate(work, definition, &crd).await;
    }
    establish(work, definition, crd).await
}

/// Records an error as an event of the definition, unless it is a conflict.
async fn reported<T>(
    work: &Work<'_>,
    about: &Value,
    reason: &str,
    result: Result<T, Error>,
) -> Result<T, Error> {
    if let Err(error) = &result
        && !error.is_conflict()
    {
        work.record(about, &NewEvent::warning(reason, error)).await;
    }
    result
}

async fn establish(work: &Work<'_>, mut definition: Value, crd: Value) -> Result<Action, Error> {
    if !object::has_finalizer(&definition, FINALIZER) {
        object::add_finalizer(&mut definition, FINALIZER);
        let updated = work
            .api
            .update(&definition)
            .await
            .context("cannot add composite resource finalizer");
        let updated = reported(work, &definition, ESTABLISH, updated).await?;
        definition = Arc::unwrap_or_clone(updated);
    }
    let applied = apply_crd(work, &definition, crd).await;
    let applied =
        applied.context("cannot apply rendered composite resource CustomResourceDefinition");
    let (crd, changed) = reported(work, &definition, ESTABLISH, applied).await?;
    if changed {
        let message = format!(
            "Applied composite resource CustomResourceDefinition: {}",
            object::name(&crd)
        );
        work.record(&definition, &NewEvent::normal(ESTABLISH, message))
            .await;
    }
    let established = condition::get(&crd, "Established")
        .is_some_and(|found| object::text(found, &["status"]) == "True");
    if !established {
        let message = "waiting for composite resource CustomResourceDefinition to be established";
        work.record(&definition, &NewEvent::normal(ESTABLISH, message))
            .await;
        return Ok(REQUEUE);
    }
    publish_status(work, definition).await?;
    Ok(Action::AwaitChange)
}

/// Creates or replaces the CRD; returns true if that changed the CRD.
async fn apply_crd(
    work: &Work<'_>,
    definition: &Value,
    mut crd: Value,
) -> Result<(Arc<Value>, bool), Error> {
    let address = ObjectRef::cluster(CRD.0, CRD.1, object::name(&crd));
    let Some(current) = optional(work.api.get(address).await).context("cannot get object")? else {
        return Ok((
            work.api
                .create(&crd)
                .await
                .context("cannot create object")?,
            true,
        ));
    };
    let uid = object::uid(definition);
    if object::controller_of(&current).is_some_and(|owner| object::text(owner, &["uid"]) != uid) {
        return Err(Error::new(format!(
            "existing object is not controlled by UID {uid:?}"
        )));
    }
    let version = object::text(&current, &["metadata", "resourceVersion"]);
    object::set(&mut crd, &["metadata", "resourceVersion"], json!(version));
    let updated = work
        .api
        .update(&crd)
        .await
        .context("cannot update object")?;
    let changed = object::text(&updated, &["metadata", "resourceVersion"]) != version;
    Ok((updated, changed))
}

async fn publish_status(work: &Work<'_>, mut definition: Value) -> Result<(), Error> {
    let before = definition.get("status").cloned();
    let (api_version, kind) = composite_type(&definition);
    let kind = kind.to_owned();
    object::set(
        &mut definition,
        &["status", "controllers"],
        json!({
            "compositeResourceType": {"apiVersion": api_version, "kind": kind},
            "compositeResourceClaimType": {"apiVersion": "", "kind": ""},
        }),
    );
    condition::mark(
        &mut definition,
        &Condition::new("Established", "True", "WatchingCompositeResource"),
        &work.now,
    );
    if object::at(&definition, &["spec", "claimNames"]).is_some() {
        work.lacks(claims(&definition));
        let unsupported = Condition::new("Offered", "False", "Unsupported")
            .message("claims are not supported here");
        condition::mark(&mut definition, &unsupported, &work.now);
    }
    update_status(work, &definition, before.as_ref()).await
}

async fn update_status(
    work: &Work<'_>,
    definition: &Value,
    before: Option<&Value>,
) -> Result<(), Error> {
    if definition.get("status") == before {
        return Ok(());
    }
    work.api
        .update_status(definition)
        .await
        .map(drop)
        .context("cannot update status of CompositeResourceDefinition")
}

async fn terminate(work: &Work<'_>, mut definition: Value, crd: &Value) -> Result<Action, Error> {
    let before = definition.get("status").cloned();
    condition::mark(
        &mut definition,
        &Condition::new("Established", "False", "TerminatingCompositeResource"),
        &work.now,
    );
    if definition.get("status") != before.as_ref() {
        let updated = work
            .api
            .update_status(&definition)
            .await
            .context("cannot update status of CompositeResourceDefinition")?;
        definition = Arc::unwrap_or_clone(updated);
    }
    let address = ObjectRef::cluster(CRD.0, CRD.1, object::name(crd));
    let found = optional(work.api.get(address).await)
        .context("cannot get composite resource CustomResourceDefinition");
    let found = reported(work, &definition, TERMINATE, found).await?;
    if !found.is_some_and(|crd| object::is_controlled_by(&crd, object::uid(&definition))) {
        return release(work, definition).await;
    }
    let left = delete_composites(work, &definition).await;
    if reported(work, &definition, TERMINATE, left).await? > 0 {
        let message = "waiting for defined composite resources to be deleted";
        work.record(&definition, &NewEvent::normal(TERMINATE, message))
            .await;
        return Ok(REQUEUE);
    }
    let deleted = optional(work.api.delete(address, Deletion::default()).await);
    let deleted = deleted.context("cannot delete composite resource CustomResourceDefinition");
    reported(work, &definition, TERMINATE, deleted).await?;
    let message = format!(
        "Deleted composite resource CustomResourceDefinition: {}",
        object::name(crd)
    );
    work.record(&definition, &NewEvent::normal(TERMINATE, message))
        .await;
    Ok(REQUEUE)
}

/// Removes the definition's finalizer, since its CRD is deleted or belongs to another owner.
async fn release(work: &Work<'_>, mut definition: Value) -> Result<Action, Error> {
    if object::has_finalizer(&definition, FINALIZER) {
        object::remove_finalizer(&mut definition, FINALIZER);
        let updated = optional(work.api.update(&definition).await)
            .context("cannot remove composite resource finalizer");
        reported(work, &definition, TERMINATE, updated).await?;
    }
    Ok(Action::AwaitChange)
}

/// Deletes every composite resource of the definition; returns the number of those that still existed.
async fn delete_composites(work: &Work<'_>, definition: &Value) -> Result<usize, Error> {
    let (api_version, kind) = composite_type(definition);
    let composites = match work
        .api
        .list(&api_version, kind, "", &std::collections::BTreeMap::new())
        .await
    {
        Err(error) if error.is_no_match() || error.is_not_found() => Vec::new(),
        other => other.context("cannot list defined composite resources")?,
    };
    let mut left = 0;
    for composite in &composites {
        left += 1;
        if !object::is_being_deleted(composite) {
            let deleted = optional(
                work.api
                    .delete(ObjectRef::of(composite), Deletion::default())
                    .await,
            );
            deleted.context("cannot delete defined composite resources")?;
        }
    }
    Ok(left)
}
