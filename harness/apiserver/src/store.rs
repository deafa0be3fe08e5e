//! The store: every object of one virtual cluster, one revision counter, and the log of its changes.
//!
//! Maps are persistent, so that a fork or a snapshot costs nothing. It knows no rules of kinds; the handlers do.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rpds::{HashTrieMapSync, RedBlackTreeMapSync};
use serde_json::Value;
use tokio::sync::watch;

use crate::idle_applies::IdleApplies;
use crate::keys;
use crate::meta;
use crate::random::Random;
use crate::registry::Registry;
use crosscut_objects::Lack;
use crosscut_objects::Read;
use crosscut_objects::{Change, Event, Resource};

/// The number of events that a store remembers; a watch that begins before them is told 410.
const LOG_LIMIT: usize = 100_000;
/// The number of lists that that are read page by page can be open.
const SNAPSHOT_LIMIT: usize = 64;

/// The objects of one resource, by `namespace/name` or `name`, in the byte order that etcd's keys have.
pub(crate) type Objects = RedBlackTreeMapSync<String, Arc<Value>>;

/// All that one virtual cluster holds.
pub(crate) struct State {
    revision: u64,
    log: VecDeque<Arc<Event>>,
    log_start: u64,
    kinds: HashTrieMapSync<Arc<str>, Objects>,
    snapshots: VecDeque<(u64, Arc<str>, Objects)>,
    pub(crate) registry: Registry,
    pub(crate) random: Random,
    pub(crate) idle_applies: IdleApplies,
    /// What requests needed and is not there, in the order in which they came upon it.
    lacks: Vec<Lack>,
}

/// A change that is to be stored.
pub(crate) struct Write<'a> {
    pub(crate) change: Change,
    pub(crate) resource: &'a Arc<Resource>,
    pub(crate) storage_key: &'a Arc<str>,
    pub(crate) key: String,
    pub(crate) object: Value,
}

impl State {
    pub(crate) fn new(registry: Registry, random: Random) -> Self {
        Self {
            revision: 0,
            log: VecDeque::new(),
            log_start: 0,
            kinds: HashTrieMapSync::default(),
            snapshots: VecDeque::new(),
            registry,
            random,
            idle_applies: IdleApplies::default(),
            lacks: Vec::new(),
        }
    }

    /// A state that goes on from here on its own; its log begins at this state's head.
    pub(crate) fn fork(&self, random: Random) -> Self {
        Self {
            revision: self.revision,
            log: VecDeque::new(),
            log_start: self.revision,
            kinds: self.kinds.clone(),
            snapshots: VecDeque::new(),
            registry: self.registry.clone(),
            random,
            idle_applies: IdleApplies::default(),
            lacks: self.lacks.clone(),
        }
    }

    /// Remembers that something was needed and is not there.
    pub(crate) fn note(&mut self, lack: Lack) {
        if !self.lacks.contains(&lack) {
            self.lacks.push(lack);
        }
    }

