//! Requests that could not be made or were not granted.

use crosscut_assertion::Name;
use crosscut_client::ApiError;
use crosscut_cluster::NotMine;

/// A request that could not be made or was not granted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// The kind is not served: its CRD is missing, not established, or misnamed.
    #[error("the control plane serves no kind {kind} in {api_version}")]
    NoSuchKind {
        /// The requested apiVersion.
        api_version: String,
        /// The requested kind.
        kind: String,
    },
    /// The object has no field that a request needs.
    #[error("the object has no {field}")]
    Incomplete {
        /// The field.
        field: &'static str,
    },
    /// No object can have the name, so that no request can contain it.
    #[error(
        "no object can be named \"{name}\": a name is neither . nor .., and has no / and no % in it"
    )]
    Unnameable {
        /// The name of the object or of its namespace.
        name: Name,
    },
    /// The API server refused.
    #[error("{}", .0.message)]
    Refused(Box<kube::core::Status>),
    /// The run did not create the object, and the scenario does not state that it changes such
    /// objects.
    #[error("{what}")]
    NotMine {
        /// The object, as a sentence.
        what: String,
        /// The remedy.
        help: &'static str,
    },
    /// The request could not be sent, or got no response.
    #[error("the control plane did not answer")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<ApiError> for RequestError {
    fn from(error: ApiError) -> RequestError {
        match error {
            ApiError::Refused(status) => RequestError::Refused(status),
            ApiError::NoMatch { api_version, kind } => {
                RequestError::NoSuchKind { api_version, kind }
            }
            ApiError::Transport(source) => match NotMine::behind(source.as_ref()) {
                Some(found) => RequestError::NotMine {
                    what: found.to_string(),
                    help: found.help(),
                },
                None => RequestError::Transport(source),
            },
        }
    }
}

impl RequestError {
    /// Returns true if another client wrote first.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, RequestError::Refused(status) if status.code == 409 && status.reason == "Conflict")
    }
}
