//! State that the trials of one run share: the environment, Crossplane, its provider, and the installed documents.

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

/// The interval at which provider-kubernetes reconciles unchanged Objects. Trials are shorter.
const POLL: Duration = Duration::from_secs(600);

/// The running programs of one run, and their observers.
pub(super) struct Running {
    pub(super) environment: Environment,
    crossplane: RealCrossplane,
    provider: Option<ProviderKubernetes>,
    pub(super) observer: Arc<Reflector>,
    pub(super) targets: Pool,
    progress: Progress,
    /// The failure of a server that stopped responding. If it is set, no further trial can be judged here.
    broken: OnceLock<String>,
}

impl Running {
    /// Starts Crossplane on an environment, and a reflector for each server.
    ///
    /// # Errors
    /// [`ClusterError::Start`]. Programs that were started before end when they are dropped.
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

    /// Starts the programs that need all kinds to be defined: the built-in controllers and provider-kubernetes.
    /// `program` is provider-kubernetes, which gets a network of its own if `isolated`.
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

    /// Returns the server that Crossplane composes on.
    pub(super) fn control(&self) -> &Server {
        self.environment.control()
    }

    /// Returns the place for programs under test beside a trial's clusters. `target` is the kubeconfig of its target.
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

    /// Checks that all programs still run, and that [`Running::give_up`] was not called.
    ///
    /// # Errors
    /// [`ClusterError::Broken`] with the last lines of the program that ended.
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

    /// Records that a server does not respond any more.
    pub(super) fn give_up(&self, error: &ClusterError) {
        if let ClusterError::Broken { what } = error {
            // The first reason is kept.
            let _ = self.broken.set(what.clone());
        }
    }

    /// Ends all programs in order. A program that does not end is killed.
    ///
    /// # Errors
    /// [`ClusterError::Start`] for a program that cannot be killed.
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
