//! The part of the reconcile that all managed resources share (crossplane-runtime's managed reconciler).

use std::sync::Arc;
use std::time::Duration;

use crosscut_client::{Api, ApiError};
use crosscut_objects::{Change, Event};

use crosscut_controller::{Action, Context, ReconcileError};
use crosscut_objects::{ObjectRef, object};

use crosscut_objects::Key;
use serde_json::{Value, json};

use crate::conditions::{self, Condition};
use crate::events::{NewEvent, say};

/// Keeps a managed resource until what it stands for is gone.
pub(crate) const FINALIZER: &str = "finalizer.managedresource.crossplane.io";
/// The annotation with the name outside of Kubernetes.
pub(crate) const EXTERNAL_NAME: &str = "crossplane.io/external-name";

/// The error of an observation that finds no external resource and may not create one.
pub(crate) const MISSING: &str = "external resource does not exist";

/// The time until the next reconcile of a resource that is ready.
pub(crate) const POLL: Action = Action::RequeueAfter(Duration::from_secs(600));
/// The time until the next reconcile of a resource that is not ready.
pub(crate) const POLL_UNREADY: Action = Action::RequeueAfter(Duration::from_secs(30));

/// Returns true if an event asks for a reconcile: not where only status and finalizers changed, which controllers write
/// themselves (`resource.DesiredStateChanged` of crossplane-runtime 2.0, by which most providers filter their events).
pub(crate) fn desired_state_changed(event: &Event) -> bool {
    let (now, Some(before)) = (&*event.object, event.previous.as_deref()) else {
        return true;
    };
    let differs = |field: &str| now["metadata"][field] != before["metadata"][field];
    event.change != Change::Modified
        || differs("annotations")
        || differs("labels")
        || differs("generation")
        || differs("deletionTimestamp")
}

/// An operation of a reconcile on the external resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Connect,
    Observe,
    Create,
    Update,
    Delete,
}

impl Doing {
    /// Returns `Update` if the external resource exists, otherwise `Create`.
    pub(crate) fn write(exists: bool) -> Doing {
        if exists { Doing::Update } else { Doing::Create }
    }

    /// Returns the word in messages and the reason of the Event if the operation fails.
    fn failing(self) -> (&'static str, &'static str) {
        match self {
            Doing::Connect => ("connect", "CannotConnectToProvider"),
            Doing::Observe => ("observe", "CannotObserveExternalResource"),
            Doing::Create => ("create", "CannotCreateExternalResource"),
            Doing::Update => ("update", "CannotUpdateExternalResource"),
            Doing::Delete => ("delete", "CannotDeleteExternalResource"),
        }
    }

    /// Returns the Event of an operation that succeeded, or `None` if the operation has no Event.
    fn done(self) -> Option<NewEvent<'static>> {
        let (reason, message) = match self {
            Doing::Connect | Doing::Observe => return None,
            Doing::Create => (
                "CreatedExternalResource",
                "Successfully requested creation of external resource",
            ),
            Doing::Update => (
                "UpdatedExternalResource",
                "Successfully requested update of external resource",
            ),
            Doing::Delete => (
                "DeletedExternalResource",
                "Successfully requested deletion of external resource",
            ),
        };
        Some(NewEvent::normal(reason, message))
    }
}

/// A managed resource under reconcile, and what was read of it.
pub(crate) struct Managed {
    pub(crate) api: Api,
    /// RFC 3339, in seconds.
    pub(crate) now: String,
    pub(crate) object: Value,
    /// The status as it is stored.
    stored: Value,
    context: Context,
}

