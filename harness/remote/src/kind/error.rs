//! What can go wrong with clusters of kind.

use std::path::PathBuf;

use crosscut_programs::{ProgramError, StateError};

use crosscut_cluster::ClusterError;

/// A cluster could not be had from kind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KindError {
    /// A command is not installed.
    #[error("{command} is not in PATH")]
    NoCommand {
        /// The name.
        command: &'static str,
    },
    /// Docker is installed and does not run.
    #[error("Docker does not answer: {reason}")]
    NoDocker {
        /// What it said last.
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
        /// The time that was waited.
        seconds: u64,
    },
    /// A command answered something that cannot be used.
    #[error("{command} does not say {what}")]
    Silent {
        /// The command.
        command: &'static str,
        /// What was to be learnt.
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
        /// The time that was waited.
        seconds: u64,
        /// What each says.
        waiting: Vec<String>,
    },
    /// The API server refused a package.
    #[error("cannot install {what}")]
    Package {
        /// Kind and name.
        what: String,
        /// The answer.
        #[source]
        source: crosscut_client::ApiError,
    },
}

impl KindError {
    /// Returns what the user can do about it.
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

/// What the kernel's limit on watched files makes programs say: Crossplane and others in their own words, and kind where a
/// node does not come up for it.
const TOO_MANY_WATCHES: [&str; 2] = [
    "too many open files",
    "could not find a log line that matches",
];

/// Returns what the user can do about an error that is not kind's own.
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
