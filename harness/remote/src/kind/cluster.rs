//! Trials on clusters that kind creates.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use crosscut_functions::OnOutput;
use crosscut_live::LiveLimits;
use crosscut_objects::Clock;
use crosscut_programs::{Launcher, StateFolder};
use crosscut_suite::Trial;
use crosscut_suite::model::{KindCluster, KindCrossplane, Suite};
use serde_json::Value;
use tokio::sync::Mutex;

use super::command::Commands;
use super::error::help_with;
use super::names::Names;
use super::{KindError, clusters, crossplane, packages, whole};
use crate::{Access, Remote, RemoteSettings, installer, needs_target, run_name};
use crosscut_cluster::{Cluster, ClusterError, Lease};
use crosscut_setup::AssetSearch;
use crosscut_setup::crossplane::RealCrossplane;
use crosscut_setup::{FunctionSettings, Progress, SharedFunctions, open_state};

/// The settings of clusters, besides those of the suite.
pub struct KindSettings {
    /// The search for Crossplane's core, if it runs beside the cluster.
    pub assets: AssetSearch,
    /// The node image, which replaces the suite's.
    pub image: Option<String>,
    /// True if clusters are kept for the next run with the same settings.
    pub keep: bool,
    /// The parent of the run's folder. It is the same for all runs of a user, because a cluster without a run's folder
    /// in it counts as left over.
    pub state_root: PathBuf,
    /// The parent of a folder with the logs of nodes, which is made if the start fails.
    pub logs_root: PathBuf,
    /// The clock, given by the caller because libraries do not read the time.
    pub clock: Arc<dyn Clock>,
    /// The times after which a control plane counts as settled.
    pub limits: LiveLimits,
    /// A callback for messages about waits and about objects that are left.
    pub progress: Progress,
    /// A launcher that ends programs with this process.
    pub launcher: Option<Launcher>,
    /// A callback for each line that functions write.
    pub on_output: Option<OnOutput>,
}

/// Clusters of kind for the trials of one suite.
pub struct Kind {
    suite: Arc<Suite>,
    /// The suite's settings, with the user's in their place.
    configuration: KindCluster,
    settings: KindSettings,
    functions: SharedFunctions,
    /// True if any trial needs a second cluster.
    with_target: bool,
    running: Mutex<Running>,
}

/// The programs and clusters that were started so far.
#[derive(Default)]
struct Running {
    remote: Option<Arc<Remote>>,
    crossplane: Option<RealCrossplane>,
    /// The clusters to delete at the end.
    made: Vec<String>,
    folder: Option<(Arc<StateFolder>, Arc<Commands>)>,
}

impl Kind {
    /// Creates the value without starting anything. `trials` are the trials that will be judged.
    #[must_use]
    pub fn new(suite: Arc<Suite>, trials: &[Trial], settings: KindSettings) -> Kind {
        let mut configuration = suite.clusters.kind.clone();
        configuration.image = settings.image.clone().or(configuration.image);
        let functions = FunctionSettings {
            state_root: settings.state_root.clone(),
            launcher: settings.launcher.clone(),
            progress: Arc::clone(&settings.progress),
            on_output: settings.on_output.clone(),
        };
        Kind {
            functions: SharedFunctions::new(Arc::clone(&suite), functions),
            with_target: trials
                .iter()
                .any(|trial| needs_target(trial, configuration.stand_ins).is_some()),
            configuration,
            suite,
            settings,
            running: Mutex::default(),
        }
    }

    fn say(&self, what: &str) {
        (self.settings.progress)(what);
    }

    async fn remote(&self) -> Result<Arc<Remote>, ClusterError> {
        let mut running = self.running.lock().await;
        if let Some(remote) = &running.remote {
            return Ok(Arc::clone(remote));
        }
        match self.start(&mut running).await {
            Ok(remote) => Ok(remote),
            Err(error) => Err(self.with_logs(error, &running).await),
        }
    }

