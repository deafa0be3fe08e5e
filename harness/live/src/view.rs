//! What one trial sees of an API server: the objects of its namespaces and those of the whole cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use crosscut_objects::object;
use crosscut_objects::{Change, Event, Resource};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::listing;
use super::observer::ReflectorError;
use super::state::State;
use crosscut_objects::Key;

type Scope = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// The objects in scope as they were when the last news were taken.
pub struct View {
    objects: BTreeMap<Key, Arc<Value>>,
    news: UnboundedReceiver<Arc<Event>>,
    scope: Scope,
    /// What was there at first and has not been told yet.
    untold: Vec<Arc<Event>>,
    state: State,
}

impl View {
    pub(super) fn new(state: &State, scope: Scope) -> View {
        let (present, news) = state.subscribe();
        View {
            objects: BTreeMap::new(),
            news,
            scope,
            untold: present,
            state: state.clone(),
        }
    }

    /// These objects, which never change: for tests of what [`super::PendingWork`] make of them.
    pub fn still(objects: impl IntoIterator<Item = (Key, Value)>) -> View {
        let mut view = View::new(&State::default(), Box::new(|_| true));
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

    /// Every object in scope, as the API server has it now; this view stays as it is. `client` is one of its API server.
    ///
    /// # Errors
    /// [`ReflectorError::List`].
    pub async fn list(&self, client: &kube::Client) -> Result<Vec<(Key, Value)>, ReflectorError> {
        let all = listing::everything(client)
            .await
            .map_err(ReflectorError::List)?;
        let mut found = Vec::new();
        for (resource, object) in all {
            if self.concerns(&resource, &object) {
                found.push((Key::new(&resource, &object), object));
            }
        }
        Ok(found)
    }

    /// The revision of the store behind an API server, where it has numbers for that: whatever changes from now on has
    /// a later one.
    ///
    /// # Errors
    /// [`ReflectorError::List`].
    pub async fn revision(client: &kube::Client) -> Result<Option<u64>, ReflectorError> {
        listing::revision(client).await.map_err(ReflectorError::List)
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

    /// Returns true if there is any object of a group and kind in view: without one the kind may not be watched yet.
    #[must_use]
    pub fn shows(&self, group: &str, kind: &str) -> bool {
        self.objects
            .keys()
            .any(|key| key.group == group && key.kind == kind)
    }

    /// Returns true if an object with this uid is in view.
    #[must_use]
    pub fn has_uid(&self, uid: &str) -> bool {
        self.objects().any(|(_, object)| object::uid(object) == uid)
    }

    /// Returns true if some watch has to catch up, so that there may be more than is shown.
    pub(super) fn is_behind(&self) -> bool {
        self.state.is_behind()
    }

    /// Takes up what has happened since the last call, without waiting.
    pub(super) fn take(&mut self) -> Vec<Arc<Event>> {
        let mut events = std::mem::take(&mut self.untold);
        while let Ok(event) = self.news.try_recv() {
            events.push(event);
        }
        events.retain(|event| self.concerns(&event.resource, &event.object));
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

    /// Returns true if an object is in scope.
    pub(super) fn concerns(&self, resource: &Resource, object: &Value) -> bool {
        let namespace = if resource.kind == "Namespace" && resource.group.is_empty() {
            object::name(object)
        } else if resource.namespaced {
            object::namespace(object)
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
