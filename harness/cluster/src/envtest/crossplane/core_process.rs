//! The Crossplane core as a process, with its kinds defined, its functions served and its webhook in place.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crosscut_crossplane::Functions;
use crosscut_programs::{HttpCheck, Program, ProgramSettings, Ready, StateFolder};
use serde_json::json;

use super::CrossplaneError;
use super::arguments::{Core, NAMESPACE, environment};
use super::certificates::CrossplaneCertificates;
use super::functions::ServedFunctions;
use super::install::{MANAGER, api, define};
use super::manifests::definitions;
use super::version::Version;
use super::webhook::usage_protection;
use crate::functions::Progress;

/// How long the core may take until it is ready; it takes less than a second on an idle machine.
const START: Duration = Duration::from_secs(60);
/// How long it may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// What a Crossplane is started from.
pub struct CrossplaneSettings<'a> {
    /// What it is called in messages and in the folder of the run; one of a kind there.
    pub name: String,
    /// The core's program.
    pub program: &'a Path,
    /// The folder with the definitions of its kinds, of the same version.
    pub definitions: &'a Path,
    /// A client of its API server that may do anything.
    pub client: kube::Client,
    /// A kubeconfig that leads there.
    pub kubeconfig: &'a Path,
    /// What it shows and whom it trusts.
    pub certificates: &'a CrossplaneCertificates,
    /// The folder of the run.
    pub state: &'a Arc<StateFolder>,
    /// Told what is waited for.
    pub progress: &'a Progress,
}

/// A running Crossplane core. Dropping it kills the process and ends the servers of its functions.
pub struct RealCrossplane {
    program: Program,
    functions: ServedFunctions,
    tls: PathBuf,
}

impl RealCrossplane {
    /// Starts Crossplane on an API server: defines its kinds, serves the functions, and waits until it is ready.
    ///
    /// # Errors
    /// If the program is missing, another one, or does not get ready; if the API server refuses what it needs.
    pub async fn start(
        settings: &CrossplaneSettings<'_>,
        functions: &Functions,
    ) -> Result<Self, CrossplaneError> {
        let version = Version::of(settings.program).await?;
        (settings.progress)("Crossplane: its kinds");
        let api = api(&settings.client);
        define(&api, &definitions(settings.definitions)?).await?;
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        api.apply(&namespace, MANAGER)
            .await
            .map_err(CrossplaneError::api("make Crossplane's namespace"))?;
        let functions =
            ServedFunctions::start(functions, &settings.certificates.functions()).await?;
        functions.register(&api).await?;
        (settings.progress)("Crossplane: the core");
        let tls = settings
            .certificates
            .write(settings.state, &format!("{}-tls", settings.name))?;
        let (program, webhook) = start(settings, version, &tls).await?;
        let protection = usage_protection(webhook, &settings.certificates.authority);
        api.apply(&protection, MANAGER)
            .await
            .map_err(CrossplaneError::api("have Usages protect what is in use"))?;
        Ok(Self {
            program,
            functions,
            tls,
        })
    }

    /// The core's process.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The folder with the certificates, for the providers of this Crossplane.
    pub(super) fn tls(&self) -> &Path {
        &self.tls
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

/// Starts the process on free ports; answers it and the port of its webhook.
async fn start(
    settings: &CrossplaneSettings<'_>,
    version: Version,
    tls: &Path,
) -> Result<(Program, u16), CrossplaneError> {
    let cache = settings.state.folder(&format!("{}-cache", settings.name))?;
    let program_settings = |[health_port, webhook_port]: [u16; 2]| {
        let core = Core {
            version,
            tls,
            cache: &cache,
            health_port,
            webhook_port,
        };
        ProgramSettings {
            environment: environment(settings.kubeconfig),
            ready: ready(health_port),
            deadline: START,
            ..ProgramSettings::new(&settings.name, settings.program, core.arguments())
        }
    };
    let (program, [_, webhook_port]) =
        Program::start_on_free_ports(program_settings, settings.state).await?;
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
