//! The shared state of a reflector: all objects, and the subscribers to their changes.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crosscut_objects::object;
use crosscut_objects::{Change, Event, Resource};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

/// Namespace (empty for cluster-scoped objects) and name.
type Name = (String, String);

/// The state that a reflector's watches and views share.
#[derive(Clone, Default)]
pub(super) struct State(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    objects: BTreeMap<Arc<Resource>, BTreeMap<Name, Arc<Value>>>,
    subscribers: Vec<UnboundedSender<Arc<Event>>>,
    /// The resources whose watch has to catch up, each with the time limit for it.
    behind: BTreeMap<Arc<Resource>, Instant>,
}

impl State {
    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        // A panic of another watch leaves the maps valid, because every change is one insertion or removal.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the current objects as added events, and a receiver of all later events.
    pub(super) fn subscribe(&self) -> (Vec<Arc<Event>>, UnboundedReceiver<Arc<Event>>) {
        self.with(|inner| {
            let present = inner
                .objects
                .iter()
                .flat_map(|(resource, objects)| {
                    objects
                        .values()
                        .map(|object| event(Change::Added, resource, object, None))
                })
                .collect();
            let (sender, receiver) = unbounded_channel();
            inner.subscribers.push(sender);
            (present, receiver)
        })
    }

    /// Stores an object that was created or changed.
    pub(super) fn apply(&self, resource: &Arc<Resource>, object: Value) {
        let object = Arc::new(object);
        self.with(|inner| inner.apply(resource, &object));
    }

    /// Removes an object that was deleted.
    pub(super) fn delete(&self, resource: &Arc<Resource>, object: &Value) {
        self.with(|inner| inner.delete(resource, &name(object)));
    }

    /// Marks a resource as incomplete for at most `longest`, because its watch is starting.
    pub(super) fn behind(&self, resource: &Arc<Resource>, longest: Duration) {
        let until = Instant::now() + longest;
        self.with(|inner| inner.behind.insert(Arc::clone(resource), until));
    }

    /// Returns true if any resource may be incomplete.
    pub(super) fn is_behind(&self) -> bool {
        let now = Instant::now();
        self.with(|inner| {
            inner.behind.retain(|_, until| *until > now);
            !inner.behind.is_empty()
        })
    }

    /// Removes a resource that is not watched any more, with its objects.
    pub(super) fn forget(&self, resource: &Arc<Resource>) {
        self.replace(resource, Vec::new());
        self.with(|inner| inner.behind.remove(resource));
    }

    /// Replaces the objects of a resource by those of a new list.
    pub(super) fn replace(&self, resource: &Arc<Resource>, objects: Vec<Value>) {
        self.with(|inner| {
            let present: HashSet<Name> = objects.iter().map(name).collect();
            let known: Vec<Name> = inner
                .objects
                .get(resource)
                .into_iter()
                .flat_map(BTreeMap::keys)
                .cloned()
                .collect();
            for gone in known.iter().filter(|known| !present.contains(known)) {
                inner.delete(resource, gone);
            }
            for object in objects {
                inner.apply(resource, &Arc::new(object));
            }
        });
    }
}

impl Inner {
    fn apply(&mut self, resource: &Arc<Resource>, object: &Arc<Value>) {
        let objects = self.objects.entry(Arc::clone(resource)).or_default();
        let previous = objects.insert(name(object), Arc::clone(object));
        if previous
            .as_ref()
            .is_some_and(|previous| version(previous) == version(object))
        {
            return;
        }
        let change = if previous.is_some() {
            Change::Modified
        } else {
            Change::Added
        };
        self.tell(&event(change, resource, object, previous));
    }

    fn delete(&mut self, resource: &Arc<Resource>, name: &Name) {
        let objects = self.objects.entry(Arc::clone(resource)).or_default();
        if let Some(last) = objects.remove(name) {
            let previous = Some(Arc::clone(&last));
            self.tell(&event(Change::Deleted, resource, &last, previous));
        }
    }

    fn tell(&mut self, event: &Arc<Event>) {
        self.subscribers
            .retain(|subscriber| subscriber.send(Arc::clone(event)).is_ok());
    }
}

fn name(object: &Value) -> Name {
    (
        object::namespace(object).to_owned(),
        object::name(object).to_owned(),
    )
}

fn version(object: &Value) -> &str {
    object::text(object, &["metadata", "resourceVersion"])
}

fn event(
    change: Change,
    resource: &Arc<Resource>,
    object: &Arc<Value>,
    previous: Option<Arc<Value>>,
) -> Arc<Event> {
    Arc::new(Event {
        // Resource versions of other API servers may be no numbers. The revision is only for reports.
        revision: version(object).parse().unwrap_or_default(),
        change,
        resource: Arc::clone(resource),
        object: Arc::clone(object),
        previous,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resource() -> Arc<Resource> {
        Arc::new(Resource {
            group: "example.org".to_owned(),
            version: "v1".to_owned(),
            plural: "things".to_owned(),
            kind: "Thing".to_owned(),
            namespaced: true,
        })
    }

    fn thing(name: &str, version: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "n", "resourceVersion": version}})
    }

    fn changes(receiver: &mut UnboundedReceiver<Arc<Event>>) -> Vec<(Change, String)> {
        let mut changes = Vec::new();
        while let Ok(event) = receiver.try_recv() {
            changes.push((event.change, object::name(&event.object).to_owned()));
        }
        changes
    }

    #[test]
    fn a_subscriber_hears_what_is_there_and_what_follows() {
        let state = State::default();
        state.apply(&resource(), thing("a", "1"));
        let (present, mut news) = state.subscribe();
        assert_eq!(present.len(), 1);
        state.apply(&resource(), thing("a", "2"));
        state.apply(&resource(), thing("a", "2"));
        state.delete(&resource(), &thing("a", "3"));
        state.delete(&resource(), &thing("a", "3"));
        assert_eq!(
            changes(&mut news),
            [
                (Change::Modified, "a".to_owned()),
                (Change::Deleted, "a".to_owned())
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_that_begins_is_behind_for_a_while() {
        let state = State::default();
        assert!(!state.is_behind());
        state.behind(&resource(), Duration::from_secs(60));
        assert!(state.is_behind());
        // The watch has begun.
        state.behind(&resource(), Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(!state.is_behind());
    }

    #[test]
    fn a_watch_that_begins_anew_tells_only_what_changed_meanwhile() {
        let state = State::default();
        state.replace(&resource(), vec![thing("a", "1"), thing("b", "2")]);
        let (_, mut news) = state.subscribe();
        state.replace(&resource(), vec![thing("b", "2"), thing("c", "4")]);
        assert_eq!(
            changes(&mut news),
            [
                (Change::Deleted, "a".to_owned()),
                (Change::Added, "c".to_owned())
            ]
        );
    }
}
