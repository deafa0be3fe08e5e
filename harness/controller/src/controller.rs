//! What a controller is: a name, the events that concern it, and a reconcile of one key.

use std::time::Duration;

use async_trait::async_trait;
use crosscut_objects::{Event, Key};

use crate::context::Context;

/// When to look at a key again, if nothing happens before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
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

    /// Returns true if this controller looks at many objects at once, so that it is best run when the others are done:
    /// each of its reconciles repeats the work for all of them. Only the order of a run with seed 0 follows this.
    fn is_low_priority(&self) -> bool {
        false
    }

    /// The keys that an event concerns. Must be quick and must not wait.
    fn map_to_keys(&self, event: &Event) -> Vec<Key>;

    /// Looks at one object and acts, level-triggered: it must be right after any event or none.
    ///
    /// # Errors
    /// [`ReconcileError`]: the key comes back after a back-off of virtual time.
    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError>;
}
