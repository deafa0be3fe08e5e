//! What a controller is: a name, the events that concern it, and a reconcile of one key.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use crosscut_apiserver::{Event, Resource};
use crosscut_client::object;
use serde_json::Value;

use crate::context::Context;

/// The object that a reconcile is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The API group; empty for the core group.
    pub group: String,
    /// The API version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The namespace; `None` for cluster-scoped objects.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// `Kind namespace/name`, with the group where there is one.
impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.kind)?;
        if !self.group.is_empty() {
            write!(formatter, ".{}", self.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(formatter, " {namespace}/{}", self.name),
            None => write!(formatter, " {}", self.name),
        }
    }
}

impl Key {
    /// The key of an event's object, in the version in which it is stored.
    #[must_use]
    pub fn of(event: &Event) -> Key {
        Key::new(&event.resource, &event.object)
    }

    /// The key of an object of a resource.
    #[must_use]
    pub fn new(resource: &Resource, object: &Value) -> Key {
        let namespace = object::namespace(object);
        Key {
            group: resource.group.clone(),
            version: resource.version.clone(),
            kind: resource.kind.clone(),
            namespace: resource.namespaced.then(|| namespace.to_owned()),
            name: object::name(object).to_owned(),
        }
    }

    /// `group/version`, or the version alone in the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// When to look at a key again, if nothing happens before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// When an event says so.
    Nothing,
    /// After this much virtual time.
    In(Duration),
}

/// A reconcile that failed; it is tried again after the back-off.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ReconcileError {
    message: String,
}

impl ReconcileError {
    /// An error whose text ends up in reports where it keeps a control plane from settling.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// Brings the world of one kind of object closer to what the objects ask for.
#[async_trait]
pub trait Controller: Send + Sync {
    /// A name for reports, such as `composite/clusters.devopstoolkit.ai`.
    fn name(&self) -> &str;

    /// Whether this controller looks at many objects at once, so that it is best run when the others are done: each of
    /// its reconciles repeats the work for all of them. Only the order of a run with seed 0 follows this.
    fn looks_at_many(&self) -> bool {
        false
    }

    /// The keys that an event concerns. Must be quick and must not wait.
    fn interested(&self, event: &Event) -> Vec<Key>;

    /// Looks at one object and acts, level-triggered: it must be right after any event or none.
    ///
    /// # Errors
    /// [`ReconcileError`]: the key comes back after a back-off of virtual time.
    async fn reconcile(&self, context: &Context, key: &Key) -> Result<After, ReconcileError>;
}
