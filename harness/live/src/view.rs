//! A trial's view of an API server: the objects of its namespaces and the cluster-wide objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use crosscut_objects::object;
use crosscut_objects::{Change, Event, Resource};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::index::Index;
use super::listing;
use super::reflector::ReflectorError;
use super::state::State;
use crosscut_objects::Key;

type Scope = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// The objects in scope, as of the last processed event.
pub struct View {
    objects: BTreeMap<Key, Arc<Value>>,
    index: Index,
    news: UnboundedReceiver<Arc<Event>>,
    scope: Scope,
    /// Events that [`View::take`] has not returned yet.
    untold: Vec<Arc<Event>>,
    state: State,
}

impl View {
    pub(super) fn new(state: &State, scope: Scope) -> View {
        let (present, news) = state.subscribe();
        View {
            objects: BTreeMap::new(),
            index: Index::default(),
            news,
            scope,
            untold: present,
            state: state.clone(),
        }
    }

    /// Returns a view of these objects, which never change. For tests of [`super::PendingWork`].
    pub fn still(objects: impl IntoIterator<Item = (Key, Value)>) -> View {
        let mut view = View::new(&State::default(), Box::new(|_| true));
        for (key, object) in objects {
            view.insert(key, Arc::new(object));
        }
        view
    }

    /// Returns every object in scope.
    pub fn objects(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.objects
            .iter()
            .map(|(key, object)| (key, object.as_ref()))
    }

    /// Lists every object in scope from the API server, without a change to this view. `client` must be a client of the
    /// same API server.
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

    /// Returns the current revision of the store behind an API server; `None` if its versions are no numbers. All later
    /// changes have a higher revision.
    ///
    /// # Errors
    /// [`ReflectorError::List`].
    pub async fn revision(client: &kube::Client) -> Result<Option<u64>, ReflectorError> {
        listing::revision(client)
            .await
            .map_err(ReflectorError::List)
    }

    /// Returns the object of a group, kind, namespace and name, in the version that is watched. An empty namespace
    /// means a cluster-scoped object.
    #[must_use]
    pub fn find(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<&Value> {
        let key = self.index.find(group, kind, namespace, name)?;
        self.object(key)
    }

    /// Returns the objects of a kind, of any group.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = (&Key, &Value)> {
        let keys = self.index.of_kind(kind);
        keys.filter_map(|key| Some((key, self.object(key)?)))
    }

    /// Returns the objects that name this UID among their owners.
    pub fn dependents(&self, uid: &str) -> impl Iterator<Item = (&Key, &Value)> {
        let keys = self.index.dependents(uid);
        keys.filter_map(|key| Some((key, self.object(key)?)))
    }

    /// Returns true if any object of a group and kind is in view. Without one, the kind may not be watched yet.
    #[must_use]
    pub fn shows(&self, group: &str, kind: &str) -> bool {
        self.index.has_kind(group, kind)
    }

    /// Returns true if an object with this UID is in view.
    #[must_use]
    pub fn has_uid(&self, uid: &str) -> bool {
        self.index.has_uid(uid)
    }

    fn object(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key).map(Arc::as_ref)
    }

    /// Returns true if a watch has to catch up, so that objects may be missing in the view.
    pub(super) fn is_behind(&self) -> bool {
        self.state.is_behind()
    }

    /// Processes and returns the events since the last call, without waiting.
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

    /// Waits for the next event, in scope or not, and keeps it for the next [`View::take`]. Cancel safe.
    pub(super) async fn wait(&mut self) {
        match self.news.recv().await {
            Some(event) => self.untold.push(event),
            // The reflector is gone, so there are no more events.
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
            self.remove(&key);
        } else {
            self.insert(key, Arc::clone(&event.object));
        }
    }

    fn insert(&mut self, key: Key, object: Arc<Value>) {
        self.remove(&key);
        self.index.add(&key, &object);
        self.objects.insert(key, object);
    }

    fn remove(&mut self, key: &Key) {
        if let Some(old) = self.objects.remove(key) {
            self.index.remove(key, &old);
        }
    }
}
