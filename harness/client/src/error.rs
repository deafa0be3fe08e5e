//! What goes wrong between a request and its answer.

use kube::core::Status;

/// A request that did not succeed. Its `Display` is the API server's message where there is one.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The API server refused; the text is the message of its Status.
    #[error("{}", .0.message)]
    Refused(Box<Status>),
    /// No such kind is served: its CRD is missing, not established, or named wrongly.
    #[error("no matches for kind {kind:?} in version {api_version:?}")]
    NoMatch {
        /// The apiVersion that was asked for.
        api_version: String,
        /// The kind that was asked for.
        kind: String,
    },
    /// The request could not be made or answered.
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
    /// The Status with which the API server refused.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Refused(status) => Some(status),
            _ => None,
        }
    }

    /// 404, for whatever reason.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(|status| status.code == 404)
    }

    /// A write that raced with another; AlreadyExists is not one.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.status()
            .is_some_and(|status| status.code == 409 && status.reason != "AlreadyExists")
    }

    /// The name is taken.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        self.status()
            .is_some_and(|status| status.reason == "AlreadyExists")
    }

    /// The object was refused by validation (422).
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.status()
            .is_some_and(|status| status.code == 422 || status.reason == "Invalid")
    }

    /// No such kind is served.
    #[must_use]
    pub fn is_no_match(&self) -> bool {
        matches!(self, Self::NoMatch { .. })
    }

    /// 404 of a route rather than of an object: the kind is no longer served as it was.
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
