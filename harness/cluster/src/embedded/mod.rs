//! The embedded control plane: API server, controllers, Crossplane and stand-ins in this process.
//!
//! A provider's *base* is made once a run: a control plane and a target with everything that the suite
//! and the provider install, at rest. Every trial forks both. Functions are started once a run and
//! shared by all trials.

mod base;
mod lease;
mod settings;
mod targets;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use crosscut_crossplane::Functions;
use crosscut_suite::Trial;
use crosscut_suite::model::{Provider, Suite};
use tokio::sync::{Mutex, OnceCell};

use crate::functions::{self, Progress, StartError};
use crate::{Cluster, ClusterError, Lease};

use base::Base;

/// Embedded control planes for the trials of one suite.
pub struct Embedded {
    suite: Arc<Suite>,
    progress: Progress,
    functions: Mutex<Option<Result<Arc<Functions>, StartError>>>,
    bases: Mutex<HashMap<String, Arc<OnceCell<Arc<Base>>>>>,
}

impl Embedded {
    /// Nothing is started until the first trial asks for its control plane.
    pub fn new(suite: Arc<Suite>, progress: Progress) -> Embedded {
        Embedded {
            suite,
            progress,
            functions: Mutex::default(),
            bases: Mutex::default(),
        }
    }

    /// The started functions. A failure to start is remembered: waiting for it again in every trial
    /// would take minutes and say nothing new.
    async fn functions(&self) -> Result<Arc<Functions>, ClusterError> {
        let mut started = self.functions.lock().await;
        if let Some(outcome) = started.as_ref() {
            return Ok(outcome.clone()?);
        }
        let suite = &self.suite;
        let outcome = functions::start(&suite.functions, &suite.folder, &self.progress)
            .await
            .map(Arc::new);
        *started = Some(outcome.clone());
        Ok(outcome?)
    }

    /// A provider's base; the first trial of the provider makes it, the others wait for it.
    async fn base(&self, provider: &Arc<Provider>) -> Result<Arc<Base>, ClusterError> {
        let functions = self.functions().await?;
        let cell = Arc::clone(
            self.bases
                .lock()
                .await
                .entry(provider.name.clone())
                .or_default(),
        );
        let base = cell
            .get_or_try_init(|| Base::make(&self.suite, provider, functions))
            .await?;
        Ok(Arc::clone(base))
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
        // The last handle ends the functions' processes with their groups.
        *self.functions.lock().await = None;
    }
}
