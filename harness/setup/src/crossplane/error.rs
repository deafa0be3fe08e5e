//! What can go wrong with a real Crossplane and its providers.

use std::path::PathBuf;
use std::time::Duration;

use crosscut_client::ApiError;
use crosscut_cluster::ClusterError;
use crosscut_functions::ServeError;
use crosscut_programs::{ProgramError, StateError};

use crate::SetupError;

/// A real Crossplane, or a provider of it, could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CrossplaneError {
    /// The program does not run, is another one, or is too old.
    #[error("no Crossplane core that can be used (the command line tool has the same name)")]
    Version(#[source] SetupError),
    /// Certificates could not be made.
    #[error("cannot make certificates for functions")]
    Certificate(#[from] rcgen::Error),
    /// A program did not start or did not get ready.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A program listens on ports that cannot be chosen, and another program has one of them.
    #[error(
        "{name} needs the ports {ports} and cannot be told others; one is taken, perhaps by another run: wait for its end, or end what listens there"
    )]
    FixedPorts {
        /// What it is called in messages.
        name: &'static str,
        /// The ports.
        ports: &'static str,
        /// What it said.
        #[source]
        source: ProgramError,
    },
    /// The same, seen before anything is started.
    #[error(
        "{name} needs the ports {ports} and cannot be told others; {port} is taken by {holder}, perhaps of another run: wait for its end, or end what listens there"
    )]
    PortsHeld {
        /// What it is called in messages.
        name: &'static str,
        /// The ports.
        ports: &'static str,
        /// The one that is taken.
        port: u16,
        /// Who listens there.
        holder: String,
    },
    /// What leads to a program's own network could not be made.
    #[error("cannot make a network for provider-kubernetes")]
    Network(#[source] std::io::Error),
    /// Files of the run could not be written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The definitions of kinds beside the programs cannot be used.
    #[error("cannot read custom resource definitions from {}: {reason}", path.display())]
    Definitions {
        /// The folder or the file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A function could not be served.
    #[error("cannot serve function {name} to Crossplane")]
    Serve {
        /// The name in compositions.
        name: String,
        /// The reason.
        #[source]
        source: ServeError,
    },
    /// The API server refused something, or did not answer.
    #[error("cannot {action}")]
    Api {
        /// What was to be done.
        action: String,
        /// The answer.
        #[source]
        source: ApiError,
    },
    /// A kind is defined, and still not served.
    #[error("the API server does not serve {resource} within {deadline:?}, although it is defined")]
    NotServed {
        /// The kind's resource, with group and version.
        resource: String,
        /// The time that was waited.
        deadline: Duration,
    },
}

impl CrossplaneError {
    /// Returns what the user can do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Version(error) => error.help(),
            Self::Definitions { .. } => Some(
                "copy them there: Crossplane has them in cluster/crds, provider-kubernetes in package/crds; in a checkout \
                 of crosscut, `cargo xtask testbed` does it"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// Wraps the answer of an API server in what was to be done.
    pub(super) fn api(action: impl Into<String>) -> impl FnOnce(ApiError) -> Self {
        let action = action.into();
        move |source| Self::Api { action, source }
    }
}

impl From<CrossplaneError> for ClusterError {
    fn from(error: CrossplaneError) -> ClusterError {
        let help = error.help();
        ClusterError::start(error, help)
    }
}