impl Managed {
    /// Reads the object of a key. Returns `None` if the object or its kind is gone.
    ///
    /// # Errors
    /// Fails if a request fails for another reason.
    pub(crate) async fn read(
        context: &Context,
        manager: &str,
        key: &Key,
    ) -> Result<Option<Managed>, ReconcileError> {
        let api = Api::new(context.connection(), manager);
        let api_version = key.api_version();
        let address = ObjectRef {
            api_version: &api_version,
            kind: &key.kind,
            namespace: key.namespace.as_deref().unwrap_or_default(),
            name: &key.name,
        };
        let object = match api.get(address).await {
            Ok(object) => object,
            Err(error) if error.is_not_found() || error.is_no_match() => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        let now = jiff::Timestamp::from_second(context.now().as_second()).unwrap_or(context.now());
        Ok(Some(Managed {
            api,
            now: now.to_string(),
            stored: object["status"].clone(),
            object,
            context: context.clone(),
        }))
    }

    /// Returns true if it is to be left alone: by its annotation, or because it has no management policy at all.
    pub(crate) fn is_paused(&self) -> bool {
        object::annotation(&self.object, "crossplane.io/paused") == "true"
            || self.policies().is_some_and(<[Value]>::is_empty)
    }

    /// Returns true if `Observe` is the only management policy.
    pub(crate) fn may_only_observe(&self) -> bool {
        self.policies()
            .is_some_and(|policies| matches!(policies, [one] if one == "Observe"))
    }

    fn policies(&self) -> Option<&[Value]> {
        self.object["spec"]["managementPolicies"]
            .as_array()
            .map(Vec::as_slice)
    }

    /// Returns true if a management policy, or all, is given; an object without policies has all.
    pub(crate) fn may(&self, policy: &str) -> bool {
        self.policies()
            .is_none_or(|policies| policies.iter().any(|one| one == "*" || one == policy))
    }

    pub(crate) fn external_name(&self) -> &str {
        object::annotation(&self.object, EXTERNAL_NAME)
    }

    /// Names the resource outside, unless it is named.
    pub(crate) async fn name_outside(&mut self, name: &str) -> Result<(), ReconcileError> {
        if !self.external_name().is_empty() {
            return Ok(());
        }
        let patch = json!({ "metadata": { "annotations": { EXTERNAL_NAME: name } } });
        self.patch(&patch).await
    }

    pub(crate) async fn add_finalizer(&mut self) -> Result<(), ReconcileError> {
        if object::has_finalizer(&self.object, FINALIZER) {
            return Ok(());
        }
        object::add_finalizer(&mut self.object, FINALIZER);
        self.write_finalizers().await
    }

    pub(crate) async fn remove_finalizer(&mut self) -> Result<(), ReconcileError> {
        if !object::has_finalizer(&self.object, FINALIZER) {
            return Ok(());
        }
        object::remove_finalizer(&mut self.object, FINALIZER);
        self.write_finalizers().await
    }

    async fn write_finalizers(&mut self) -> Result<(), ReconcileError> {
        let patch = json!({ "metadata": {
            "finalizers": self.object["metadata"]["finalizers"],
            "resourceVersion": self.object["metadata"]["resourceVersion"],
        } });
        self.patch(&patch).await
    }

    /// Writes outside of the status; the status that is being worked on stays.
    pub(crate) async fn patch(&mut self, patch: &Value) -> Result<(), ReconcileError> {
        let patched = self
            .api
            .merge_patch(ObjectRef::of(&self.object), patch)
            .await;
        self.written(patched)
    }

    /// Writes the whole object but for its status, as it is now; the status that is being worked on stays.
    pub(crate) async fn replace(&mut self) -> Result<(), ReconcileError> {
        let replaced = self.api.update(&self.object).await;
        self.written(replaced)
    }

    fn written(&mut self, answer: Result<Arc<Value>, ApiError>) -> Result<(), ReconcileError> {
        let status = self.object["status"].clone();
        match answer {
            Ok(written) => self.object = Arc::unwrap_or_clone(written),
            // Its last finalizer went, and it with it.
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(failed(&error)),
        }
        if !status.is_null() {
            self.object["status"] = status;
        }
        Ok(())
    }

    /// Returns true if a condition is true.
    pub(crate) fn is(&self, condition: &str) -> bool {
        let conditions = self.object["status"]["conditions"].as_array();
        conditions
            .into_iter()
            .flatten()
            .any(|one| one["type"] == condition && one["status"] == "True")
    }

    pub(crate) fn set(&mut self, condition: Condition<'_>) {
        let generation = self.object["metadata"]["generation"].as_i64();
        conditions::set(&mut self.object, condition, generation, &self.now);
    }

    /// Sets a condition that does not say of which generation it is: providers do that themselves.
    pub(crate) fn set_plain(&mut self, condition: Condition<'_>) {
        conditions::set(&mut self.object, condition, None, &self.now);
    }

    /// Writes the status if it has changed.
    pub(crate) async fn save(&mut self) -> Result<(), ReconcileError> {
        if self.object["status"] == self.stored {
            return Ok(());
        }
        match self.api.update_status(&self.object).await {
            Ok(written) => {
                self.stored = written["status"].clone();
                self.object = Arc::unwrap_or_clone(written);
                Ok(())
            }
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    pub(crate) async fn say(&self, new_event: NewEvent<'_>) -> Result<(), ReconcileError> {
        say(&self.api, &self.object, new_event, &self.now)
            .await
            .map_err(|error| failed(&error))
    }

    /// Takes note that the object asks for something that its provider does and the stand-in does not: a noun phrase.
    pub(crate) fn lacks(&self, what: impl Into<String>) {
        self.context.lacks(what);
    }

    /// Writes an error to the status and an Event, and returns it so that the reconcile is repeated.
    pub(crate) async fn fail(
        &mut self,
        reason: &str,
        message: &str,
    ) -> Result<Action, ReconcileError> {
        self.set(Condition::error(message));
        self.save().await?;
        self.say(NewEvent::warning(reason, message)).await?;
        Err(ReconcileError::new(message))
    }

    /// Writes a failed operation to the status and an Event, and returns the error so that the reconcile is repeated.
    pub(crate) async fn fail_to(
        &mut self,
        doing: Doing,
        why: &str,
    ) -> Result<Action, ReconcileError> {
        let (word, reason) = doing.failing();
        self.fail(reason, &format!("{word} failed: {why}")).await
    }

    /// Writes the Event of an operation that succeeded.
    pub(crate) async fn did(&self, doing: Doing) -> Result<(), ReconcileError> {
        match doing.done() {
            Some(new_event) => self.say(new_event).await,
            None => Ok(()),
        }
    }

    /// Writes the condition of a paused object and ends the reconcile.
    pub(crate) async fn pause(&mut self) -> Result<Action, ReconcileError> {
        self.set(Condition::PAUSED);
        self.save().await?;
        Ok(Action::AwaitChange)
    }
}

/// Returns what an error of the API means for a reconcile.
pub(crate) fn failed(error: &ApiError) -> ReconcileError {
    ReconcileError::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use crosscut_objects::Resource;
    use rstest::rstest;

    use super::*;

    fn event(change: Change, previous: Option<Value>, object: Value) -> Event {
        Event {
            revision: 2,
            change,
            resource: Arc::new(Resource {
                group: "example.org".to_owned(),
                version: "v1".to_owned(),
                plural: "things".to_owned(),
                kind: "Thing".to_owned(),
                namespaced: true,
            }),
            object: Arc::new(object),
            previous: previous.map(Arc::new),
        }
    }

    // `resource.DesiredStateChanged` of crossplane-runtime 2.0: annotations, labels and generation, of updates alone.
    #[rstest]
    #[case::status(json!({}), false)]
    #[case::finalizers(json!({"finalizers": [FINALIZER]}), false)]
    #[case::annotations(json!({"annotations": {"a": "b"}}), true)]
    #[case::labels(json!({"labels": {"a": "b"}}), true)]
    #[case::spec(json!({"generation": 2}), true)]
    #[case::deletion(json!({"deletionTimestamp": "2026-01-01T00:00:00Z"}), true)]
    fn updates_ask_for_a_reconcile_where_what_is_desired_changed(
        #[case] more: Value,
        #[case] expected: bool,
    ) {
        let before = json!({"metadata": {"generation": 1}, "status": {"seen": 1}});
        let mut now = json!({"metadata": {"generation": 1}, "status": {"seen": 2}});
        for (field, value) in more.as_object().into_iter().flatten() {
            now["metadata"][field] = value.clone();
        }
        let modified = event(Change::Modified, Some(before.clone()), now);
        assert_eq!(desired_state_changed(&modified), expected);
        let added = event(Change::Added, None, before.clone());
        assert!(desired_state_changed(&added));
        let deleted = event(Change::Deleted, Some(before.clone()), before);
        assert!(desired_state_changed(&deleted));
    }
}
