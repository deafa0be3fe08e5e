//! Failures of setting up a control plane.

use std::path::PathBuf;

use crosscut_cluster::ClusterError;
use crosscut_programs::StateError;

use crate::assets::Asset;
use crate::version::Version;

/// A part of a control plane that cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Programs were not found.
    #[error("{0}")]
    Missing(Missing),
    /// A program is there and cannot be run.
    #[error("{} is not executable", file.display())]
    NotExecutable {
        /// The file.
        file: PathBuf,
    },
    /// A program is too old, or does not say its version.
    #[error("{} is not new enough: it says {said:?}, {oldest} or newer is needed", program.display())]
    WrongVersion {
        /// The path.
        program: PathBuf,
        /// The first line that it answered.
        said: String,
        /// What is needed.
        oldest: Version,
    },
    /// A program could not be asked for its version.
    #[error("cannot ask {} for its version", program.display())]
    NotRun {
        /// The path.
        program: PathBuf,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
    /// A file or folder of the run could not be written.
    #[error(transparent)]
    State(#[from] StateError),
    /// A certificate could not be made.
    #[error("cannot make certificates")]
    Certificate(#[from] rcgen::Error),
    /// No client could be made for an API server.
    #[error("cannot make a client for {server}")]
    Client {
        /// Which server.
        server: String,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl SetupError {
    /// Returns what the user can do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Missing(missing) => missing.help(),
            Self::NotExecutable { file } => format!("chmod +x {}", file.display()),
            Self::WrongVersion { .. } => {
                format!("name a folder with newer programs by --assets, or remove this one. {GET}")
            }
            Self::NotRun { .. } => {
                "is it a program for this system, and whole? Try it with --version".to_owned()
            }
            Self::State(error) => format!(
                "is there room, and may you write? Another folder can be configured for the \
                 state of a run; this was {}",
                error.path.display()
            ),
            _ => return None,
        })
    }
}

/// The way to get the programs of a control plane.
const GET: &str = "setup-envtest (`setup-envtest use -p path`) downloads etcd and kube-apiserver, and Kubernetes' \
                   releases have kube-controller-manager; Crossplane's core and provider-kubernetes are in their images; \
                   in a checkout of crosscut, `cargo xtask testbed` builds all";

/// Programs that were not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot find {}; searched {}", names(.assets), .searched.join(", "))]
pub struct Missing {
    /// What was not found.
    pub assets: Vec<Asset>,
    /// Every place where it was looked for.
    pub searched: Vec<String>,
}

impl Missing {
    /// Returns the way to get them.
    #[must_use]
    pub fn help(&self) -> String {
        format!("{GET}. Then name their folder by --assets or KUBEBUILDER_ASSETS")
    }
}

fn names(assets: &[Asset]) -> String {
    let names: Vec<&str> = assets.iter().map(|asset| asset.program()).collect();
    names.join(", ")
}

impl From<SetupError> for ClusterError {
    fn from(error: SetupError) -> ClusterError {
        let help = error.help();
        ClusterError::start(error, help)
    }
}
