//! A request for objects and its response, as values: the form in which an API server in this process takes them.
//!
//! The request is written as over HTTP, by method, path and query, so that there is one way to write it.

use std::sync::Arc;

use http::Method;
use serde_json::Value;

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

/// An answer, and what the API server warns of.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The object or objects.
    pub reply: Reply,
    /// The texts of the warnings, in order.
    pub warnings: Vec<String>,
}
