//! Trials on a cluster that the user has.

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

/// Which clusters, and what is known of their user's will.
pub struct KubeconfigSettings {
    /// The place where kubeconfigs are read from.
    pub files: Files,
    /// The context of the control plane; the current one where none is named.
    pub context: Option<String>,
    /// The context of the target; trials that need one are unsupported where none is named.
    pub target_context: Option<String>,
    /// True if clusters elsewhere may be touched.
    pub consent: Consent,
    /// Folders that programs under test are looked for in before those of `PATH`.
    pub path: Vec<PathBuf>,
    /// The place where the folder of the run is made, whose name the run has.
    pub state_root: PathBuf,
    /// Tells the time: libraries do not read it.
    pub clock: Arc<dyn Clock>,
    /// The time at which a control plane counts as being at rest.
    pub limits: LiveLimits,
    /// Told what is waited for, and what is left.
    pub progress: Progress,
    /// What starts programs so that they end with this process.
    pub launcher: Option<Launcher>,
}

/// A cluster that the user has, for the trials of one suite.
pub struct KubeconfigCluster {
    suite: Arc<Suite>,
    settings: KubeconfigSettings,
    running: Mutex<Option<Running>>,
}

/// What there is once the cluster was found to be ready.
struct Running {
    remote: Arc<Remote>,
}

impl KubeconfigCluster {
    /// Nothing is read or asked yet.
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
        // Known before anything is made, so that an end in between takes it away.
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

    /// The clusters, once their user agrees to both.
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
