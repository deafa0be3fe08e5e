//! Failures of an environment.

use crosscut_cluster::ClusterError;
use crosscut_programs::{ProgramError, StateError};
use crosscut_setup::SetupError;

use crate::etcd_client::EtcdError;

/// An environment cannot be started, or broke.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvtestError {
    /// A part of the environment cannot be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A program could not be started or ended.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// An API server is ready but does not create an object that every API server has.
    #[error("{server} is ready and does not make {object}")]
    NoFirstObject {
        /// The server's name.
        server: String,
        /// The missing object.
        object: String,
    },
    /// A request to etcd failed.
    #[error("cannot {action} in etcd")]
    Etcd {
        /// The attempted action, as in "cannot … in etcd".
        action: String,
        /// The reason.
        #[source]
        source: EtcdError,
    },
    /// A program ended while it was needed.
    #[error("{name} ended ({status}){}", quoted(.lines))]
    Ended {
        /// The program's name.
        name: String,
        /// The exit status.
        status: String,
        /// The last lines that it wrote.
        lines: Vec<String>,
    },
}

impl EnvtestError {
    /// Returns the advice for the user, if there is any.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Setup(error) => error.help(),
            _ => None,
        }
    }
}

impl From<StateError> for EnvtestError {
    fn from(error: StateError) -> EnvtestError {
        EnvtestError::Setup(error.into())
    }
}

impl From<EnvtestError> for ClusterError {
    fn from(error: EnvtestError) -> ClusterError {
        let help = error.help();
        ClusterError::start(error, help)
    }
}

fn quoted(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n    {line}")).collect()
}
