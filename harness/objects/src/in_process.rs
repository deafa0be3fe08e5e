//! An API server in the same process: requests to it as values, and its event log.

use std::sync::Arc;

use serde_json::Value;

use crate::event::Event;
use crate::request::{Request, Response};

/// An API server that takes requests for objects as values.
///
/// The same request has the same outcome as over HTTP. Watches and documents such as discovery exist over HTTP only.
pub trait Direct: Send + Sync {
    /// Returns the response to a request. Never waits.
    ///
    /// # Errors
    /// Returns the `Status` object that the response would have over HTTP.
    fn request(&self, request: &Request<'_>) -> Result<Response, Value>;

    /// Records that a client requested a kind that discovery does not list.
    fn no_such_kind(&self, _api_version: &str, _kind: &str) {}
}

/// The changes of an API server's objects, in order.
pub trait EventLog: Send + Sync {
    /// Returns the revision of the last change.
    fn head(&self) -> u64;

    /// Returns an event of [`Change::Added`](crate::Change::Added) for each object that exists now.
    fn present(&self) -> Vec<Event>;

    /// Returns the changes after a revision, the oldest first.
    fn events_after(&self, revision: u64) -> Vec<Arc<Event>>;
}
