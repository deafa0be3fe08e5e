//! Watching everything that an API server holds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crosscut_apiserver::{Change, Event, Resource};
use futures::StreamExt;
use kube::api::DynamicObject;
use kube::runtime::watcher;
use kube::runtime::{WatchStreamExt, watcher::Config};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::resources;
use super::state::State;
use super::view::View;

/// How long the first lists may take together.
const START: Duration = Duration::from_secs(60);

/// An API server cannot be observed.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// Discovery failed.
    #[error("ask the API server for its resources")]
    Discover(#[source] kube::Error),
    /// Some resources were never listed.
    #[error("the API server did not list {} within {} s", resources.join(", "), START.as_secs())]
    Silent {
        /// Their names, such as `widgets.example.org`.
        resources: Vec<String>,
    },
}

/// Watches every resource of one API server until it is dropped; new definitions are taken up, deleted ones let go.
pub struct Observer {
    state: State,
    watches: Arc<Watches>,
    definitions: AbortHandle,
}

impl Observer {
    /// Starts the watches and waits until each has listed what there is.
    ///
    /// # Errors
    /// [`ObserveError`]. Dropping the future ends the watches.
    pub async fn start(client: kube::Client) -> Result<Observer, ObserveError> {
        let found = resources::discover(&client)
            .await
            .map_err(ObserveError::Discover)?;
        let state = State::default();
        let watches = Arc::new(Watches::new(client, state.clone()));
        let (_, news) = state.subscribe();
        let definitions = tokio::spawn(follow_definitions(news, Arc::clone(&watches)));
        let observer = Observer {
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

    /// What there is in the namespaces that `namespaces` says and cluster-wide, and what becomes of it.
    #[must_use]
    pub fn view(&self, namespaces: impl Fn(&str) -> bool + Send + Sync + 'static) -> View {
        let (present, news) = self.state.subscribe();
        View::new(present, news, Box::new(namespaces))
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.definitions.abort();
        self.watches.end();
    }
}

/// Watches what definitions define, as long as they do.
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

/// The watches of one observer.
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

    /// Watches a resource, unless it is watched already in whatever version.
    fn add(&self, resource: Resource) {
        let key = (resource.group.clone(), resource.plural.clone());
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains_key(&key) {
            return;
        }
        let resource = Arc::new(resource);
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
            self.state.replace(&watch.resource, Vec::new());
        }
    }

    async fn all_listed(&self) -> Result<(), ObserveError> {
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
        let deadline = tokio::time::Instant::now() + START;
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
            Err(ObserveError::Silent { resources: silent })
        }
    }

    fn end(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, watch) in std::mem::take(&mut *running) {
            watch.task.abort();
        }
    }
}

/// Follows one resource for ever; what goes wrong is tried again with kube's own back-off.
async fn follow(
    client: kube::Client,
    resource: Arc<Resource>,
    state: State,
    listed: watch::Sender<bool>,
) {
    let api: kube::Api<DynamicObject> =
        kube::Api::all_with(client, &resources::api_resource(&resource));
    // Lists and watches, not streamed lists: with an etcd before 3.4.31 those never say that they are complete.
    let mut events = watcher::watcher(api, Config::default())
        .default_backoff()
        .boxed();
    let mut list = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(watcher::Event::Init) => list.clear(),
            Ok(watcher::Event::InitApply(object)) => list.extend(json(&resource, &object)),
            Ok(watcher::Event::InitDone) => {
                state.replace(&resource, std::mem::take(&mut list));
                let _ = listed.send(true);
            }
            Ok(watcher::Event::Apply(object)) => {
                if let Some(object) = json(&resource, &object) {
                    state.apply(&resource, object);
                }
            }
            Ok(watcher::Event::Delete(object)) => {
                if let Some(object) = json(&resource, &object) {
                    state.delete(&resource, &object);
                }
            }
            Err(error) => tracing::debug!(%error, kind = resource.kind, "a watch begins anew"),
        }
    }
}

/// The object as JSON, with its type, which lists leave out.
fn json(resource: &Resource, object: &DynamicObject) -> Option<Value> {
    let mut value = serde_json::to_value(object).ok()?;
    value["apiVersion"] = Value::String(resource.api_version());
    value["kind"] = Value::String(resource.kind.clone());
    Some(value)
}
