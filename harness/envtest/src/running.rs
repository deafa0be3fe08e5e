//! Everything that the trials of one run share: the environment, Crossplane, its provider, and what is installed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crosscut_functions::Functions;
use crosscut_live::Reflector;
use futures::future::try_join_all;

use super::environment::ended;
use super::targets::{Pool, Target};
use super::{Environment, EnvtestError, Server};
use crosscut_cluster::{ClusterError, ProgramPlace};
use crosscut_errors::chain;
use crosscut_setup::AllAssets;
use crosscut_setup::Progress;
use crosscut_setup::crossplane::{
    CrossplaneSettings, ProviderKubernetes, ProviderKubernetesSettings, RealCrossplane,
    definitions_of,
};

/// The number of times that provider-kubernetes looks at Objects that nobody changed: trials are shorter than that.
const POLL: Duration = Duration::from_secs(600);

/// What runs.
pub(super) struct Running {
    pub(super) environment: Environment,
    crossplane: RealCrossplane,
    provider: Option<ProviderKubernetes>,
    pub(super) observer: Arc<Reflector>,
    pub(super) targets: Pool,
    progress: Progress,
    /// What was seen not to answer any more: no trial can be judged here again.
    broken: OnceLock<String>,
}

impl Running {
    /// Starts Crossplane on an environment, and observes all servers.
    ///
    /// # Errors
    /// [`ClusterError::Start`]. What was started before ends when it is dropped.
    pub(super) async fn start(
        environment: Environment,
        assets: &AllAssets,
        functions: &Functions,
        progress: &Progress,
    ) -> Result<Running, ClusterError> {
        let targets = environment
            .targets()
            .iter()
            .map(|server| Target::new(server, environment.etcd()));
        let (crossplane, targets) = tokio::try_join!(
            start_crossplane(&environment, &assets.crossplane, functions, progress),
            try_join_all(targets)
        )?;
        let observer = Reflector::start(environment.control().client().clone())
            .await
            .map_err(|error| ClusterError::start(error, None))?;
        Ok(Running {
            environment,
            crossplane,
            provider: None,
            observer: Arc::new(observer),
            targets: Pool::new(targets),
            progress: Arc::clone(progress),
            broken: OnceLock::new(),
        })
    }

    /// Starts what needs all kinds to be defined: the built-in controllers and provider-kubernetes, which is `program`, in a
    /// network of its own if it is to be `isolated`.
    ///
    /// # Errors
    /// [`ClusterError::Start`].
    pub(super) async fn start_controllers(
        &mut self,
        program: &Path,
        isolated: bool,
    ) -> Result<(), ClusterError> {
        (self.progress)("kube-controller-manager");
        self.environment.start_controllers().await?;
        let settings = ProviderKubernetesSettings {
            program,
            definitions: &definitions_of(program)?,
            place: self.environment.place(),
            reached: self.environment.ports(),
            poll: POLL,
            isolated,
            progress: &self.progress,
        };
        self.provider = Some(ProviderKubernetes::start(&settings).await?);
        Ok(())
    }

    /// The server that Crossplane composes on.
    pub(super) fn control(&self) -> &Server {
        self.environment.control()
    }

    /// Returns the place where programs under test run beside a trial's clusters; `target` is the kubeconfig of its
    /// target.
    pub(super) fn program_place(&self, trial: &str, target: String) -> ProgramPlace {
        let assets = self.environment.assets();
        let programs = [Some(&assets.api_server), assets.crossplane.as_ref()];
        let mut path: Vec<PathBuf> = programs
            .into_iter()
            .flatten()
            .filter_map(|program| Some(program.parent()?.to_owned()))
            .collect();
        path.dedup();
        ProgramPlace {
            state: Arc::clone(self.environment.state()),
            trial: trial.to_owned(),
            control: self.control().kubeconfig.clone(),
            target,
            path,
        }
    }

    /// Whether all programs still run, and nothing was given up.
    ///
    /// # Errors
    /// [`ClusterError::Broken`] with the last words of the one that ended.
    pub(super) fn check(&self) -> Result<(), ClusterError> {
        let broken = |error: EnvtestError| ClusterError::Broken {
            what: chain(&error),
        };
        self.environment.check().map_err(broken)?;
        let provider = self.provider.as_ref().map(ProviderKubernetes::program);
        for program in [self.crossplane.program()].into_iter().chain(provider) {
            if let Some(status) = program.exit_status() {
                return Err(broken(ended(program, status)));
            }
        }
        match self.broken.get() {
            Some(what) => Err(ClusterError::Broken { what: what.clone() }),
            None => Ok(()),
        }
    }

    /// Remembers that something does not answer any more.
    pub(super) fn give_up(&self, error: &ClusterError) {
        if let ClusterError::Broken { what } = error {
            // The first reason is as good as any.
            let _ = self.broken.set(what.clone());
        }
    }

    /// Ends everything in order. What does not end by itself is killed.
    ///
    /// # Errors
    /// [`ClusterError::Start`] for what cannot even be killed.
    pub(super) async fn stop(self) -> Result<(), ClusterError> {
        if let Some(provider) = self.provider {
            provider.stop().await?;
        }
        self.crossplane.stop().await?;
        drop(self.observer);
        drop(self.targets);
        Ok(self.environment.stop().await?)
    }
}

async fn start_crossplane(
    environment: &Environment,
    program: &Path,
    functions: &Functions,
    progress: &Progress,
) -> Result<RealCrossplane, ClusterError> {
    let settings = CrossplaneSettings {
        program,
        definitions: &definitions_of(program)?,
        place: environment.place(),
        progress,
    };
    Ok(RealCrossplane::start(&settings, functions).await?)
}