    async fn start(&self, running: &mut Running) -> Result<Arc<Remote>, ClusterError> {
        let program = match self.configuration.crossplane {
            KindCrossplane::Core => Some(crossplane::program(&self.settings.assets)?),
            _ => None,
        };
        let (root, launcher) = (
            self.settings.state_root.clone(),
            self.settings.launcher.clone(),
        );
        let state = open_state(root, launcher, &self.settings.progress).await;
        let state = Arc::new(state.map_err(KindError::from)?);
        let commands = Arc::new(Commands::new(&state));
        running.folder = Some((Arc::clone(&state), Arc::clone(&commands)));
        let helm = matches!(self.configuration.crossplane, KindCrossplane::Chart(_));
        clusters::check(&commands, helm).await?;
        let names = self.names(&state.run());
        let there = self.clean(&commands, &names).await?;
        let (control, target) = self.clusters(running, &commands, &names, &there).await?;
        let name = names.control();
        clusters::load(&commands, &name, &self.configuration.load).await?;
        if let Some(program) = program {
            let functions = self.functions.served().await?;
            let progress = &self.settings.progress;
            let place = (name.as_str(), &control);
            let core =
                crossplane::start_core(&program, &commands, place, &state, &functions, progress);
            running.crossplane = Some(core.await?);
        }
        if let KindCrossplane::Chart(chart) = &self.configuration.crossplane {
            self.say("installing Crossplane's chart");
            crossplane::install_chart(chart, &commands, &name).await?;
        }
        let api = installer(&control.client);
        packages::install(&api, &self.configuration.packages, &self.settings.progress).await?;
        let other = target.as_ref().map(|target| installer(&target.client));
        let remote =
            Arc::new(Remote::connect(self.remote_settings(&state, control, target)).await?);
        running.remote = Some(Arc::clone(&remote));
        remote.install().await?;
        // kind's own workloads start meanwhile, so they are waited for last.
        let (second, progress) = (names.target(), &self.settings.progress);
        let also = async {
            if let Some(other) = &other {
                whole::wait(&second, other, progress).await;
            }
        };
        tokio::join!(whole::wait(&name, &api, progress), also);
        if self.settings.keep {
            // From here on the clusters are complete and can be kept.
            running.made.clear();
        }
        Ok(remote)
    }

    fn remote_settings(
        &self,
        state: &Arc<StateFolder>,
        control: Access,
        target: Option<Access>,
    ) -> RemoteSettings {
        RemoteSettings {
            suite: Arc::clone(&self.suite),
            control,
            target,
            stand_ins: self.configuration.stand_ins,
            run: run_name(&state.run()),
            state: Arc::clone(state),
            path: self.settings.assets.folders(),
            clock: Arc::clone(&self.settings.clock),
            limits: self.settings.limits,
            progress: Arc::clone(&self.settings.progress),
            target_help: "no trial of this run was known to need one",
        }
    }

    fn names(&self, run: &str) -> Names {
        if self.settings.keep {
            Names::kept(run, &fingerprint(&self.configuration))
        } else {
            Names::of_run(run)
        }
    }

    /// Deletes clusters of killed runs. Returns the remaining clusters.
    async fn clean(&self, commands: &Commands, names: &Names) -> Result<Vec<String>, ClusterError> {
        let mut there = clusters::list(commands).await?;
        // Read after the list of clusters: a run creates its folder before its cluster, so a new cluster's folder is
        // seen.
        let alive = folders(&self.settings.state_root);
        for name in names.left_over(&there, &alive) {
            self.say(&format!(
                "cleaning up after a run that was killed: kind cluster {name}"
            ));
            clusters::delete(commands, &name).await?;
            there.retain(|other| *other != name);
        }
        Ok(there)
    }

    /// Creates or finds the clusters, both at the same time.
    async fn clusters(
        &self,
        running: &mut Running,
        commands: &Commands,
        names: &Names,
        there: &[String],
    ) -> Result<(Access, Option<Access>), ClusterError> {
        let (control, target) = (names.control(), names.target());
        let wanted = [Some(&control), self.with_target.then_some(&target)];
        let made = wanted.into_iter().flatten();
        running
            .made
            .extend(made.filter(|name| !there.contains(name)).cloned());
        let second = async {
            if !self.with_target {
                return Ok(None);
            }
            let mut connection = self.cluster(commands, &target, there).await?;
            if !self.configuration.packages.is_empty() {
                // Providers run in the control plane's cluster, so they need an address that containers can reach.
                connection.kubeconfig = clusters::internal_kubeconfig(commands, &target).await?;
            }
            Ok::<_, ClusterError>(Some(connection))
        };
        tokio::try_join!(self.cluster(commands, &control, there), second)
    }

