//! The API server: a store with its options and its service.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use crate::inner::Inner;
use crate::meta;
use crate::options::Options;
use crate::random::Random;
use crate::registry::Registry;
use crate::service::Service;
use crate::store::{State, Store, Write};
use crosscut_objects::Lack;
use crosscut_objects::{Change, Event};

/// The namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// A Kubernetes API server in process, with one store: one virtual cluster. Cheap to clone; clones share the store.
#[derive(Clone)]
pub struct ApiServer(Arc<Inner>);

impl ApiServer {
    /// Returns a cluster that contains only the four namespaces of every cluster.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let mut state = State::new(Registry::built_in(), Random::new(options.seed));
        let now = meta::time(options.clock.now());
        for name in NAMESPACES {
            add_namespace(&mut state, name, &now);
        }
        Self::of(state, options)
    }

    /// Returns a separate cluster that begins with the objects of this one. Its event log begins at the current
    /// revision.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use crosscut_apiserver::{ApiServer, Options};
    /// use crosscut_objects::Clock;
    ///
    /// struct Standing;
    ///
    /// impl Clock for Standing {
    ///     fn now(&self) -> jiff::Timestamp {
    ///         jiff::Timestamp::UNIX_EPOCH
    ///     }
    /// }
    ///
    /// let options = |seed| Options { clock: Arc::new(Standing), seed, admission: Vec::new() };
    /// let base = ApiServer::new(options(0));
    /// let fork = base.fork(options(1));
    /// assert_eq!(fork.head(), base.head());
    /// ```
    #[must_use]
    pub fn fork(&self, options: Options) -> Self {
        let random = Random::new(options.seed);
        let state = self.0.store.with(|state| state.fork(random));
        Self::of(state, options)
    }

    fn of(state: State, options: Options) -> Self {
        Self(Arc::new(Inner {
            store: Arc::new(Store::new(state)),
            options,
            requests: AtomicU64::new(0),
        }))
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }

    /// Returns the service for `kube::Client::new`.
    #[must_use]
    pub fn service(&self) -> Service {
        Service::new(Arc::clone(&self.0))
    }

    /// Returns the revision of the last write.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.0.store.with(|state| state.revision())
    }

    /// Returns the events after a revision, oldest first. Events that are no longer remembered are left out: a server
    /// keeps 100 000 events, and a fork has none from before it was made.
    #[must_use]
    pub fn events_after(&self, revision: u64) -> Vec<Arc<Event>> {
        self.0
            .store
            .with(|state| state.events_after(revision).cloned().collect())
    }

    /// Returns all current objects, each as the event of its addition, as a controller sees them when it starts.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use crosscut_apiserver::{ApiServer, Options};
    /// # struct Standing;
    /// # impl crosscut_objects::Clock for Standing {
    /// #     fn now(&self) -> jiff::Timestamp { jiff::Timestamp::UNIX_EPOCH }
    /// # }
    /// # let server = ApiServer::new(Options { clock: Arc::new(Standing), seed: 0, admission: Vec::new() });
    /// // Every cluster has four namespaces.
    /// assert_eq!(server.present().len(), 4);
    /// ```
    #[must_use]
    pub fn present(&self) -> Vec<Event> {
        self.0.store.with(|state| state.present())
    }

    /// Returns the missing parts that requests needed, in order. A fork begins with those of the server from which it
    /// was made.
    #[must_use]
    pub fn lacks(&self) -> Vec<Lack> {
        self.0.store.with(|state| state.lacks().to_vec())
    }

    /// Returns the number of requests that were served.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for ApiServer {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("ApiServer")
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

fn add_namespace(state: &mut State, name: &str, now: &str) {
    let Some(served) = state.registry.find("", "v1", "namespaces").cloned() else {
        return;
    };
    let object = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "uid": state.random.uid(),
            "creationTimestamp": now,
            "labels": { "kubernetes.io/metadata.name": name },
        },
        "spec": { "finalizers": ["kubernetes"] },
        "status": { "phase": "Active" },
    });
    state.commit(Write {
        change: Change::Added,
        resource: &served.storage,
        storage_key: &served.storage_key,
        key: name.to_owned(),
        object,
    });
}
