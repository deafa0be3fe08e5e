//! How requests reach an API server: over HTTP, or, where it is in this process, handed over as values.

use std::fmt;
use std::sync::Arc;

use http::Method;
use serde_json::Value;

use crate::error::ApiError;
use crate::mapper::Mapper;

/// A request for objects, as an API server in this process takes it.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The HTTP method.
    pub method: &'a Method,
    /// The path.
    pub path: &'a str,
    /// The query without its question mark; may be empty.
    pub query: &'a str,
    /// The Content-Type of the body.
    pub media_type: &'a str,
    /// The object, the patch or the options.
    pub body: Option<&'a Value>,
}

/// The answer to a request for objects.
#[derive(Clone, Debug)]
pub enum Reply {
    /// One object.
    Object(Arc<Value>),
    /// The items of a list, each with its apiVersion and kind.
    List(Vec<Arc<Value>>),
}

/// An API server in this process. The same requests have the same outcome as over HTTP.
pub trait Direct: Send + Sync {
    /// Answers at once.
    ///
    /// # Errors
    /// [`ApiError::Refused`].
    fn exchange(&self, request: &Exchange<'_>) -> Result<Reply, ApiError>;
}

/// A way to one API server. Cheap to clone; clones share what discovery said.
#[derive(Clone)]
pub struct Connection {
    http: kube::Client,
    direct: Option<Arc<dyn Direct>>,
    mapper: Arc<Mapper>,
}

impl Connection {
    /// To a server in this process, which requests for objects reach directly and all others through `http`.
    #[must_use]
    pub fn direct(http: kube::Client, server: Arc<dyn Direct>) -> Connection {
        Connection {
            http,
            direct: Some(server),
            mapper: Arc::default(),
        }
    }

    /// The client for what is asked over HTTP.
    #[must_use]
    pub fn http(&self) -> &kube::Client {
        &self.http
    }

    /// What discovery said so far.
    pub(crate) fn mapper(&self) -> &Arc<Mapper> {
        &self.mapper
    }

    /// The server itself, where it is in this process.
    pub(crate) fn server(&self) -> Option<&dyn Direct> {
        self.direct.as_deref()
    }
}

impl From<kube::Client> for Connection {
    fn from(http: kube::Client) -> Connection {
        Connection {
            http,
            direct: None,
            mapper: Arc::default(),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("direct", &self.direct.is_some())
            .finish_non_exhaustive()
    }
}
