//! The Crossplane core as a process, with its kinds defined, its functions served and its webhook in place.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crosscut_functions::Functions;
use crosscut_functions::ServerTls;
use crosscut_programs::{HttpCheck, Program, ProgramSettings, Ready, StateFolder};
use serde_json::json;

use super::CrossplaneError;
use super::arguments::{self, Core, NAMESPACE};
use super::functions::ServedFunctions;
use super::install::{MANAGER, api, define};
use super::manifests::definitions;
use super::webhook::usage_protection;
use crate::Progress;
use crate::version::{self, Version};
use crate::{Authority, Certificates, Keyed};

/// The time that the core may take until it is ready; it takes less than a second on an idle machine.
const START: Duration = Duration::from_secs(60);
/// The time that it may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// The oldest version whose composite resources are as they are here.
const OLDEST: Version = Version { major: 2, minor: 0 };
/// What it is called in messages, and its log.
const NAME: &str = "crossplane";

/// What a Crossplane is started from.
pub struct CrossplaneSettings<'a> {
    /// The core's program.
    pub program: &'a Path,
    /// The folder with the definitions of its kinds, of the same version; see [`definitions_of`](super::definitions_of).
    pub definitions: &'a Path,
    /// The place where it runs.
    pub place: Place<'a>,
    /// Told what is waited for.
    pub progress: &'a Progress,
}

/// The API server that Crossplane runs beside, and what belongs to it.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// An administrator's client.
    pub client: &'a kube::Client,
    /// A file with an administrator's kubeconfig.
    pub kubeconfig: &'a Path,
    /// What programs and functions show to each other.
    pub certificates: &'a Certificates,
    /// The folder of the run.
    pub state: &'a Arc<StateFolder>,
    /// The place where the API server finds the core's webhook: an address of this machine, which the certificates
    /// speak for.
    pub webhook_host: &'a str,
}

/// A running Crossplane core. Dropping it kills the process and ends the servers of its functions.
pub struct RealCrossplane {
    program: Program,
    functions: ServedFunctions,
}

impl RealCrossplane {
    /// Whether a program is a Crossplane core that can be used.
    ///
    /// # Errors
    /// [`CrossplaneError::Version`].
    pub async fn check(program: &Path) -> Result<(), CrossplaneError> {
        version_of(program).await.map(drop)
    }

    /// Starts Crossplane beside an API server: defines its kinds, serves the functions, and waits until
    /// it is ready.
    ///
    /// # Errors
    /// If the program is missing, another one, or does not get ready; if the API server refuses what it needs.
    pub async fn start(
        settings: &CrossplaneSettings<'_>,
        functions: &Functions,
    ) -> Result<Self, CrossplaneError> {
        let version = version_of(settings.program).await?;
        (settings.progress)("Crossplane: its kinds");
        let api = api(settings.place.client);
        define(&api, &definitions(settings.definitions)?).await?;
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        api.apply(&namespace, MANAGER)
            .await
            .map_err(CrossplaneError::api("make Crossplane's namespace"))?;
        let authority = &settings.place.certificates.authority;
        let functions = ServedFunctions::start(functions, &tls(authority)?).await?;
        functions.register(&api).await?;
        (settings.progress)("Crossplane: the core");
        let (program, webhook) = start(settings, version).await?;
        let url = format!("https://{}:{webhook}", settings.place.webhook_host);
        api.apply(&usage_protection(&url, &authority.certificate()), MANAGER)
            .await
            .map_err(CrossplaneError::api("have Usages protect what is in use"))?;
        Ok(Self { program, functions })
    }

    /// The core's process.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Ends the core, and then the servers of its functions.
    ///
    /// # Errors
    /// If the process does not end even when it is killed.
    pub async fn stop(self) -> Result<(), CrossplaneError> {
        let stopped = self.program.stop(GRACE).await;
        self.functions.close().await;
        stopped.map(drop).map_err(Into::into)
    }
}

/// Returns what functions show to Crossplane, and whom they answer.
fn tls(authority: &Authority) -> Result<ServerTls, CrossplaneError> {
    let Keyed { certificate, key } = authority.server("function", &[])?;
    Ok(ServerTls {
        certificate,
        key,
        client_ca: authority.certificate(),
    })
}

/// Starts the process on free ports; answers it and the port of its webhook.
async fn start(
    settings: &CrossplaneSettings<'_>,
    version: Version,
) -> Result<(Program, u16), CrossplaneError> {
    let place = settings.place;
    let cache = place.state.folder("crossplane-packages")?;
    let certificates = |folder| place.certificates.path(folder);
    let program_settings = |[health_port, webhook_port]: [u16; 2]| {
        let core = Core {
            version,
            client_tls: &certificates(Certificates::CROSSPLANE),
            server_tls: &certificates(Certificates::WEBHOOK),
            cache: &cache,
            health_port,
            webhook_port,
        };
        ProgramSettings {
            environment: arguments::environment(place.kubeconfig),
            ready: ready(health_port),
            deadline: START,
            ..ProgramSettings::new(NAME, settings.program, core.arguments())
        }
    };
    let (program, [_, webhook_port]) =
        Program::start_on_free_ports(program_settings, place.state).await?;
    Ok((program, webhook_port))
}

/// Ready when the probe says so, which looks at the webhook as well.
pub(super) fn ready(health_port: u16) -> Ready {
    Ready::Http(HttpCheck {
        url: format!("http://127.0.0.1:{health_port}/readyz"),
        authority: None,
        identity: None,
    })
}

async fn version_of(program: &Path) -> Result<Version, CrossplaneError> {
    let version = version::check(program, OLDEST).await;
    version.map_err(CrossplaneError::Version)
}
