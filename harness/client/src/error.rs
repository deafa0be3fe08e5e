//! The errors of requests.

use kube::core::Status;

/// The error of a request. Its `Display` is the API server's message if there is one.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The API server refused the request. The text is the message of its Status.
    #[error("{}", .0.message)]
    Refused(Box<Status>),
    /// The kind is not served: its CRD is missing, not established, or has another name.
    #[error("no matches for kind {kind:?} in version {api_version:?}")]
    NoMatch {
        /// The requested apiVersion.
        api_version: String,
        /// The requested kind.
        kind: String,
    },
    /// The request could not be sent, or its response not read.
    #[error("{0}")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<kube::Error> for ApiError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Refused(status),
            other => Self::Transport(Box::new(other)),
        }
    }
}

impl ApiError {
    /// Returns the Status with which the API server refused the request.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Refused(status) => Some(status),
            _ => None,
        }
    }

    /// Returns true for the code 404, with any reason.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(|status| status.code == 404)
    }

    /// Returns true if the write raced with another one. AlreadyExists is no such conflict.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.status()
            .is_some_and(|status| status.code == 409 && status.reason != "AlreadyExists")
    }

    /// Returns true if an object with this name exists already.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        self.status()
            .is_some_and(|status| status.reason == "AlreadyExists")
    }

    /// Returns true if the object is invalid (422).
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.status()
            .is_some_and(|status| status.code == 422 || status.reason == "Invalid")
    }

    /// Returns true if the kind is not served.
    #[must_use]
    pub fn is_no_match(&self) -> bool {
        matches!(self, Self::NoMatch { .. })
    }

    /// Returns true for a 404 of a route, not of an object: the kind's resource has changed or is no longer served.
    #[must_use]
    pub fn is_missing_route(&self) -> bool {
        self.is_not_found()
            && self.status().is_some_and(|status| {
                status
                    .details
                    .as_ref()
                    .is_none_or(|details| details.name.is_empty())
            })
    }
}
