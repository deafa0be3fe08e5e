//! A wrapper that hides the kinds of real providers from a stand-in.

use std::sync::Arc;

use async_trait::async_trait;
use crosscut_controller::{Action, Context, Controller, ReconcileError};
use crosscut_objects::Event;

use crosscut_objects::Key;

/// A controller that does not see objects of some groups.
pub struct Hidden {
    inner: Arc<dyn Controller>,
    groups: Arc<[String]>,
}

impl Hidden {
    /// Returns `inner` without the events of objects of `groups`.
    pub fn from(inner: Arc<dyn Controller>, groups: &Arc<[String]>) -> Arc<dyn Controller> {
        let groups = Arc::clone(groups);
        Arc::new(Hidden { inner, groups })
    }
}

#[async_trait]
impl Controller for Hidden {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        if self.groups.contains(&event.resource.group) {
            Vec::new()
        } else {
            self.inner.map_to_keys(event)
        }
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        self.inner.reconcile(context, key).await
    }
}
