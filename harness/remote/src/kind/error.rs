//! Errors of clusters of kind.

use std::path::PathBuf;

use crosscut_programs::{ProgramError, StateError};

use crosscut_cluster::ClusterError;

/// A cluster of kind cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KindError {
    /// A command is not installed.
    #[error("{command} is not in PATH")]
    NoCommand {
        /// The name.
        command: &'static str,
    },
    /// Docker is installed but does not run.
    #[error("Docker does not answer: {reason}")]
    NoDocker {
        /// The last line that Docker wrote.
        reason: String,
    },
    /// A command failed.
    #[error("{command} failed ({status}): {reason}")]
    Failed {
        /// The command with its first arguments.
        command: String,
        /// The way it ended.
        status: String,
        /// The last line that it wrote.
        reason: String,
    },
    /// A command took too long.
    #[error("{command} did not end within {seconds} s")]
    TooLong {
        /// The command with its first arguments.
        command: String,
        /// The deadline in seconds.
        seconds: u64,
    },
    /// A command's output has not the expected value.
    #[error("{command} does not say {what}")]
    Silent {
        /// The command.
        command: &'static str,
        /// The expected value.
        what: &'static str,
    },
    /// A program could not be started.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A file of the run could not be written.
    #[error(transparent)]
    State(#[from] StateError),
    /// A kubeconfig that kind wrote cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// Packages did not become healthy.
    #[error("packages are not healthy within {seconds} s: {}", waiting.join("; "))]
    Packages {
        /// The deadline in seconds.
        seconds: u64,
        /// The packages that are not healthy, each with its reason.
        waiting: Vec<String>,
    },
    /// The API server refused a package.
    #[error("cannot install {what}")]
    Package {
        /// The kind and name of the package.
        what: String,
        /// The error of the API server.
        #[source]
        source: crosscut_client::ApiError,
    },
}

impl KindError {
    /// Returns advice for the user, if there is any.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoCommand { command: "kind" } => {
                "install kind (sigs.k8s.io/kind), or judge on another control plane: --cluster embedded or envtest"
                    .to_owned()
            }
            Self::NoCommand { command: "helm" } => {
                "install Helm, or let Crossplane run beside the cluster: crossplane: core under clusters.kind in \
                 crosscut.yaml"
                    .to_owned()
            }
            Self::NoCommand { command } => {
                format!("install {command}: kind makes clusters of its containers")
            }
            Self::NoDocker { .. } => {
                "start Docker, and see that you may use it: docker version must show a server".to_owned()
            }
            Self::Packages { .. } => "see kubectl describe of their revisions".to_owned(),
            _ => return None,
        })
    }
}

/// Messages of programs that reach the kernel's limit on watched files: one of Crossplane and others, and one of kind
/// if a node does not start.
const TOO_MANY_WATCHES: [&str; 2] = [
    "too many open files",
    "could not find a log line that matches",
];

/// Returns advice for an error that is not kind's own, if there is any.
pub(super) fn help_with(what: &str) -> Option<String> {
    TOO_MANY_WATCHES
        .iter()
        .any(|words| what.contains(words))
        .then(|| {
            "Linux may let you watch no more files: delete clusters that you do not need (kind get clusters), or raise \
             the limit, as in sysctl fs.inotify.max_user_instances=512"
                .to_owned()
        })
}

impl From<KindError> for ClusterError {
    fn from(error: KindError) -> ClusterError {
        let help = error.help();
        ClusterError::start(error, help)
    }
}
