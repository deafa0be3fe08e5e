//! Trials on a real control plane of plain processes.
//!
//! One control server with the real Crossplane serves all trials, each in a namespace of its own. Targets have
//! cluster-wide objects, so each trial has a whole target server. It is restored to its checkpoint after the trial.
//! provider-kubernetes is real; stand-ins handle Releases and managed resources.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use crosscut_functions::OnOutput;
use crosscut_live::LiveLimits;
use crosscut_objects::Clock;
use crosscut_programs::{Launcher, can_isolate};
use crosscut_suite::Trial;
use crosscut_suite::model::{Provider, Suite};
use tokio::sync::Mutex;

use super::health::EnvtestHealth;
use super::running::Running;
use super::targets::Leased;
use super::{Environment, EnvironmentSettings, delete_namespace};
use crosscut_cluster::{Cluster, ClusterError, Lease, Side};
use crosscut_live::{Cleanup, KubeconfigTargets, LiveLease, LiveSide};
use crosscut_setup::crossplane::{ProviderKubernetes, RealCrossplane, definitions_of};
use crosscut_setup::{AllAssets, AssetSearch};
use crosscut_setup::{FunctionSettings, Progress, SharedFunctions};

use crosscut_setup::install;

/// The API groups that the real provider-kubernetes serves.
const REAL_PROVIDERS: [&str; 2] = ["kubernetes.m.crossplane.io", "kubernetes.crossplane.io"];

/// The settings of real control planes.
pub struct EnvtestSettings {
    /// The search for programs.
    pub assets: AssetSearch,
    /// The number of target servers, and so of trials at the same time.
    pub targets: NonZeroUsize,
    /// The parent of the run's folder.
    pub state_root: PathBuf,
    /// The clock, given by the caller because libraries do not read the time.
    pub clock: Arc<dyn Clock>,
    /// The times after which a control plane counts as settled.
    pub limits: LiveLimits,
    /// A callback for messages about waits.
    pub progress: Progress,
    /// A launcher that ends programs with this process.
    pub launcher: Option<Launcher>,
    /// A callback for each line that functions write.
    pub on_output: Option<OnOutput>,
}

/// Real control planes for the trials of one suite.
pub struct Envtest {
    suite: Arc<Suite>,
    settings: EnvtestSettings,
    functions: SharedFunctions,
    running: Mutex<Option<Arc<Running>>>,
    namespaces: AtomicUsize,
}

impl Envtest {
    /// Creates the value without starting anything.
    #[must_use]
    pub fn new(suite: Arc<Suite>, settings: EnvtestSettings) -> Envtest {
        let functions = FunctionSettings {
            state_root: settings.state_root.clone(),
            launcher: settings.launcher.clone(),
            progress: Arc::clone(&settings.progress),
            on_output: settings.on_output.clone(),
        };
        Envtest {
            functions: SharedFunctions::new(Arc::clone(&suite), functions),
            suite,
            settings,
            running: Mutex::default(),
            namespaces: AtomicUsize::new(1),
        }
    }

    async fn running(&self) -> Result<Arc<Running>, ClusterError> {
        let mut running = self.running.lock().await;
        if let Some(running) = running.as_ref() {
            running.check()?;
            return Ok(Arc::clone(running));
        }
        let started = Arc::new(self.start().await?);
        *running = Some(Arc::clone(&started));
        Ok(started)
    }

    async fn start(&self) -> Result<Running, ClusterError> {
        let assets = self.settings.assets.find_all()?;
        // The last steps could fail for these reasons, so they are checked before anything is started.
        let isolated = check(&assets, self.settings.launcher.as_ref()).await?;
        let settings = EnvironmentSettings {
            assets: assets.environment.clone(),
            targets: self.settings.targets.get(),
            state_root: self.settings.state_root.clone(),
            launcher: self.settings.launcher.clone(),
        };
        let progress = &self.settings.progress;
        let environment = async { Ok(Environment::start(settings, progress).await?) };
        let (environment, functions) = tokio::try_join!(environment, self.functions.served())?;
        let mut running = Running::start(environment, &assets, &functions, progress).await?;
        self.install(&running).await?;
        running
            .start_controllers(&assets.provider_kubernetes, isolated)
            .await?;
        Ok(running)
    }

    /// Installs the documents of the suite and of all its providers on the control plane. It settles only where later
    /// documents need it, and once at the end, because each settling costs a quiet period.
    async fn install(&self, running: &Running) -> Result<(), ClusterError> {
        (self.settings.progress)("installing the documents of suite and providers");
        let mut leased = running.targets.lease(&[]).await?;
        let mut lease = self.lease_on(running, &mut leased, self.suite.namespace.clone())?;
        let providers = &self.suite.providers;
        let definitions = providers.iter().flat_map(|provider| &provider.crds);
        let own = providers.iter().flat_map(|provider| &provider.install);
        let documents = definitions.chain(&self.suite.install).chain(own);
        install::on_control(&mut lease, documents).await
    }

