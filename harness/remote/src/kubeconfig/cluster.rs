//! Trials on existing clusters of the user.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use crosscut_live::LiveLimits;
use crosscut_objects::Clock;
use crosscut_programs::Launcher;
use crosscut_suite::Trial;
use crosscut_suite::model::Suite;
use tokio::sync::Mutex;

use super::consent::Consent;
use super::read::{Files, read};
use crate::{Access, Remote, RemoteSettings, run_name};
use crosscut_cluster::{Cluster, ClusterError, Lease};
use crosscut_setup::SetupError;
use crosscut_setup::{Progress, open_state};

/// The clusters to use, and the user's consent.
pub struct KubeconfigSettings {
    /// The source of the kubeconfigs.
    pub files: Files,
    /// The context of the control plane; the current context if `None`.
    pub context: Option<String>,
    /// The context of the target. If `None`, trials that need a target are unsupported.
    pub target_context: Option<String>,
    /// The user's consent to clusters on other machines.
    pub consent: Consent,
    /// Folders to search for programs under test, before those of `PATH`.
    pub path: Vec<PathBuf>,
    /// The parent of the run's folder, whose name identifies the run.
    pub state_root: PathBuf,
    /// The clock, given by the caller because libraries do not read the time.
    pub clock: Arc<dyn Clock>,
    /// The times after which a control plane counts as settled.
    pub limits: LiveLimits,
    /// A callback for messages about waits and about objects that are left.
    pub progress: Progress,
    /// A launcher that ends programs with this process.
    pub launcher: Option<Launcher>,
}

/// An existing cluster of the user, for the trials of one suite.
pub struct KubeconfigCluster {
    suite: Arc<Suite>,
    settings: KubeconfigSettings,
    running: Mutex<Option<Running>>,
}

/// The state after a successful preflight.
struct Running {
    remote: Arc<Remote>,
}

impl KubeconfigCluster {
    /// Creates the value without reading or requesting anything.
    #[must_use]
    pub fn new(suite: Arc<Suite>, settings: KubeconfigSettings) -> KubeconfigCluster {
        KubeconfigCluster {
            suite,
            settings,
            running: Mutex::default(),
        }
    }

    async fn remote(&self) -> Result<Arc<Remote>, ClusterError> {
        let mut running = self.running.lock().await;
        if let Some(running) = running.as_ref() {
            return Ok(Arc::clone(&running.remote));
        }
        let started = self.connect().await?;
        let remote = Arc::clone(&started.remote);
        // Stored before anything is created, so that `close` deletes it even if the installation is cancelled.
        *running = Some(started);
        remote.install().await?;
        Ok(remote)
    }

    async fn connect(&self) -> Result<Running, ClusterError> {
        let (control, target) = self.connections().await?;
        let settings = &self.settings;
        let state = open_state(
            settings.state_root.clone(),
            settings.launcher.clone(),
            &settings.progress,
        )
        .await
        .map_err(SetupError::from)?;
        let run = run_name(&state.run());
        let remote = Remote::connect(RemoteSettings {
            suite: Arc::clone(&self.suite),
            control,
            target,
            stand_ins: self.suite.clusters.kubeconfig.stand_ins,
            run,
            state: Arc::new(state),
            path: settings.path.clone(),
            clock: Arc::clone(&settings.clock),
            limits: settings.limits,
            progress: Arc::clone(&settings.progress),
            target_help: "name the context of one by --target-context",
        })
        .await?;
        Ok(Running {
            remote: Arc::new(remote),
        })
    }

    /// Returns access to the control plane and the target, after the user's consent to both.
    async fn connections(&self) -> Result<(Access, Option<Access>), ClusterError> {
        let files = &self.settings.files;
        let kubeconfig = read(files)?;
        let from = files.describe();
        let (consent, allowed) = (&self.settings.consent, &self.suite.clusters.kubeconfig);
        let context = self.settings.context.as_deref();
        let control = Access::open(&kubeconfig, context, &from).await?;
        let Some(context) = self.settings.target_context.as_deref() else {
            consent.to(&control, allowed).await?;
            return Ok((control, None));
        };
        let target = Access::open_target(&kubeconfig, context, &from).await?;
        if target.address == control.address {
            return Err(ClusterError::Start {
                what: format!(
                    "the contexts \"{}\" and \"{context}\" lead to the same cluster, {}",
                    control.context, control.address
                ),
                help: Some("a target is another cluster than the control plane".to_owned()),
                source: None,
            });
        }
        for cluster in [&control, &target] {
            consent.to(cluster, allowed).await?;
        }
        Ok((control, Some(target)))
    }
}

#[async_trait]
impl Cluster for KubeconfigCluster {
    fn kind(&self) -> &str {
        "kubeconfig"
    }

    async fn prepare(&self) -> Result<(), ClusterError> {
        self.remote().await.map(drop)
    }

    async fn lease(&self, trial: &Trial, _seed: u64) -> Result<Box<dyn Lease>, ClusterError> {
        Ok(Box::new(self.remote().await?.lease(trial).await?))
    }

    async fn close(&self) {
        if let Some(running) = self.running.lock().await.take() {
            running.remote.close().await;
        }
    }
}
