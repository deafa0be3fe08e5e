//! Errors of control planes.

use std::sync::Arc;

use crosscut_suite::model::Place;

/// The cause of an error.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// A control plane cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The kind of control plane lacks something that the trial needs.
    #[error("{reason}")]
    Unsupported {
        /// The missing feature, as a sentence fragment.
        reason: String,
    },
    /// A function under test could not be built, started or called.
    #[error("start function {name}")]
    Function {
        /// The function's name in compositions.
        name: String,
        /// The cause, shared by all trials that need the function.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A document could not be installed.
    #[error("install {what}")]
    Install {
        /// The document: kind and name.
        what: String,
        /// The document's position; `None` for documents of crosscut itself.
        place: Option<Place>,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The programs of a real control plane could not be started, or broke.
    #[error("{what}")]
    Start {
        /// The failure.
        what: String,
        /// The advice for the user.
        help: Option<String>,
        /// The cause; `None` if `what` is complete.
        #[source]
        source: Option<Source>,
    },
    /// Objects of a trial could not be deleted.
    #[error("take away what the trial left: {what}")]
    Clean {
        /// The objects that stay, with their causes.
        what: String,
    },
    /// A trial's environment broke during the trial.
    #[error("the control plane broke: {what}")]
    Broken {
        /// The program or server that failed, with its last lines.
        what: String,
    },
    /// The objects of a trial could not be read.
    #[error("read what the trial left")]
    Read(#[source] Source),
    /// The control plane did not settle after documents were installed.
    #[error("settle after installing {what}")]
    Settle {
        /// The documents, from the first to the last.
        what: String,
        /// The objects that kept changing.
        #[source]
        source: SettleError,
    },
}

impl ClusterError {
    /// Returns the error of a control plane that could not be started.
    pub fn start(error: impl Into<Source>, help: Option<String>) -> ClusterError {
        let source = error.into();
        ClusterError::Start {
            what: source.to_string(),
            help,
            source: Some(source),
        }
    }

    /// Returns the error of a trial whose objects could not be read.
    pub fn read(error: impl Into<Source>) -> ClusterError {
        ClusterError::Read(error.into())
    }
}

/// The clusters did not settle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// Objects kept changing.
    #[error("{reason}")]
    Unsettled {
        /// The limit that was reached.
        reason: String,
        /// The objects that kept changing, one line each.
        moving: Vec<String>,
    },
}
