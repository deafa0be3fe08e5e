//! The real provider-kubernetes as a process: it applies composed Objects on the clusters that their ProviderConfigs
//! name.
//!
//! It listens on 9443 and 8080 of every interface and cannot be told otherwise. So it is given a network of its own where the
//! machine allows that; elsewhere only one of them runs at a time.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use crosscut_programs::{Program, ProgramError, ProgramSettings, Relays, Shared};
use tokio::net::TcpListener;

use super::CrossplaneError;
use super::arguments::{provider_environment, provider_kubernetes};
use super::core_process::{Place, ready};
use super::install::{api, define};
use super::listener;
use super::manifests::definitions;
use crate::{Certificates, Progress};
use crosscut_errors::chain;

/// What it is called, and its log.
const NAME: &str = "provider-kubernetes";
/// The ports that it always listens on: its webhook and its metrics.
const PORTS: &str = "9443 and 8080";
/// The same.
const EACH: [u16; 2] = [9443, 8080];
const START: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(5);

/// What a provider is started from.
pub struct ProviderKubernetesSettings<'a> {
    /// The program.
    pub program: &'a Path,
    /// The folder with the definitions of its kinds; those that are there already stay as they are.
    pub definitions: &'a Path,
    /// The control server, where Crossplane runs.
    pub place: Place<'a>,
    /// The ports of the API servers that the provider reaches.
    pub reached: Vec<u16>,
    /// The interval at which it looks at a ready Object that nobody changed.
    pub poll: Duration,
    /// True if it has a network of its own.
    pub isolated: bool,
    /// Told what is waited for.
    pub progress: &'a Progress,
}

impl ProviderKubernetesSettings<'_> {
    /// Returns the way in which the program is started; it says on this port whether it is ready.
    fn program(&self, health_port: u16) -> ProgramSettings {
        ProgramSettings {
            environment: provider_environment(
                self.place.kubeconfig,
                &self.place.certificates.path(Certificates::WEBHOOK),
            ),
            ready: ready(health_port),
            deadline: START,
            ..ProgramSettings::new(
                NAME,
                self.program,
                provider_kubernetes(health_port, self.poll),
            )
        }
    }
}

/// A running provider-kubernetes. Dropping it kills the process.
pub struct ProviderKubernetes {
    program: Program,
    /// What leads to its network and out of it.
    _relays: Option<Relays>,
}

impl ProviderKubernetes {
    /// Whether the ports that it always listens on are free now.
    ///
    /// # Errors
    /// [`CrossplaneError::PortsHeld`] with who has one.
    pub fn check_ports() -> Result<(), CrossplaneError> {
        let taken = EACH.into_iter().find(|port| listener::is_taken(*port));
        match taken {
            None => Ok(()),
            Some(port) => Err(CrossplaneError::PortsHeld {
                name: NAME,
                ports: PORTS,
                port,
                holder: listener::holder(port).unwrap_or_else(|| "another program".to_owned()),
            }),
        }
    }

    /// Starts the provider, and waits until it is ready.
    ///
    /// # Errors
    /// If the program is missing or does not get ready, another one has its ports, or the API server refuses its kinds.
    pub async fn start(settings: &ProviderKubernetesSettings<'_>) -> Result<Self, CrossplaneError> {
        (settings.progress)("provider-kubernetes");
        define(
            &api(settings.place.client),
            &definitions(settings.definitions)?,
        )
        .await?;
        if settings.isolated {
            match Self::start_isolated(settings).await {
                Ok(started) => return Ok(started),
                Err(error) => (settings.progress)(&format!(
                    "provider-kubernetes does not start in a network of its own, and gets this one: {}",
                    chain(&error)
                )),
            }
            Self::check_ports()?;
        }
        let start = Program::start_on_free_ports(
            |[health_port]: [u16; 1]| settings.program(health_port),
            settings.place.state,
        );
        let (program, _) = start.await.map_err(fixed_ports)?;
        Ok(Self {
            program,
            _relays: None,
        })
    }

    /// Starts it in a network of its own, from which it reaches the API servers.
    async fn start_isolated(
        settings: &ProviderKubernetesSettings<'_>,
    ) -> Result<Self, CrossplaneError> {
        let folder = settings.place.state.folder("provider-network")?;
        let health = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let health = health.await.map_err(CrossplaneError::Network)?;
        let port = health
            .local_addr()
            .map_err(CrossplaneError::Network)?
            .port();
        let shared = Shared {
            folder,
            reached: settings.reached.clone(),
            shown: vec![port],
        };
        let relays = Relays::here(&shared, vec![health]).map_err(CrossplaneError::Network)?;
        let program = ProgramSettings {
            isolated: Some(shared),
            ..settings.program(port)
        };
        Ok(Self {
            program: Program::start(program, settings.place.state).await?,
            _relays: Some(relays),
        })
    }

    /// The provider's process.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Ends the provider.
    ///
    /// # Errors
    /// If the process does not end even when it is killed.
    pub async fn stop(self) -> Result<(), CrossplaneError> {
        self.program.stop(GRACE).await.map(drop).map_err(Into::into)
    }
}

/// Says what a taken port means here.
fn fixed_ports(error: ProgramError) -> CrossplaneError {
    if error.is_port_taken() {
        CrossplaneError::FixedPorts {
            name: NAME,
            ports: PORTS,
            source: error,
        }
    } else {
        error.into()
    }
}
