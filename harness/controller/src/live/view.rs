//! What one trial sees of an API server: the objects of its namespaces and those of the whole cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use crosscut_apiserver::{Change, Event};
use crosscut_client::object;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::controller::Key;

type Scope = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// The objects in scope as they were when the last news were taken.
pub struct View {
    objects: BTreeMap<Key, Arc<Value>>,
    news: UnboundedReceiver<Arc<Event>>,
    scope: Scope,
    /// What was there at first and has not been told yet.
    untold: Vec<Arc<Event>>,
}

impl View {
    pub(super) fn new(
        present: Vec<Arc<Event>>,
        news: UnboundedReceiver<Arc<Event>>,
        scope: Scope,
    ) -> View {
        View {
            objects: BTreeMap::new(),
            news,
            scope,
            untold: present,
        }
    }

    /// These objects, which never change: for tests of what [`super::Awaits`] make of them.
    pub fn still(objects: impl IntoIterator<Item = (Key, Value)>) -> View {
        let (_, news) = unbounded_channel();
        let mut view = View::new(Vec::new(), news, Box::new(|_| true));
        view.objects = objects
            .into_iter()
            .map(|(key, object)| (key, Arc::new(object)))
            .collect();
        view
    }

    /// Every object in scope.
    pub fn objects(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.objects
            .iter()
            .map(|(key, object)| (key, object.as_ref()))
    }

    /// The object of a group, kind, namespace and name, in whatever version it is watched.
    #[must_use]
    pub fn find(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.objects()
            .find(|(key, _)| {
                key.group == group
                    && key.kind == kind
                    && key.namespace.as_deref().unwrap_or_default() == namespace
                    && key.name == name
            })
            .map(|(_, object)| object)
    }

    /// Whether there is any object of a group and kind in view: without one the kind may not be watched yet.
    #[must_use]
    pub fn shows(&self, group: &str, kind: &str) -> bool {
        self.objects
            .keys()
            .any(|key| key.group == group && key.kind == kind)
    }

    /// Whether an object with this uid is in view.
    #[must_use]
    pub fn has_uid(&self, uid: &str) -> bool {
        self.objects().any(|(_, object)| object::uid(object) == uid)
    }

    /// Takes up what has happened since the last call, without waiting.
    pub(super) fn take(&mut self) -> Vec<Arc<Event>> {
        let mut events = std::mem::take(&mut self.untold);
        while let Ok(event) = self.news.try_recv() {
            events.push(event);
        }
        events.retain(|event| self.concerns(event));
        for event in &events {
            self.apply(event);
        }
        events
    }

    /// Waits until something has happened, in scope or not, and keeps it for the next [`View::take`]. Cancel safe.
    pub(super) async fn wait(&mut self) {
        match self.news.recv().await {
            Some(event) => self.untold.push(event),
            // The observer is gone: nothing will ever happen again.
            None => std::future::pending().await,
        }
    }

    fn concerns(&self, event: &Event) -> bool {
        let namespace = if event.resource.kind == "Namespace" && event.resource.group.is_empty() {
            object::name(&event.object)
        } else if event.resource.namespaced {
            object::namespace(&event.object)
        } else {
            return true;
        };
        (self.scope)(namespace)
    }

    fn apply(&mut self, event: &Event) {
        let key = Key::of(event);
        if event.change == Change::Deleted {
            self.objects.remove(&key);
        } else {
            self.objects.insert(key, Arc::clone(&event.object));
        }
    }
}
