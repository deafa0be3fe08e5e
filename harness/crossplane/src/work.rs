//! The context of every reconcile: the API, the time, and the recorder of Events.

use std::time::Duration;

use crosscut_controller::{Action, Context, ReconcileError};
use crosscut_objects::Event;

use crosscut_objects::Key;
use serde_json::{Value, json};

use crate::error::Error;
use crate::object;
use crate::recorder::{EventContext, NewEvent, Recorder};
use crosscut_client::Api;

/// The field manager of creates, updates and patches, as the API server derives it from Crossplane's user agent.
pub(crate) const FIELD_MANAGER: &str = "crossplane";

/// The requeue for each case in which Crossplane requeues at once: controller-runtime's rate limiter makes that a
/// second.
pub(crate) const REQUEUE: Action = Action::RequeueAfter(Duration::from_secs(1));

/// The context of one reconcile.
pub(crate) struct Work<'a> {
    pub(crate) api: Api,
    /// The current time in RFC 3339, in seconds.
    pub(crate) now: String,
    recorder: &'a Recorder,
    annotations: Value,
    context: Context,
}

impl<'a> Work<'a> {
    pub(crate) fn new(context: &Context, recorder: &'a Recorder) -> Self {
        Self {
            api: Api::new(context.connection(), FIELD_MANAGER),
            now: context.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            recorder,
            annotations: Value::Null,
            context: context.clone(),
        }
    }

    /// Records a feature of Crossplane that the object needs and the controllers here lack, as a noun phrase. The
    /// trial becomes unsupported.
    pub(crate) fn lacks(&self, what: impl Into<String>) {
        self.context.lacks(what);
    }

    /// Adds the name of the controller to every event, if several controllers share a kind.
    pub(crate) fn with_controller(mut self, name: &str) -> Self {
        self.annotations = json!({"controller": name});
        self
    }

    pub(crate) async fn record(&self, about: &Value, new_event: &NewEvent) {
        let context = EventContext {
            api: &self.api,
            now: &self.now,
            annotations: self.annotations.clone(),
        };
        self.recorder.record(&context, about, new_event).await;
    }

    pub(crate) async fn record_with(
        &self,
        about: &Value,
        new_event: &NewEvent,
        annotations: Value,
    ) {
        let context = EventContext {
            api: &self.api,
            now: &self.now,
            annotations,
        };
        self.recorder.record(&context, about, new_event).await;
    }
}

/// Returns the outcome of a reconcile: a conflict with another writer is retried without an error, as in
/// Crossplane.
pub(crate) fn outcome(result: Result<Action, Error>) -> Result<Action, ReconcileError> {
    match result {
        Ok(after) => Ok(after),
        Err(error) if error.is_conflict() => Ok(REQUEUE),
        Err(error) => Err(ReconcileError::new(error.to_string())),
    }
}

/// Returns the key of the object that an event is about.
pub(crate) fn key_of(event: &Event) -> Key {
    let namespace = object::namespace(&event.object);
    Key {
        group: event.resource.group.clone(),
        version: event.resource.version.clone(),
        kind: event.resource.kind.clone(),
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        name: object::name(&event.object).to_owned(),
    }
}

/// Returns true if an event is about this kind.
pub(crate) fn is_about(event: &Event, api_version: &str, kind: &str) -> bool {
    event.resource.kind == kind && event.resource.group == object::group_of(api_version)
}

/// Returns the key of an object's controller, if the controller is of this kind.
pub(crate) fn owner_key(event: &Event, api_version: &str, kind: &str) -> Option<Key> {
    let owner = object::controller_of(&event.object)?;
    let same = object::kind(owner) == kind
        && object::group_of(object::api_version(owner)) == object::group_of(api_version);
    same.then(|| cluster_key(api_version, kind, object::text(owner, &["name"])))
}

/// Returns the key of a cluster-scoped object.
pub(crate) fn cluster_key(api_version: &str, kind: &str, name: &str) -> Key {
    Key {
        group: object::group_of(api_version).to_owned(),
        version: object::version_of(api_version).to_owned(),
        kind: kind.to_owned(),
        namespace: None,
        name: name.to_owned(),
    }
}
