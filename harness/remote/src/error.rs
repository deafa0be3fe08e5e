//! Errors of access to a cluster.

use crosscut_cluster::ClusterError;

/// A cluster cannot be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The kubeconfig names no such context.
    #[error("there is no context \"{context}\" in {from}")]
    UnknownContext {
        /// The name.
        context: String,
        /// The source of the kubeconfig.
        from: String,
        /// The contexts that the kubeconfig has.
        known: Vec<String>,
        /// The command-line option that names the context.
        option: &'static str,
    },
    /// No context was named, and the kubeconfig has no current one.
    #[error("{from} has no current context")]
    NoContext {
        /// The source of the kubeconfig.
        from: String,
        /// The contexts that the kubeconfig has.
        known: Vec<String>,
    },
    /// The context cannot be used as it is written.
    #[error("the context \"{context}\" cannot be used")]
    Broken {
        /// The name.
        context: String,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The API server does not respond.
    #[error("the cluster of the context \"{context}\" ({address}) does not answer: {reason}")]
    Dead {
        /// The name.
        context: String,
        /// The server's URL.
        address: String,
        /// The reason.
        reason: String,
    },
    /// The API server does not accept the user.
    #[error(
        "the cluster of the context \"{context}\" ({address}) does not let its user in: {reason}"
    )]
    Refused {
        /// The name.
        context: String,
        /// The server's URL.
        address: String,
        /// The message of the API server.
        reason: String,
    },
}

impl AccessError {
    /// Returns advice for the user.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::UnknownContext { known, option, .. } => {
                format!("name one by {option}: {}", those(known))
            }
            Self::NoContext { known, .. } => {
                format!("name one by --context: {}", those(known))
            }
            Self::Broken { context, .. } => {
                format!("look at it with kubectl --context {context} version")
            }
            Self::Dead { context, .. } => format!(
                "is the cluster running, and reachable from here? Try kubectl --context {context} version; a cluster \
                 that is gone: kubectl config delete-context {context}"
            ),
            Self::Refused { context, .. } => format!(
                "log in again, or name another context by --context; kubectl --context {context} auth whoami must answer"
            ),
        }
    }
}

/// A proxy for programs under test cannot be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProxyError {
    /// The certificates cannot be issued.
    #[error("its certificates cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// The server cannot be started.
    #[error(transparent)]
    Server(#[from] crosscut_traffic::ServerError),
}

fn those(known: &[String]) -> String {
    match known {
        [] => "there are no contexts in it".to_owned(),
        [one] => format!("there is {one}"),
        _ => format!("there are {}", known.join(", ")),
    }
}

impl From<AccessError> for ClusterError {
    fn from(error: AccessError) -> ClusterError {
        let help = error.help();
        ClusterError::start(error, Some(help))
    }
}
