//! A request for objects and its response as values, for an API server in this process.
//!
//! A request has a method, a path and a query, as over HTTP, so that there is only one form of requests.

use std::sync::Arc;

use http::Method;
use serde_json::Value;

/// A request for objects to an API server in this process.
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
    /// The body: the object, the patch or the options.
    pub body: Option<&'a Value>,
}

/// The content of the response to a request for objects.
#[derive(Clone, Debug)]
pub enum Reply {
    /// One object.
    Object(Arc<Value>),
    /// The items of a list, each with its apiVersion and kind.
    List(Vec<Arc<Value>>),
}

/// A response, with the API server's warnings.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The object or objects.
    pub reply: Reply,
    /// The texts of the warnings, in order.
    pub warnings: Vec<String>,
}