    async fn cluster(
        &self,
        commands: &Commands,
        name: &str,
        there: &[String],
    ) -> Result<Access, ClusterError> {
        if there.iter().any(|other| other == name) {
            self.say(&format!("using the kind cluster {name}"));
            clusters::find(commands, name).await?;
        } else {
            self.say(&format!("creating the kind cluster {name}"));
            clusters::create(commands, name, &self.configuration).await?;
        }
        clusters::connect(commands, name).await
    }

    /// Exports the logs of the clusters that this run created, and adds their folder to the error's advice or to the
    /// log.
    async fn with_logs(&self, error: ClusterError, running: &Running) -> ClusterError {
        let Some((state, commands)) = &running.folder else {
            return error;
        };
        if running.made.is_empty() {
            return error;
        }
        let folder = self
            .settings
            .logs_root
            .join(format!("crosscut-logs-{}", run_name(&state.run())));
        for name in &running.made {
            clusters::export_logs(commands, name, &folder.join(name)).await;
        }
        let logs = format!("the logs of the clusters are in {}", folder.display());
        match error {
            ClusterError::Start { what, help, source } => {
                let all = source
                    .as_deref()
                    .map(|source| crosscut_errors::chain(source));
                let help = help.or_else(|| help_with(all.as_deref().unwrap_or(&what)));
                ClusterError::Start {
                    what,
                    help: Some(help.map_or(logs.clone(), |help| format!("{help}; {logs}"))),
                    source,
                }
            }
            error => {
                self.say(&logs);
                error
            }
        }
    }

    async fn end(&self, running: &mut Running) {
        if let Some(remote) = running.remote.take()
            && self.settings.keep
        {
            remote.close().await;
        }
        if let Some(crossplane) = running.crossplane.take()
            && let Err(error) = crossplane.stop().await
        {
            self.say(&format!("could not end Crossplane: {error}"));
        }
        self.functions.close().await;
        let Some((_state, commands)) = running.folder.take() else {
            return;
        };
        let made = std::mem::take(&mut running.made);
        let deleted = made.iter().map(|name| clusters::delete(&commands, name));
        let deleted = futures::future::join_all(deleted).await;
        for (name, deleted) in made.iter().zip(deleted) {
            if let Err(error) = deleted {
                self.say(&format!("the kind cluster {name} stays: {error}"));
            }
        }
    }
}

/// Returns a text of the settings that a cluster is created with. Other settings need another cluster.
fn fingerprint(settings: &KindCluster) -> String {
    let packages: Vec<Value> = settings
        .packages
        .iter()
        .map(|package| package.node.to_value())
        .collect();
    let config = settings.config.as_ref().map(|config| config.text.as_str());
    let KindCluster {
        image,
        load,
        crossplane,
        ..
    } = settings;
    format!("{image:?} {config:?} {load:?} {crossplane:?} {packages:?}")
}

/// Returns the names of the folders of runs.
fn folders(root: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("crosscut-"))
        .collect()
}

#[async_trait]
impl Cluster for Kind {
    fn kind(&self) -> &str {
        "kind"
    }

    async fn prepare(&self) -> Result<(), ClusterError> {
        self.remote().await.map(drop)
    }

    async fn lease(&self, trial: &Trial, _seed: u64) -> Result<Box<dyn Lease>, ClusterError> {
        let mut lease = self.remote().await?.lease(trial).await?;
        let trace = self.functions.trace(lease.namespace());
        lease.live.with_functions(trace);
        Ok(Box::new(lease))
    }

    async fn close(&self) {
        self.end(&mut *self.running.lock().await).await;
    }
}
