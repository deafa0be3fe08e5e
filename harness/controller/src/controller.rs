//! The interface of a controller: a name, a mapping of events to keys, and a reconcile of one key.

use std::time::Duration;

use async_trait::async_trait;
use crosscut_objects::{Event, Key};

use crate::context::Context;

/// The next reconcile of a key, unless an event triggers one before. Corresponds to
/// `kube::runtime::controller::Action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// No reconcile before an event for the key.
    AwaitChange,
    /// A reconcile after this time of the control plane's clock.
    RequeueAfter(Duration),
}

/// A failed reconcile; it is retried after the back-off.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ReconcileError {
    message: String,
}

impl ReconcileError {
    /// Creates an error. Its text appears in reports if the control plane does not settle because of the error.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// A controller, which brings the objects of one kind closer to their desired state.
#[async_trait]
pub trait Controller: Send + Sync {
    /// Returns a name for reports, such as `composite/clusters.devopstoolkit.ai`.
    fn name(&self) -> &str;

    /// Returns true if the reconciles of this controller should run after those of all others. This saves work if each
    /// reconcile repeats the work for many objects. Only the order of a run with seed 0 follows this.
    fn is_low_priority(&self) -> bool {
        false
    }

    /// Returns the keys that an event affects. The method must be fast and must not block.
    fn map_to_keys(&self, event: &Event) -> Vec<Key>;

    /// Reconciles one object, level-triggered: the result must be right whatever events came before.
    ///
    /// # Errors
    /// [`ReconcileError`]: the reconcile is retried after a back-off of virtual time.
    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError>;
}
