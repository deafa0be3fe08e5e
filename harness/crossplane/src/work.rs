//! What every reconcile here starts with: the API, the time, and the events' recorder.

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

/// Asked for where Crossplane asks controller-runtime to requeue at once, which its rate limiter makes a second.
pub(crate) const REQUEUE: After = Action::RequeueAfter(Duration::from_secs(1));

/// One reconcile's surroundings.
pub(crate) struct Work<'a> {
    pub(crate) api: Api,
    /// RFC 3339, in seconds.
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

    /// Takes note that the object asks for something that Crossplane does and the controllers here do not: a noun
    /// phrase. The trial is unsupported by it.
    pub(crate) fn lacks(&self, what: impl Into<String>) {
        self.context.lacks(what);
    }

    /// Says in every event which controller of several of a kind this is.
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

/// The outcome of a reconcile: a race with another writer is tried again quietly, as Crossplane does.
pub(crate) fn outcome(result: Result<Action, Error>) -> Result<Action, ReconcileError> {
    match result {
        Ok(after) => Ok(after),
        Err(error) if error.is_conflict() => Ok(REQUEUE),
        Err(error) => Err(ReconcileError::new(error.to_string())),
    }
}

/// The key of the object that an event is about.
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

/// The key of the controller that an object has, if it is of this kind.
pub(crate) fn owner_key(event: &Event, api_version: &str, kind: &str) -> Option<Key> {
    let owner = object::controller_of(&event.object)?;
    let same = object::kind(owner) == kind
        && object::group_of(object::api_version(owner)) == object::group_of(api_version);
    same.then(|| cluster_key(api_version, kind, object::text(owner, &["name"])))
}

/// The key of a cluster-scoped object.
pub(crate) fn cluster_key(api_version: &str, kind: &str, name: &str) -> Key {
    Key {
        group: object::group_of(api_version).to_owned(),
        version: object::version_of(api_version).to_owned(),
        kind: kind.to_owned(),
        namespace: None,
        name: name.to_owned(),
    }
}
