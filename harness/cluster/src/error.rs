//! What can go wrong with a control plane.

use std::sync::Arc;

use crosscut_suite::model::Place;

/// The cause of an error.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// A control plane could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// This kind of control plane cannot do what the trial needs.
    #[error("{reason}")]
    Unsupported {
        /// What is missing, as a sentence fragment.
        reason: String,
    },
    /// A function under test could not be built, started or called.
    #[error("start function {name}")]
    Function {
        /// The function's name in compositions.
        name: String,
        /// Why; shared by every trial that needs the function.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A document could not be installed.
    #[error("install {what}")]
    Install {
        /// The document: kind and name.
        what: String,
        /// The place where it is written; `None` for what crosscut brings itself.
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
        /// The cause; `None` if `what` says all.
        #[source]
        source: Option<Source>,
    },
    /// What a trial left could not be taken away.
    #[error("take away what the trial left: {what}")]
    Clean {
        /// What stays, with its causes.
        what: String,
    },
    /// What a trial ran on broke in the middle of it.
    #[error("the control plane broke: {what}")]
    Broken {
        /// What does not run or answer any more, with its last words.
        what: String,
    },
    /// What a trial left could not be read.
    #[error("read what the trial left")]
    Read(#[source] Source),
    /// The control plane did not come to rest after documents were installed.
    #[error("settle after installing {what}")]
    Settle {
        /// The documents, from the first to the last.
        what: String,
        /// What kept moving.
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

/// The clusters did not come to rest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// Something kept moving.
    #[error("{reason}")]
    Unsettled {
        /// The bound that was reached.
        reason: String,
        /// What kept moving, one line each.
        moving: Vec<String>,
    },
}