    /// Returns a lease without stand-ins.
    fn lease_on(
        &self,
        running: &Running,
        leased: &mut Leased,
        namespace: String,
    ) -> Result<LiveLease, ClusterError> {
        let target = leased.target().ok_or_else(|| ClusterError::Start {
            what: "the trial's target server is gone".to_owned(),
            help: None,
            source: None,
        })?;
        let control = LiveSide {
            client: running.control().connection.clone(),
            view: running
                .observer
                .view(crosscut_setup::is_in_scope(&namespace)),
        };
        let target = LiveSide {
            client: target.connection.clone(),
            view: target.observer.view(|_| true),
        };
        let clock = Arc::clone(&self.settings.clock);
        Ok(LiveLease::new(
            control,
            target,
            namespace,
            clock,
            self.settings.limits,
        ))
    }

    /// Returns a target server with the target documents of a provider installed.
    async fn target(&self, running: &Running, provider: &Provider) -> Result<Leased, ClusterError> {
        let mut leased = running.targets.lease(&provider.target_crds).await?;
        if let Some(target) = leased.target()
            && target.prepare(&provider.target_crds).await?
        {
            return Ok(leased);
        }
        // A namespace that no trial uses, so that settling does not wait for changes of other trials.
        let nobodys = format!("{}-nobodys", self.suite.namespace);
        let mut lease = self.lease_on(running, &mut leased, nobodys)?;
        install::on_target(&mut lease, &provider.target_crds).await?;
        if let Some(target) = leased.target() {
            target.keep(&provider.target_crds).await?;
        }
        Ok(leased)
    }

    /// Creates the trial's namespace with the documents that the suite and the provider have in theirs. Returns its
    /// name and the store's revision at which all of them exist.
    async fn make_namespace(
        &self,
        running: &Running,
        provider: &Provider,
    ) -> Result<(String, Option<u64>), ClusterError> {
        let number = self.namespaces.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-t{number}", self.suite.namespace);
        let connection = &running.control().connection;
        let made = crosscut_live::make_namespace(connection, &self.suite, provider, &name).await?;
        Ok((name, made))
    }
}

#[async_trait]
impl Cluster for Envtest {
    fn kind(&self) -> &str {
        "envtest"
    }

    async fn prepare(&self) -> Result<(), ClusterError> {
        self.running().await.map(drop)
    }

    async fn lease(&self, trial: &Trial, _seed: u64) -> Result<Box<dyn Lease>, ClusterError> {
        let running = self.running().await?;
        let provider = &trial.provider;
        let mut leased = self.target(&running, provider).await?;
        let (namespace, made) = self.make_namespace(&running, provider).await?;
        let mut lease = self.lease_on(&running, &mut leased, namespace.clone())?;
        if let Some(target) = leased.target() {
            let kubeconfig = target.kubeconfig.clone();
            let targets = Arc::new(KubeconfigTargets::default());
            let real = REAL_PROVIDERS.map(str::to_owned).into();
            crosscut_live::add_stand_ins(&mut lease, provider, targets, &kubeconfig, &real);
            lease.with_programs(running.program_place(&namespace, kubeconfig));
        }
        lease.with_functions(self.functions.trace(&namespace));
        // Both API servers use the same etcd, so the revision is valid for both.
        lease.begin(made, made).await?;
        lease.tell_of_waiting(&self.settings.progress);
        lease.watch_over(Arc::new(EnvtestHealth {
            running: Arc::clone(&running),
            target: lease.connection(Side::Target).http().clone(),
        }));
        lease.clean_with(Box::new(TrialCleanup {
            running,
            leased,
            namespace,
        }));
        Ok(Box::new(lease))
    }

    async fn close(&self) {
        let running = self.running.lock().await.take().and_then(Arc::into_inner);
        if let Some(running) = running
            && let Err(error) = running.stop().await
        {
            (self.settings.progress)(&format!("could not end everything: {error}"));
        }
        self.functions.close().await;
    }
}

/// Checks the programs as far as possible without starting them. Returns true if provider-kubernetes can have a network
/// of its own.
async fn check(assets: &AllAssets, launcher: Option<&Launcher>) -> Result<bool, ClusterError> {
    assets.environment.check_versions().await?;
    RealCrossplane::check(&assets.crossplane).await?;
    let isolated = match launcher {
        Some(launcher) => can_isolate(launcher).await,
        None => Err("there is no launcher".to_owned()),
    };
    if let Err(reason) = &isolated {
        tracing::debug!(reason, "programs cannot have networks of their own");
        ProviderKubernetes::check_ports()?;
    }
    definitions_of(&assets.crossplane)?;
    definitions_of(&assets.provider_kubernetes)?;
    Ok(isolated.is_ok())
}

/// The cleanup of one trial's namespace and target.
struct TrialCleanup {
    running: Arc<Running>,
    leased: Leased,
    namespace: String,
}

#[async_trait]
impl Cleanup for TrialCleanup {
    async fn clean(mut self: Box<Self>) -> Result<(), ClusterError> {
        let (etcd, prefix) = (
            self.running.environment.etcd(),
            &self.running.control().prefix,
        );
        let namespace = delete_namespace(etcd, prefix, &self.namespace).await;
        let target = match self.leased.target() {
            Some(target) => target.clean().await,
            None => Ok(()),
        };
        namespace.and(target).map_err(|error| {
            let what = ClusterError::from(error).to_string();
            ClusterError::Clean { what }
        })
    }
}
