//! The errors of a reconcile, as a chain of contexts.
//!
//! Crossplane reports errors as `outer: inner: cause` in conditions and events. The text of the whole chain is
//! therefore visible behaviour, and `Display` prints all of it.

use crosscut_client::ApiError;

use crosscut_functions::FunctionError;

/// An error of one of Crossplane's controllers. `Display` prints the whole chain.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// An error that this crate detected.
    #[error("{0}")]
    Plain(String),
    /// The failed activity, with the cause.
    #[error("{context}: {source}")]
    Context {
        context: String,
        #[source]
        source: Box<Error>,
    },
    /// The API server refused the request or was not reachable.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A composition function failed without a fatal result.
    #[error(transparent)]
    Function(#[from] FunctionError),
}

impl Error {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self::Plain(text.into())
    }

    fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            Self::Context { source, .. } => source.api(),
            _ => None,
        }
    }

    /// Returns true for a 404, whatever the reason.
    pub(crate) fn is_not_found(&self) -> bool {
        self.api().is_some_and(ApiError::is_not_found)
    }

    /// Returns true for a write that conflicted with another; AlreadyExists is none.
    pub(crate) fn is_conflict(&self) -> bool {
        self.api().is_some_and(ApiError::is_conflict)
    }

    /// Returns true if validation refused the object (422).
    pub(crate) fn is_invalid(&self) -> bool {
        self.api().is_some_and(ApiError::is_invalid)
    }
}

/// Adds the failed activity to the error of a result.
pub(crate) trait Wrap<T> {
    fn context(self, context: impl Into<String>) -> Result<T, Error>;
    fn with_context<S: Into<String>>(self, context: impl FnOnce() -> S) -> Result<T, Error>;
}

impl<T, E: Into<Error>> Wrap<T> for Result<T, E> {
    fn context(self, context: impl Into<String>) -> Result<T, Error> {
        self.map_err(|source| Error::Context {
            context: context.into(),
            source: Box::new(source.into()),
        })
    }

    fn with_context<S: Into<String>>(self, context: impl FnOnce() -> S) -> Result<T, Error> {
        self.map_err(|source| Error::Context {
            context: context().into(),
            source: Box::new(source.into()),
        })
    }
}

/// Converts `NotFound` to `None`.
pub(crate) fn optional<T, E: Into<Error>>(result: Result<T, E>) -> Result<Option<T>, Error> {
    match result.map_err(Into::into) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
