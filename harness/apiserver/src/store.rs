//! The store: all objects of one virtual cluster, one revision counter, and the log of its changes.
//!
//! Maps are persistent, so that a fork or a snapshot copies nothing. The handlers have the rules of the kinds.

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

/// The number of events that a store keeps. A watch that begins before them gets the error 410.
const LOG_LIMIT: usize = 100_000;
/// The maximum number of lists that are kept for clients that read them page by page.
const SNAPSHOT_LIMIT: usize = 64;

/// The objects of one resource, by `namespace/name` or `name`, in the byte order of etcd's keys.
pub(crate) type Objects = RedBlackTreeMapSync<String, Arc<Value>>;

/// The state of one virtual cluster.
pub(crate) struct State {
    revision: u64,
    log: VecDeque<Arc<Event>>,
    log_start: u64,
    kinds: HashTrieMapSync<Arc<str>, Objects>,
    snapshots: VecDeque<(u64, Arc<str>, Objects)>,
    pub(crate) registry: Registry,
    pub(crate) random: Random,
    pub(crate) idle_applies: IdleApplies,
    /// The missing parts that requests needed, in the order in which they were needed.
    lacks: Vec<Lack>,
}

/// A change to store.
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

    /// Returns an independent copy of the state. Its log begins at the current revision.
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

    /// Adds a lack, unless it is recorded already.
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

    /// Returns the revision before the oldest event in the log.
    pub(crate) fn log_start(&self) -> u64 {
        self.log_start
    }

    pub(crate) fn object(&self, storage_key: &str, key: &str) -> Option<&Arc<Value>> {
        self.kinds.get(storage_key)?.get(key)
    }

    /// Returns the current objects of one resource as a cheap snapshot, which later writes do not change.
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

    /// Returns the events in the log after a revision. Each revision has one event.
    pub(crate) fn events_after(&self, revision: u64) -> impl Iterator<Item = &Arc<Event>> {
        let skip = revision.saturating_sub(self.log_start);
        self.log.range(
            usize::try_from(skip)
                .unwrap_or(usize::MAX)
                .min(self.log.len())..,
        )
    }

    /// Returns every object as the event of its addition, with the resources in the order of their names.
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

    /// Keeps the objects of a list that a client reads page by page.
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

    /// Returns the objects of a list at that revision, or `None` if they are no longer kept.
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

/// Returns the objects of one namespace, or of all namespaces, in order.
pub(crate) fn within<'a>(
    objects: &'a Objects,
    namespace: Option<&str>,
) -> impl Iterator<Item = (&'a String, &'a Arc<Value>)> + use<'a> {
    let prefix = namespace.map_or_else(String::new, |namespace| format!("{namespace}/"));
    objects
        .range(prefix.clone()..)
        .take_while(move |(key, _)| key.starts_with(&prefix))
}

/// A state that requests share under a lock. Each new revision wakes the watches.
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

    /// Calls `run` with the state under the lock, and wakes the watches if the revision increased.
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

    /// Returns a receiver that is notified of each new revision.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of an admission hook in a test leaves the state consistent, because only `commit` changes it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
