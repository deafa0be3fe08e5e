//! What can go wrong with a control plane.

use std::sync::Arc;

use crosscut_suite::model::Place;

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
        /// Where it is written; `None` for what crosscut brings itself.
        place: Option<Place>,
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
