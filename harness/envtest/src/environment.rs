//! A whole environment: started in order, watched, and stopped in the other order.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crosscut_programs::{Launcher, Program, StateFolder};
use futures::future::{join_all, try_join_all};

use super::api_server::{self, Common, Server};
use super::error::EnvtestError;
use super::etcd_client::EtcdClient;
use super::{controller_manager, etcd};
use crosscut_setup::Assets;
use crosscut_setup::Certificates;
use crosscut_setup::Progress;
use crosscut_setup::crossplane::Place;
use crosscut_setup::open_state;

/// What the server is called that Crossplane composes on.
const CONTROL: &str = "control";
/// The time that a program may take to end by itself. None has anything to save, and an API server that is asked to end
/// waits one to three seconds for its clients.
const GRACE: Duration = Duration::from_millis(250);
/// The number of lines of each program that are evidence.
const LINES: usize = 20;

/// What to start.
#[derive(Clone, Debug)]
pub struct EnvironmentSettings {
    /// The programs.
    pub assets: Assets,
    /// The number of target servers that there are.
    pub targets: usize,
    /// The place where the folder of the run is made; [`default_root`](crosscut_programs::default_root) knows a good
    /// place.
    pub state_root: PathBuf,
    /// What starts programs so that they end with this process.
    pub launcher: Option<Launcher>,
}

/// The last lines of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramLog {
    /// What the program is called.
    pub name: String,
    /// What it wrote last, oldest first.
    pub lines: Vec<String>,
    /// The whole log, until the environment is gone.
    pub path: PathBuf,
}

/// A running control plane: etcd, a control server, target servers, and the built-in controllers when asked for.
/// Dropping it kills everything; [`stop`](Environment::stop) does it in order.
pub struct Environment {
    // Dropped in this order: who writes to whom goes first.
    controller_manager: Option<Program>,
    control: Server,
    targets: Vec<Server>,
    etcd: Program,
    etcd_client: EtcdClient,
    certificates: Certificates,
    state: Arc<StateFolder>,
    assets: Assets,
}

impl Environment {
    /// Starts everything but the built-in controllers. Says through `progress` what of earlier runs was cleaned up, and what is started.
    ///
    /// # Errors
    /// [`EnvtestError`] for the first thing that fails; what was started before is gone again then, as it is when
    /// this future is dropped.
    pub async fn start(
        settings: EnvironmentSettings,
        progress: &Progress,
    ) -> Result<Self, EnvtestError> {
        let state = Arc::new(
            open_state(
                settings.state_root.clone(),
                settings.launcher.clone(),
                progress,
            )
            .await?,
        );
        let assets = &settings.assets;
        let certificates = Certificates::make(&state)?;
        progress("starting etcd");
        let ((), (etcd, etcd_client)) =
            tokio::try_join!(checked(assets), etcd::start(&assets.etcd, &state))?;
        let common = Common {
            program: &assets.api_server,
            etcd: etcd_client.url(),
            certificates: &certificates,
            state: &state,
        };
        progress(&format!(
            "starting {} API servers",
            settings.targets.saturating_add(1)
        ));
        let names = (1..=settings.targets).map(|number| format!("target-{number}"));
        let targets = names.map(|name| async move { api_server::start(common, &name).await });
        let (control, targets) =
            tokio::try_join!(api_server::start(common, CONTROL), try_join_all(targets))?;
        Ok(Self {
            controller_manager: None,
            control,
            targets,
            etcd,
            etcd_client,
            certificates,
            state,
            assets: settings.assets,
        })
    }

    /// Starts the garbage collector and the namespace controller on the control server. The garbage collector looks
    /// for new kinds every 30 s only, so it is best started once all are defined.
    ///
    /// # Errors
    /// [`EnvtestError::Program`].
    pub async fn start_controllers(&mut self) -> Result<(), EnvtestError> {
        let program = &self.assets.controller_manager;
        let started =
            controller_manager::start(program, &self.control, &self.certificates, &self.state);
        self.controller_manager = Some(started.await?);
        Ok(())
    }

    /// The programs that were found.
    #[must_use]
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// The server that Crossplane composes on, with the garbage collector and the namespace controller.
    #[must_use]
    pub fn control(&self) -> &Server {
        &self.control
    }

    /// The servers that composed objects act on; they have no controllers.
    #[must_use]
    pub fn targets(&self) -> &[Server] {
        &self.targets
    }

    /// Returns the ports of all servers, the control server's first.
    #[must_use]
    pub fn ports(&self) -> Vec<u16> {
        let servers = [&self.control].into_iter().chain(&self.targets);
        servers.map(|server| server.port).collect()
    }

    /// The store of all servers.
    #[must_use]
    pub fn etcd(&self) -> &EtcdClient {
        &self.etcd_client
    }

    /// The certificates; more can be made.
    #[must_use]
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// The folder of the run, for what else is started.
    #[must_use]
    pub fn state(&self) -> &Arc<StateFolder> {
        &self.state
    }

    /// The control server as a place for Crossplane.
    #[must_use]
    pub fn place(&self) -> Place<'_> {
        Place {
            client: self.control.client(),
            kubeconfig: &self.control.kubeconfig_path,
            certificates: &self.certificates,
            state: &self.state,
            webhook_host: "127.0.0.1",
        }
    }

    /// The last lines of every program, as evidence.
    #[must_use]
    pub fn logs(&self) -> Vec<ProgramLog> {
        let log = |program: &Program| ProgramLog {
            name: program.name().to_owned(),
            lines: program.last_lines(LINES),
            path: program.log_path().to_owned(),
        };
        self.programs().map(log).collect()
    }

    /// Whether everything still runs.
    ///
    /// # Errors
    /// [`EnvtestError::Ended`] for the first program that does not; etcd before those that end because it did.
    pub fn check(&self) -> Result<(), EnvtestError> {
        let first = self
            .programs()
            .find_map(|program| Some((program, program.exit_status()?)));
        match first {
            None => Ok(()),
            Some((program, status)) => Err(ended(program, status)),
        }
    }

    /// Stops everything in order, and removes the folder of the run when the last that holds it is gone.
    ///
    /// # Errors
    /// The first program that does not end although it was killed; the others are stopped all the same.
    pub async fn stop(self) -> Result<(), EnvtestError> {
        let mut stopped = Vec::new();
        if let Some(controllers) = self.controller_manager {
            stopped.push(controllers.stop(GRACE).await);
        }
        let servers = std::iter::once(self.control).chain(self.targets);
        stopped.extend(join_all(servers.map(|server| server.program.stop(GRACE))).await);
        stopped.push(self.etcd.stop(GRACE).await);
        stopped.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(())
    }

    fn programs(&self) -> impl Iterator<Item = &Program> {
        let targets = self.targets.iter().map(|target| &target.program);
        [&self.etcd, &self.control.program]
            .into_iter()
            .chain(targets)
            .chain(&self.controller_manager)
    }
}

/// The error for a program that ended while it was needed, with its last words.
pub(super) fn ended(program: &Program, status: String) -> EnvtestError {
    EnvtestError::Ended {
        name: program.name().to_owned(),
        status,
        lines: program.last_lines(LINES),
    }
}

async fn checked(assets: &Assets) -> Result<(), EnvtestError> {
    Ok(assets.check_versions().await?)
}