    pub(crate) fn lacks(&self) -> &[Lack] {
        &self.lacks
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The revision before the oldest event that is remembered.
    pub(crate) fn log_start(&self) -> u64 {
        self.log_start
    }

    pub(crate) fn object(&self, storage_key: &str, key: &str) -> Option<&Arc<Value>> {
        self.kinds.get(storage_key)?.get(key)
    }

    /// The objects of one resource as they are now; cheap, and no later write shows in it.
    pub(crate) fn objects(&self, storage_key: &str) -> Objects {
        self.kinds.get(storage_key).cloned().unwrap_or_default()
    }

    /// Stores a change under the next revision, which becomes the object's resourceVersion.
    pub(crate) fn commit(&mut self, write: Write<'_>) -> Arc<Value> {
        self.revision += 1;
        let mut object = write.object;
        meta::set_resource_version(&mut object, self.revision);
        let object = Arc::new(object);
        let mut objects = self.objects(write.storage_key);
        let previous = objects.get(&write.key).cloned();
        if write.change == Change::Deleted {
            objects.remove_mut(&write.key);
        } else {
            objects.insert_mut(write.key, Arc::clone(&object));
        }
        self.kinds
            .insert_mut(Arc::clone(write.storage_key), objects);
        self.remember(Event {
            revision: self.revision,
            change: write.change,
            resource: Arc::clone(write.resource),
            object: Arc::clone(&object),
            previous,
        });
        object
    }

    fn remember(&mut self, event: Event) {
        if self.log.len() == LOG_LIMIT {
            self.log.pop_front();
            self.log_start += 1;
        }
        self.log.push_back(Arc::new(event));
    }

    /// The events after a revision that are still remembered. Each revision has one event.
    pub(crate) fn events_after(&self, revision: u64) -> impl Iterator<Item = &Arc<Event>> {
        let skip = revision.saturating_sub(self.log_start);
        self.log.range(
            usize::try_from(skip)
                .unwrap_or(usize::MAX)
                .min(self.log.len())..,
        )
    }

    /// Every object, as the event of its addition; resources in the order of their names.
    pub(crate) fn present(&self) -> Vec<Event> {
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(one, _)| *one);
        let events = kinds.into_iter().filter_map(|(storage_key, objects)| {
            let resource = self.registry.stored_as(storage_key)?;
            let event = move |object: &Arc<Value>| Event {
                revision: self.revision,
                change: Change::Added,
                resource: Arc::clone(&resource),
                object: Arc::clone(object),
                previous: None,
            };
            Some(objects.values().map(event))
        });
        events.flatten().collect()
    }

    /// Keeps the objects of a list that will be read page by page.
    pub(crate) fn keep_snapshot(&mut self, at: u64, storage_key: &Arc<str>, objects: Objects) {
        let known =
            |(revision, kind, _): &(u64, Arc<str>, Objects)| *revision == at && kind == storage_key;
        if self.snapshots.iter().any(known) {
            return;
        }
        if self.snapshots.len() == SNAPSHOT_LIMIT {
            self.snapshots.pop_front();
        }
        self.snapshots
            .push_back((at, Arc::clone(storage_key), objects));
    }

    /// The objects that a list of that revision saw, where they are still known.
    pub(crate) fn snapshot(&self, storage_key: &str, revision: u64) -> Option<Objects> {
        if revision == self.revision {
            return Some(self.objects(storage_key));
        }
        let (.., objects) = self
            .snapshots
            .iter()
            .find(|(at, kind, _)| *at == revision && **kind == *storage_key)?;
        Some(objects.clone())
    }
}

impl Read for State {
    fn get(
        &self,
        group: &str,
        plural: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Option<Arc<Value>> {
        self.object(
            &keys::storage_key(group, plural),
            &keys::key(namespace, name),
        )
        .cloned()
    }

    fn list(&self, group: &str, plural: &str, namespace: Option<&str>) -> Vec<Arc<Value>> {
        let objects = self.objects(&keys::storage_key(group, plural));
        within(&objects, namespace)
            .map(|(_, object)| Arc::clone(object))
            .collect()
    }
}

/// The objects of one namespace, or all of them, in order.
pub(crate) fn within<'a>(
    objects: &'a Objects,
    namespace: Option<&str>,
) -> impl Iterator<Item = (&'a String, &'a Arc<Value>)> + use<'a> {
    let prefix = namespace.map_or_else(String::new, |namespace| format!("{namespace}/"));
    objects
        .range(prefix.clone()..)
        .take_while(move |(key, _)| key.starts_with(&prefix))
}

/// A state that requests share: they take turns, and watchers are woken by each new revision.
pub(crate) struct Store {
    state: Mutex<State>,
    head: watch::Sender<u64>,
}

impl Store {
    pub(crate) fn new(state: State) -> Self {
        let head = watch::Sender::new(state.revision());
        Self {
            state: Mutex::new(state),
            head,
        }
    }

    /// Looks at or changes the state while everything else waits.
    pub(crate) fn with<R>(&self, run: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let before = state.revision();
        let result = run(&mut state);
        let after = state.revision();
        drop(state);
        if after != before {
            self.head
                .send_if_modified(|head| after > *head && std::mem::replace(head, after) != after);
        }
        result
    }

    /// Tells when the revision grows.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of a test's admission hook leaves the state whole: it is changed by `commit` alone.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
