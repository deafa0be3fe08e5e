//! The embedded control plane: API server, controllers, Crossplane and stand-ins in this process.
//!
//! A provider's *base* is made once a run: a control plane and a target with everything that the suite
//! and the provider install, at rest. Every trial forks both. Functions are started once a run and
//! shared by all trials.

mod base;
mod lease;
mod plane;
mod targets;

pub use plane::add_plane;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use crosscut_suite::Trial;
use crosscut_suite::model::{Provider, Suite};
use tokio::sync::{Mutex, OnceCell};

use crosscut_cluster::{Cluster, ClusterError, Lease};
use crosscut_setup::{FunctionSettings, Progress, SharedFunctions};

use base::Base;

/// Embedded control planes for the trials of one suite.
pub struct Embedded {
    suite: Arc<Suite>,
    functions: Arc<SharedFunctions>,
    bases: Mutex<HashMap<String, Arc<OnceCell<Arc<Base>>>>>,
}

impl Embedded {
    /// Nothing is started until the first trial asks for its control plane.
    pub fn new(suite: Arc<Suite>, progress: Progress) -> Embedded {
        Embedded::with_functions(suite, FunctionSettings::new(progress))
    }

    /// Starts nothing until the first trial asks for its control plane; then functions are started as the settings say.
    pub fn with_functions(suite: Arc<Suite>, settings: FunctionSettings) -> Embedded {
        Embedded {
            functions: Arc::new(SharedFunctions::new(Arc::clone(&suite), settings)),
            suite,
            bases: Mutex::default(),
        }
    }

    /// A provider's base; the first trial of the provider makes it, the others wait for it.
    async fn base(&self, provider: &Arc<Provider>) -> Result<Arc<Base>, ClusterError> {
        let cell = Arc::clone(
            self.bases
                .lock()
                .await
                .entry(provider.name.clone())
                .or_default(),
        );
        let base =
            cell.get_or_try_init(|| Base::make(&self.suite, provider, Arc::clone(&self.functions)));
        // Building and starting the functions takes as long as making the base.
        let (functions, base) = tokio::join!(self.functions.get(), base);
        functions?;
        Ok(Arc::clone(base?))
    }
}

#[async_trait]
impl Cluster for Embedded {
    fn kind(&self) -> &str {
        "embedded"
    }

    async fn lease(&self, trial: &Trial, seed: u64) -> Result<Box<dyn Lease>, ClusterError> {
        Ok(Box::new(self.base(&trial.provider).await?.lease(seed)))
    }

    async fn close(&self) {
        self.bases.lock().await.clear();
        self.functions.close().await;
    }
}
