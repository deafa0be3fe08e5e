//! What can go wrong with a control plane.

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
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A document could not be installed.
    #[error("install {what}")]
    Install {
        /// The document: kind, name, and the file that it is from.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
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
