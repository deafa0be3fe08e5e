//! A control plane's processes: started in order, observed, and stopped in the reverse order.

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

/// The name of the server that Crossplane composes on.
const CONTROL: &str = "control";
/// The time that a program may take to end. No program has data to save, and an API server waits one to three seconds
/// for its clients when it ends.
const GRACE: Duration = Duration::from_millis(250);
/// The number of last lines of each program that logs and errors have.
const LINES: usize = 20;

/// The settings of an environment.
#[derive(Clone, Debug)]
pub struct EnvironmentSettings {
    /// The programs.
    pub assets: Assets,
    /// The number of target servers.
    pub targets: usize,
    /// The parent of the run's folder, usually [`default_root`](crosscut_programs::default_root).
    pub state_root: PathBuf,
    /// A launcher that ends programs with this process.
    pub launcher: Option<Launcher>,
}

/// The last lines of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramLog {
    /// The program's name.
    pub name: String,
    /// The last lines that the program wrote, oldest first.
    pub lines: Vec<String>,
    /// The file with the whole log. It is removed with the environment.
    pub path: PathBuf,
}

/// A running control plane: etcd, a control server, target servers, and the built-in controllers after
/// [`start_controllers`](Environment::start_controllers). Dropping it kills all programs; [`stop`](Environment::stop)
/// ends them in order.
pub struct Environment {
    // Fields are dropped in this order: clients before their servers.
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
    /// Starts all programs except the built-in controllers. Reports to `progress` what was cleaned up of earlier runs,
    /// and what is started.
    ///
    /// # Errors
    /// [`EnvtestError`] for the first failure. Programs that were started before it are ended, also if this future is
    /// dropped.
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

    /// Starts the garbage collector and the namespace controller on the control server. The garbage collector discovers
    /// new kinds only every 30 s, so start it after all kinds are defined.
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

    /// Returns the paths of the programs.
    #[must_use]
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// Returns the server that Crossplane composes on. It has the garbage collector and the namespace controller.
    #[must_use]
    pub fn control(&self) -> &Server {
        &self.control
    }

    /// Returns the servers that composed objects act on. They have no controllers.
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

    /// Returns a client for the store of all servers.
    #[must_use]
    pub fn etcd(&self) -> &EtcdClient {
        &self.etcd_client
    }

    /// Returns the certificates, which can issue more.
    #[must_use]
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// Returns the folder of the run, for other programs.
    #[must_use]
    pub fn state(&self) -> &Arc<StateFolder> {
        &self.state
    }

    /// Returns the control server as a place for Crossplane.
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

    /// Returns the last lines of every program.
    #[must_use]
    pub fn logs(&self) -> Vec<ProgramLog> {
        let log = |program: &Program| ProgramLog {
            name: program.name().to_owned(),
            lines: program.last_lines(LINES),
            path: program.log_path().to_owned(),
        };
        self.programs().map(log).collect()
    }

    /// Checks that all programs still run.
    ///
    /// # Errors
    /// [`EnvtestError::Ended`] for the first program that does not run. etcd is checked first, because other programs
    /// end without it.
    pub fn check(&self) -> Result<(), EnvtestError> {
        let first = self
            .programs()
            .find_map(|program| Some((program, program.exit_status()?)));
        match first {
            None => Ok(()),
            Some((program, status)) => Err(ended(program, status)),
        }
    }

    /// Stops all programs in order. The folder of the run is removed when its last reference is dropped.
    ///
    /// # Errors
    /// The error of the first program that does not end although it was killed. The others are stopped nevertheless.
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

/// Returns the error for a program that ended too early, with its last lines.
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
