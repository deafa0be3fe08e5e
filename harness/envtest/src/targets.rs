//! The target servers: one trial uses each at a time, and it is cleaned before the next trial.

use std::sync::{Arc, Mutex, PoisonError};

use crosscut_client::Connection;
use crosscut_live::Reflector;
use crosscut_suite::model::Resource;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Checkpoint, EnvtestError, EtcdClient, Server};
use crosscut_cluster::ClusterError;

/// A target server, free or used by one trial.
pub(super) struct Target {
    pub(super) connection: Connection,
    pub(super) kubeconfig: String,
    pub(super) observer: Arc<Reflector>,
    prefix: String,
    etcd: EtcdClient,
    /// The state before any document was installed.
    empty: Checkpoint,
    /// The installed documents, and the state right after their installation.
    installed: Option<(Vec<Value>, Checkpoint)>,
    /// True if there may be other changes: from the lease by a trial until the cleanup.
    dirty: bool,
}

impl Target {
    /// Starts a reflector for a new server and takes its first checkpoint.
    ///
    /// # Errors
    /// [`ClusterError::Start`].
    pub(super) async fn new(server: &Server, etcd: &EtcdClient) -> Result<Target, ClusterError> {
        let observer = Reflector::start(server.client().clone())
            .await
            .map_err(|error| ClusterError::start(error, None))?;
        Ok(Target {
            connection: server.connection.clone(),
            kubeconfig: server.kubeconfig.clone(),
            observer: Arc::new(observer),
            prefix: server.prefix.clone(),
            etcd: etcd.clone(),
            empty: Checkpoint::take(etcd, &server.prefix).await?,
            installed: None,
            dirty: false,
        })
    }

    /// Returns true if exactly these documents are installed.
    pub(super) fn has(&self, documents: &[Resource]) -> bool {
        self.installed
            .as_ref()
            .is_some_and(|(installed, _)| *installed == values(documents))
    }

    /// Prepares the target for a trial that needs these documents. Returns true if they are installed already. The
    /// target counts as dirty from now on, because an aborted trial cleans nothing.
    ///
    /// # Errors
    /// [`EnvtestError::Etcd`].
    pub(super) async fn prepare(&mut self, documents: &[Resource]) -> Result<bool, EnvtestError> {
        let prepared = self.has(documents);
        if !prepared {
            self.empty().await?;
        } else if self.dirty {
            self.clean().await?;
        }
        self.dirty = true;
        Ok(prepared)
    }

    /// Restores the state before any document was installed.
    async fn empty(&mut self) -> Result<(), EnvtestError> {
        self.installed = None;
        self.empty.restore().await.map(drop)
    }

    /// Records the current state as the one with these documents installed.
    ///
    /// # Errors
    /// [`EnvtestError::Etcd`].
    pub(super) async fn keep(&mut self, documents: &[Resource]) -> Result<(), EnvtestError> {
        let checkpoint = Checkpoint::take(&self.etcd, &self.prefix).await?;
        self.installed = Some((values(documents), checkpoint));
        Ok(())
    }

    /// Removes the changes of a trial.
    ///
    /// # Errors
    /// [`EnvtestError::Etcd`].
    pub(super) async fn clean(&mut self) -> Result<(), EnvtestError> {
        match &mut self.installed {
            Some((_, checkpoint)) => checkpoint.restore().await.map(drop)?,
            None => self.empty().await?,
        }
        self.dirty = false;
        Ok(())
    }
}

fn values(documents: &[Resource]) -> Vec<Value> {
    documents
        .iter()
        .map(|document| document.node.to_value())
        .collect()
}

/// The free target servers.
pub(super) struct Pool {
    free: Arc<Mutex<Vec<Target>>>,
    permits: Arc<Semaphore>,
}

/// A target server of one trial. It becomes free when this is dropped.
pub(super) struct Leased {
    target: Option<Target>,
    free: Arc<Mutex<Vec<Target>>>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(targets: Vec<Target>) -> Pool {
        let permits = Arc::new(Semaphore::new(targets.len()));
        Pool {
            free: Arc::new(Mutex::new(targets)),
            permits,
        }
    }

    /// Waits for a free target. Prefers one that has these documents already.
    ///
    /// # Errors
    /// [`ClusterError::Start`] if the pool is closed.
    pub(super) async fn lease(&self, documents: &[Resource]) -> Result<Leased, ClusterError> {
        let gone = || ClusterError::Start {
            what: "the target servers are gone".to_owned(),
            help: None,
            source: None,
        };
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| gone())?;
        let target = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let best = free.iter().position(|target| target.has(documents));
            match best {
                Some(index) => Some(free.swap_remove(index)),
                None => free.pop(),
            }
        };
        Ok(Leased {
            target: Some(target.ok_or_else(gone)?),
            free: Arc::clone(&self.free),
            _permit: permit,
        })
    }
}

impl Leased {
    /// Returns the server. It is never `None` before the drop.
    pub(super) fn target(&mut self) -> Option<&mut Target> {
        self.target.as_mut()
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.extend(self.target.take());
    }
}
