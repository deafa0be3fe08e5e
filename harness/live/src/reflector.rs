//! A reflector of all objects of an API server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crosscut_objects::{Change, Event, Resource};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::follow::follow;
use super::resources;
use super::state::State;
use super::view::View;

/// The time limit for all first lists together.
const START: Duration = Duration::from_secs(60);

/// An API server cannot be observed.
#[derive(Debug, thiserror::Error)]
pub enum ReflectorError {
    /// Discovery failed.
    #[error("ask the API server for its resources")]
    Discover(#[source] kube::Error),
    /// A list request failed.
    #[error("list what the API server has")]
    List(#[source] kube::Error),
    /// Some resources were not listed in time.
    #[error("the API server did not list {} within {} s", resources.join(", "), START.as_secs())]
    Silent {
        /// The resources' names, such as `widgets.example.org`.
        resources: Vec<String>,
    },
}

/// Watches on every resource of one API server until it is dropped. Watches are added and removed with definitions.
pub struct Reflector {
    state: State,
    watches: Arc<Watches>,
    definitions: AbortHandle,
}

impl Reflector {
    /// Starts the watches and waits until each has listed its objects.
    ///
    /// # Errors
    /// [`ReflectorError`]. Dropping the future ends the watches.
    pub async fn start(client: kube::Client) -> Result<Reflector, ReflectorError> {
        let found = resources::discover(&client)
            .await
            .map_err(ReflectorError::Discover)?;
        let state = State::default();
        let watches = Arc::new(Watches::new(client, state.clone()));
        let (_, news) = state.subscribe();
        let definitions = tokio::spawn(follow_definitions(news, Arc::clone(&watches)));
        let observer = Reflector {
            state,
            watches,
            definitions: definitions.abort_handle(),
        };
        for resource in found {
            observer.watches.add(resource);
        }
        observer.watches.all_listed().await?;
        Ok(observer)
    }

    /// Returns a view of the cluster-wide objects and of the objects in the namespaces that `namespaces` accepts.
    #[must_use]
    pub fn view(&self, namespaces: impl Fn(&str) -> bool + Send + Sync + 'static) -> View {
        View::new(&self.state, Box::new(namespaces))
    }
}

impl Drop for Reflector {
    fn drop(&mut self) {
        self.definitions.abort();
        self.watches.end();
    }
}

/// Adds and removes watches as definitions come and go.
async fn follow_definitions(
    mut news: tokio::sync::mpsc::UnboundedReceiver<Arc<Event>>,
    watches: Arc<Watches>,
) {
    while let Some(event) = news.recv().await {
        if event.resource.kind != "CustomResourceDefinition" {
            continue;
        }
        let Some(resource) = resources::defined(&event.object) else {
            continue;
        };
        if event.change == Change::Deleted {
            watches.remove(&resource);
        } else {
            watches.add(resource);
        }
    }
}

/// The watches of one reflector.
struct Watches {
    client: kube::Client,
    state: State,
    running: Mutex<BTreeMap<(String, String), Running>>,
}

struct Running {
    resource: Arc<Resource>,
    task: AbortHandle,
    listed: watch::Receiver<bool>,
}

impl Watches {
    fn new(client: kube::Client, state: State) -> Watches {
        Watches {
            client,
            state,
            running: Mutex::default(),
        }
    }

    /// Watches a resource, unless another version of it is watched already.
    fn add(&self, resource: Resource) {
        let key = (resource.group.clone(), resource.plural.clone());
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains_key(&key) {
            return;
        }
        let resource = Arc::new(resource);
        // The resource counts as incomplete until its first list.
        self.state.behind(&resource, START);
        let (sender, listed) = watch::channel(false);
        let watching = follow(
            self.client.clone(),
            Arc::clone(&resource),
            self.state.clone(),
            sender,
        );
        let task = tokio::spawn(watching).abort_handle();
        running.insert(
            key,
            Running {
                resource,
                task,
                listed,
            },
        );
    }

    fn remove(&self, resource: &Resource) {
        let key = (resource.group.clone(), resource.plural.clone());
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watch) = running.remove(&key) {
            watch.task.abort();
            self.state.forget(&watch.resource);
        }
    }

    async fn all_listed(&self) -> Result<(), ReflectorError> {
        let waiting: Vec<(String, watch::Receiver<bool>)> = {
            let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            let name = |(group, plural): &(String, String)| {
                format!("{plural}.{group}").trim_end_matches('.').to_owned()
            };
            running
                .iter()
                .map(|(key, watch)| (name(key), watch.listed.clone()))
                .collect()
        };
        let deadline = Instant::now() + START;
        let mut silent = Vec::new();
        for (name, mut listed) in waiting {
            let wait = tokio::time::timeout_at(deadline, listed.wait_for(|listed| *listed));
            if !matches!(wait.await, Ok(Ok(_))) {
                silent.push(name);
            }
        }
        if silent.is_empty() {
            Ok(())
        } else {
            Err(ReflectorError::Silent { resources: silent })
        }
    }

    fn end(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, watch) in std::mem::take(&mut *running) {
            watch.task.abort();
        }
    }
}
